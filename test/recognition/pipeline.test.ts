/** The pipeline from bytes to report, with a scripted recognizer: what holds for every model. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { candidateOf } from './candidates.js'
import type { SpeechDetector } from '../../src/recognition/segmentation/detector.js'
import { spectralDetector } from '../../src/recognition/segmentation/detectors/spectral.js'
import { FEATURE_NAMES, featureRow } from '../../src/monitoring/drift/features.js'
import type { Calibration } from '../../src/recognition/confidence/calibration.js'
import { PhraseTrie } from '../../src/recognition/decoding/phrase-trie.js'
import { SpeechError } from '../../src/domain/errors.js'
import type { TranscribeOptions } from '../../src/recognition/options.js'
import { transcribe } from '../../src/recognition/pipeline.js'
import type { RecognizeOptions, Recognizer } from '../../src/recognition/recognizer.js'
import { projectRoot } from '../../src/domain/project-root.js'
import type { Clip, FrameFeatures } from '../../src/domain/audio.js'
import type { Report } from '../../src/domain/report.js'
import type { Hypothesis, TokenLogProbability } from '../../src/domain/transcript.js'
import { wavOfSeconds } from '../serving/http/wav.js'

const OPTIONS: TranscribeOptions = {
  language: undefined, maxAudioSeconds: 60, normalizeVolume: true, trimSilence: true,
  detectors: { first: spectralDetector, second: undefined }, maxDecodingPasses: 3, interrupt: () => undefined,
}

const NOTHING = [
  { samples: new Float32Array(0), sampleRate: 16_000 }, () => ({}) as FrameFeatures, () => undefined,
] as const
const PADDING = { leadingSeconds: [0.2, 0.3], trailingSeconds: 0.2, redecodeBelow: -9 }

function scripted(
  texts: readonly string[],
  change: Partial<Hypothesis> = {},
): { recognizer: Recognizer; clips: Clip[] } {
  const clips: Clip[] = []
  const recognizer: Recognizer = {
    name: 'scripted',
    sampleRate: 16_000,
    maxSeconds: 2,
    languages: ['en', 'de'],
    padding: PADDING,
    engine: 'reference',
    timesWords: false,
    provider: { provider: 'cpu', refused: [] },
    async recognize(clip) {
      clips.push(clip)
      const text = texts[(clips.length - 1) % texts.length]!
      return {
        text, tokens: [4, 5], logProbabilities: [-0.1, -0.2, -0.3], stopped: 'end_of_text', language: 'en', ...change,
      }
    },
    dispose: async () => undefined,
  }
  return { recognizer, clips }
}

t.test('long audio is cut into clips that are in order and inside the upload', async (t) => {
  const { recognizer, clips } = scripted(['one', 'two', 'three', 'four', 'five'])
  const report = await transcribe(wavOfSeconds(5), recognizer, { ...OPTIONS, trimSilence: false })
  t.ok(clips.length >= 3, 'five seconds do not fit into two clips of two')
  t.equal(report.text.split(' ').length, clips.length)
  for (const [index, { startSeconds, endSeconds }] of report.segments.entries()) {
    t.ok(startSeconds >= (report.segments[index - 1]?.endSeconds ?? 0) - 1e-9 && endSeconds > startSeconds)
    t.ok(endSeconds - startSeconds <= 2 + 1e-9 && endSeconds <= 5 + 1e-9)
  }
  t.ok(Math.abs(report.input.speechSeconds - 5) < 1e-3, 'no audio is lost between two clips')
  t.ok(Math.abs(report.confidence! - Math.exp(-0.2)) < 1e-9)
})

t.test('silence is not decoded, and the report says why the text is empty', async (t) => {
  const { recognizer, clips } = scripted(['invented'])
  const silence = wavOfSeconds(1).fill(0, 44)
  for (const [bytes, reason] of [[silence, 'digital_silence'], [wavOfSeconds(0), 'no_samples']] as const) {
    t.match(await transcribe(bytes, recognizer, OPTIONS), {
      text: '', confidence: null, segments: [], noSpeechReason: reason, input: { speechSeconds: 0 },
    })
  }
  t.equal(clips.length, 0)
})

t.test('each drift feature of any upload is a finite number, a category or missing', async (t) => {
  const one = wavOfSeconds(1).subarray(0, 46)
  const samples = [wavOfSeconds(1).fill(0, 44), wavOfSeconds(0), one, wavOfSeconds(1), wavOfSeconds(1).fill(0x7f, 44)]
  for (const [index, bytes] of samples.entries()) {
    const row = featureRow(await transcribe(bytes, scripted(['word']).recognizer, OPTIONS))
    t.equal(row.length, FEATURE_NAMES.length)
    row.forEach((value, feature) => {
      t.ok(
        value === null || typeof value === 'string' || Number.isFinite(value),
        `clip ${index}: ${FEATURE_NAMES[feature]} is ${value}`,
      )
    })
  }
})

t.test('musical notes and dots are no words', async (t) => {
  for (const text of ['', '\u266a\u266a', '...']) {
    t.match(await transcribe(wavOfSeconds(1), scripted([text]).recognizer, OPTIONS), {
      text: '', confidence: null, segments: [], noSpeechReason: 'nothing_recognized',
    })
  }
  t.match(await transcribe(wavOfSeconds(1), scripted(['42']).recognizer, OPTIONS), { text: '42', noSpeechReason: null })
})

t.test('warnings tell of incomplete decoding and of faults of the signal', async (t) => {
  const looping = await transcribe(wavOfSeconds(1), scripted(['no no'], { stopped: 'repetition' }).recognizer, OPTIONS)
  t.same(looping.warnings, ['narrowband', 'repetition'], 'a tone has a narrow band')
  const short = await transcribe(wavOfSeconds(0.2), scripted(['a'], { stopped: 'token_limit' }).recognizer, OPTIONS)
  t.same(short.warnings, ['narrowband', 'too_short', 'token_limit'])
})

t.test('a low confidence has a warning, a higher one has none', async (t) => {
  const doubtful = await transcribe(
    wavOfSeconds(1),
    scripted(['maybe'], { logProbabilities: [-0.2, -0.9] }).recognizer,
    OPTIONS,
  )
  t.same(doubtful.warnings, ['narrowband', 'low_confidence'])
  const sure = await transcribe(
    wavOfSeconds(1),
    scripted(['surely'], { logProbabilities: [-0.2, -0.7] }).recognizer,
    OPTIONS,
  )
  t.same(sure.warnings, ['narrowband'])
})

t.test('warnings of noise, a narrow band and an offset are about the signal as uploaded', async (t) => {
  const reportOf = async (change: (n: number) => number): Promise<Report> =>
    transcribe(changed(wavOfSeconds(2), change), scripted(['x']).recognizer, OPTIONS)
  const hiss = (n: number): number => Math.sin(n * n * 0.37)
  const voice = (n: number): number => n > 10_000 && n < 22_000 ? hiss(n) * (1 + Math.sin(n / 400)) : 0
  t.same((await reportOf((n) => 4_000 * voice(n) + 20 * hiss(3 * n))).warnings, [])
  t.same((await reportOf((n) => 3_000 * voice(n) + 2_000 * hiss(3 * n))).warnings, ['noisy'])
  t.same((await reportOf((n) => 4_000 * voice(n) + 20 * hiss(3 * n) + 700)).warnings, ['dc_offset'])
  const whisper = await reportOf((n) => 400 * voice(n) + 2 * hiss(3 * n))
  const shout = await reportOf((n) => 8_000 * voice(n) + 40 * hiss(3 * n))
  t.ok(Math.abs(shout.input.snrDb! - whisper.input.snrDb!) < 1, 'the ratio does not depend on the level')
  t.ok(Math.abs(shout.input.noiseFloorDbfs! - whisper.input.noiseFloorDbfs! - 26) < 1, 'the floor is not normalized')
})

t.test('the bandwidth of an upload is that of its sound, not of its sample rate', async (t) => {
  const clips = path.join(projectRoot, 'fixtures/clips')
  const warned = async (name: string): Promise<readonly string[]> =>
    (await transcribe(readFileSync(path.join(clips, name)), scripted(['x']).recognizer, OPTIONS)).warnings
  t.same(await warned('telephone-mulaw.wav'), ['narrowband'])
  t.same(await warned('warm-up.wav'), [])
})

t.test('a report whose words are rejected is one without speech', async (t) => {
  const doubtful = scripted(['you'], { logProbabilities: [-9] })
  const second: SpeechDetector = {
    name: 'silent',
    dispose: async () => undefined,
    detect: async () => ({
      startSeconds: 0, hopSeconds: 0.1, speech: new Float32Array(10), spans: [], verdict: 'nothing', visibleRangeDb: 0,
    }),
  }
  const first: SpeechDetector = {
    ...second,
    detect: async () => ({
      ...(await second.detect(...NOTHING)), spans: [{ startSeconds: 0.2, endSeconds: 0.8 }], verdict: 'speech',
    }),
  }
  const report = await transcribe(wavOfSeconds(1), doubtful.recognizer, { ...OPTIONS, detectors: { first, second } })
  t.match(report, {
    text: '', confidence: null, segments: [], noSpeechReason: 'no_speech_detected', decodingPasses: 1,
    input: { speechRatio: 0, speechSeconds: 0, leadingSilenceSeconds: 1, trimmedLeadingSeconds: 1 },
  })
})

t.test('only clips in which speech was detected expect at least one token', async (t) => {
  const decodes: [Clip, RecognizeOptions][] = []
  const { recognizer } = scripted(['x'])
  const spans = [{ startSeconds: 0.1, endSeconds: 1 }]
  const first: SpeechDetector = {
    name: 'early',
    dispose: async () => undefined,
    detect: async () => ({
      startSeconds: 0, hopSeconds: 1, speech: new Float32Array(5), spans, verdict: 'speech', visibleRangeDb: 35,
    }),
  }
  const recording = {
    ...recognizer,
    recognize: (clip: Clip, options: RecognizeOptions) => {
      decodes.push([clip, options])
      return recognizer.recognize(clip, options)
    },
  }
  await transcribe(wavOfSeconds(5), recording, {
    ...OPTIONS, trimSilence: false, detectors: { first, second: undefined },
  })
  t.ok(decodes.length >= 3)
  t.same(decodes.map(([, { expectSpeech }]) => expectSpeech), decodes.map((_, index) => index === 0))
})

t.test('segments lie inside the upload, whatever its sample rate', async (t) => {
  const wav = wavOfSeconds(5)
  wav.writeUInt32LE(16_015, 24)
  wav.writeUInt32LE(32_030, 28)
  const { segments, input } = await transcribe(wav, scripted(['x']).recognizer, { ...OPTIONS, trimSilence: false })
  t.ok(segments.every(({ startSeconds, endSeconds }) => startSeconds < endSeconds && endSeconds <= input.audioSeconds))
  t.ok(input.speechSeconds <= input.audioSeconds)
})

t.test('word times are requested of the model only when needed, and lie inside their segments', async (t) => {
  const requested: (boolean | undefined)[] = []
  const { recognizer } = scripted(['x'])
  const timing: Recognizer = { ...recognizer, timesWords: true, async recognize(clip, options) {
    requested.push(options.words)
    const end = clip.waveform.samples.length / clip.waveform.sampleRate
    return {
      ...(await recognizer.recognize(clip, options)),
      ...(options.words && {
        words: [
          { text: 'x', startSeconds: 0, endSeconds: end / 2, confidence: 1, logProbability: 0 },
          { text: 'y', startSeconds: end / 2, endSeconds: end, confidence: 0.5, logProbability: Math.log(0.5) },
        ],
      }),
    }
  } }
  const without = await transcribe(wavOfSeconds(5), timing, { ...OPTIONS, trimSilence: false })
  t.ok(without.segments.every(({ words }) => words === null) && requested.every((one) => one === false))
  for (const trimSilence of [false, true]) {
    const { segments, input } = await transcribe(wavOfSeconds(5), timing, { ...OPTIONS, trimSilence, words: true })
    let before = 0
    for (const { startSeconds, endSeconds, words } of segments) {
      for (const word of words!) {
        t.ok(
          word.startSeconds >= Math.max(before, startSeconds) - 1e-9 &&
            word.endSeconds >= word.startSeconds &&
            word.endSeconds <= endSeconds &&
            endSeconds <= input.audioSeconds,
        )
        before = word.endSeconds
      }
    }
    t.ok(before > 0)
  }
})

t.test('tokens are reported on request, in the order of the clips, and as the model wrote them', async (t) => {
  const tokens = (text: string): TokenLogProbability[] => text.split(' ').map((word, index) =>
    ({ token: ` ${word}`, logProbability: -(index + 1) / 10, bytes: [...Buffer.from(` ${word}`)] }))
  const { recognizer } = scripted(['any one', 'to-morrow', 'per cent', 'to-night'])
  const requested: unknown[] = []
  const describing: Recognizer = { ...recognizer, async recognize(clip, options) {
    const hypothesis = await recognizer.recognize(clip, options)
    requested.push(options.tokenLogProbabilities)
    return { ...hypothesis, ...options.tokenLogProbabilities && { tokenLogProbabilities: tokens(hypothesis.text) } }
  } }
  const whole = { ...OPTIONS, trimSilence: false, maxDecodingPasses: 1 }
  const without = await transcribe(wavOfSeconds(5), describing, whole)
  const clips = without.segments.length
  t.ok(clips > 1 && without.segments.every((one) => one.tokenLogProbabilities === null))
  const report = await transcribe(wavOfSeconds(5), describing, { ...whole, tokenLogProbabilities: true })
  t.same(requested, [...Array<boolean>(clips).fill(false), ...Array<boolean>(clips).fill(true)])
  const all = report.segments.flatMap(({ tokenLogProbabilities }) => tokenLogProbabilities!)
  t.equal(Buffer.from(all.flatMap(({ bytes }) => bytes)).toString().trim(), report.rawText)
  t.match(report.rawText, /any one to-morrow/)
  t.match(report.text, /anyone tomorrow/, 'the text is formatted')
})

t.test('the languages that may be spoken reach the model; without speech the first is reported', async (t) => {
  const { recognizer } = scripted(['x'])
  const asked: unknown[] = []
  const listening: Recognizer = { ...recognizer, recognize(clip, options) {
    asked.push(options.languages)
    return recognizer.recognize(clip, options)
  } }
  await transcribe(wavOfSeconds(1), listening, { ...OPTIONS, languages: ['de', 'en'] })
  await transcribe(wavOfSeconds(1), listening, OPTIONS)
  t.same(asked, [['de', 'en'], []])
  const silence = wavOfSeconds(1).fill(0, 44)
  t.equal((await transcribe(silence, listening, { ...OPTIONS, languages: ['de', 'en'] })).language, 'de')
  await t.rejects(transcribe(wavOfSeconds(1), listening, { ...OPTIONS, languages: ['fr'] }), {
    code: 'LANGUAGE_UNSUPPORTED', parameter: 'languages',
  })
})

t.test('the text without biasing is reported where biasing changed it, in the same format', async (t) => {
  const reportOf = (texts: string[], change: Partial<Hypothesis>): Promise<Report> => transcribe(
    wavOfSeconds(3), scripted(texts, change).recognizer, { ...OPTIONS, trimSilence: false, maxDecodingPasses: 1 },
  )
  const changed = await reportOf(['rubber duck'], { unbiasedText: 'robert duck to-morrow' })
  t.match(changed, { changedByBiasing: true, unbiasedText: /^robert duck tomorrow/ })
  t.match(await reportOf(['rubber duck'], { unbiasedText: null }), { changedByBiasing: false, unbiasedText: null })
})

t.test('a calibration gives text and words a correctness, which unbiased alternatives affect', async (t) => {
  const curve = { intercept: 2, slope: -1 }
  const figures = {
    clips: 1, speakers: 1, right: 1, meanProbability: 1, bins: 1, calibrationError: 0, errorByChance: 0, auroc: null,
    brier: 0,
  }
  const held = { folds: 5, all: figures, sources: {} }
  const calibration: Calibration = {
    format: 'earshot-confidence/1', created: '', model: { name: 'scripted', digest: '' }, provenance: '',
    fittedOn: { clips: 1, speakers: 1 }, correctness: curve,
    readings: { temperature: 1, elsewhere: 0.5, first: { correctness: curve, held } },
    words: { correctness: curve, held }, held,
  }
  const change = {
    words: [{ text: 'x', startSeconds: 0, endSeconds: 0.1, confidence: 0.5, logProbability: -1 }],
    alternatives: [candidateOf('x', -0.6), candidateOf('y', -0.7)],
  }
  const recognizer = { ...scripted(['x'], change).recognizer, calibration }
  const reportWith = (options: Partial<TranscribeOptions>, by: Recognizer = recognizer): Promise<Report> =>
    transcribe(wavOfSeconds(1), by, { ...OPTIONS, ...options })
  const [biased, unbiased] = [{ trie: PhraseTrie.build([]), weights: [], unspellable: [] }, undefined].map(
    (phrases) => ({ beamFor: () => ({ nBest: 2, phrases, strength: 1 }) }),
  )
  const surprisal = 0.6
  const expected = (doubt: number): number => 1 / (1 + Math.exp(doubt - 2))
  const near = (value: number | null, other: number): void => {
    t.ok(value !== null && Math.abs(value - other) < 1e-9, `${value}, not ${other}`)
  }
  const report = await reportWith(unbiased!)
  near((await reportWith(biased!)).correctness, expected(Math.sqrt(surprisal)))
  near(report.correctness, expected(Math.sqrt(surprisal + 4 * Math.log(1 + Math.exp(-0.1)))))
  near(report.alternatives[0]!.posterior, report.correctness!)
  near(report.segments[0]!.words![0]!.correctness, expected(1))
  t.match(await reportWith(unbiased!, { ...recognizer, calibration: null }), {
    correctness: null, segments: [{ words: [{ correctness: null }] }],
    alternatives: [{ posterior: null }, { posterior: null }],
  })
})

t.test('every decoding pass is counted, also those of a clip without words', async (t) => {
  const doubtful = scripted([''], { logProbabilities: [-20] })
  t.match(await transcribe(wavOfSeconds(1), doubtful.recognizer, OPTIONS), {
    text: '', noSpeechReason: 'nothing_recognized', decodingPasses: 2,
  })
  t.equal(doubtful.clips.length, 2)
  t.match(await transcribe(wavOfSeconds(1).fill(0, 44), doubtful.recognizer, OPTIONS), { decodingPasses: 0 })
})

t.test('an unknown language, a long upload and an interrupt end the request before decoding', async (t) => {
  const { recognizer, clips } = scripted(['x'])
  await t.rejects(transcribe(wavOfSeconds(1), recognizer, { ...OPTIONS, language: 'fr' }), {
    code: 'LANGUAGE_UNSUPPORTED', parameter: 'language',
  })
  await t.rejects(transcribe(wavOfSeconds(3), recognizer, { ...OPTIONS, maxAudioSeconds: 2 }), {
    code: 'AUDIO_TOO_LONG',
  })
  await t.rejects(
    transcribe(wavOfSeconds(1), recognizer, {
      ...OPTIONS,
      interrupt: () => {
        throw new SpeechError('CANCELLED')
      },
    }),
    { code: 'CANCELLED' },
  )
  t.equal(clips.length, 0)
})

/** A WAV of the same length with these samples of 16 bits instead. */
function changed(wav: Buffer, sampleAt: (n: number) => number): Buffer {
  for (let n = 0; 44 + 2 * n < wav.length; n++) wav.writeInt16LE(Math.round(sampleAt(n)), 44 + 2 * n)
  return wav
}

t.test('the report is in modern spelling unless the model\'s own is asked for, and figures are of the latter', async (t) => {
  const { recognizer } = scripted(['Wake any one at six p. M.. to-morrow'])
  const report = (extra: Partial<TranscribeOptions>): Promise<Report> =>
    transcribe(wavOfSeconds(1), recognizer, { ...OPTIONS, ...extra })
  const raw = await report({ format: 'raw' })
  t.equal(raw.text, 'Wake any one at six p. M.. to-morrow')
  const modern = await report({})
  t.equal(modern.text, 'Wake anyone at six p.m. tomorrow')
  t.equal(modern.segments[0]!.text, modern.text)
  const digits = await report({ numbers: 'digits' })
  t.equal(digits.text, 'Wake anyone at 6 p.m. tomorrow')
  for (const other of [modern, digits]) {
    t.equal(other.rawText, raw.text)
    t.equal(other.confidence, raw.confidence)
    const words = FEATURE_NAMES.indexOf('transcript_words')
    t.equal(featureRow(other)[words], featureRow(raw)[words])
  }
})
