/** Who is asked about a clip, whose transcript stands, and what the report says of it: with models that say what they are told. */
import tap from 'tap'
import type { SpokenClip } from '../../src/recognition/segmentation/cut-clips.js'
import { checkCascade, firstToHear, shapeForBoth, type Cascade } from '../../src/recognition/cascade.js'
import type { SpeechDetector } from '../../src/recognition/segmentation/detector.js'
import { spectralDetector } from '../../src/recognition/segmentation/detectors/spectral.js'
import { SpeechError } from '../../src/domain/errors.js'
import type { TranscribeOptions } from '../../src/recognition/options.js'
import { transcribe } from '../../src/recognition/pipeline.js'
import type { RecognizeOptions, Recognizer } from '../../src/recognition/recognizer.js'
import type { Clip } from '../../src/domain/audio.js'
import type { Report } from '../../src/domain/report.js'
import type { Hypothesis } from '../../src/domain/transcript.js'
import { wavOfSeconds } from '../serving/http/wav.js'

const BELOW = 0.5
const OPTIONS: TranscribeOptions = {
  language: undefined, maxAudioSeconds: 60, normalizeVolume: true, trimSilence: true, maxDecodingPasses: 1,
  detectors: { first: spectralDetector, second: undefined }, interrupt: () => undefined,
}

interface Told { readonly recognizer: Recognizer; readonly asked: { readonly clip: Clip; readonly options: RecognizeOptions }[] }

const sure = (text: string): Partial<Hypothesis> => ({ text, logProbabilities: [-0.01, -0.02] })
const unsure = (text: string): Partial<Hypothesis> => ({ text, logProbabilities: [-0.9, -1.1] })

/** Gives its answers in turn, the last one again and again. */
function telling(name: string, answers: readonly (Partial<Hypothesis> | Error)[], change: Partial<Recognizer> = {}): Told {
  const asked: Told['asked'] = []
  const recognizer: Recognizer = {
    name, sampleRate: 16_000, maxSeconds: 30, languages: ['en'], engine: 'reference', timesWords: false, provider: { provider: 'cpu', refused: [] },
    hearing: { leadSeconds: [0.2], trailSeconds: 0.2, doubtBelow: -9 },
    async recognize(clip, options) {
      asked.push({ clip, options })
      options.interrupt()
      const answer = answers[Math.min(asked.length, answers.length) - 1]!
      if (answer instanceof Error) throw answer
      return { text: '', tokens: [1, 2], logProbabilities: [-0.01], stopped: 'end_of_text', language: options.language ?? 'en', ...answer }
    },
    dispose: async () => undefined,
    ...change,
  }
  return { recognizer, asked }
}

function hearWith(small: Told, larger: Told, change: Partial<TranscribeOptions> = {}, seconds = 1): Promise<Report> {
  const cascade: Cascade = { recognizer: larger.recognizer, below: BELOW }
  return transcribe(wavOfSeconds(seconds), small.recognizer, { ...OPTIONS, cascade, ...change })
}

tap.test('what the small model is sure of, the larger one never hears', async (t) => {
  const [small, larger] = [telling('small', [sure('yes')]), telling('larger', [sure('no')])]
  t.match(await hearWith(small, larger), { text: 'yes', model: 'small', hearings: 1, segments: [{ model: 'small', cascade: 'sure' }], cascade: { model: 'larger', asked: 0, reasons: ['sure'], seconds: 0 } })
  t.equal(larger.asked.length, 0)
})

tap.test('of what it doubts, the transcript of the larger one stands, however little it believes it', async (t) => {
  const doubts: [Partial<Hypothesis>, string][] = [
    [unsure('yes'), 'low_confidence'], [sure(''), 'empty'], [sure('...'), 'empty'],
    [{ ...sure('yes yes'), stopped: 'repetition' }, 'cut_off'], [{ ...sure('yes'), stopped: 'token_limit' }, 'cut_off'],
  ]
  for (const [doubt, reason] of doubts) {
    const larger = telling('larger', [{ text: 'no', logProbabilities: [-2, -2] }])
    const report = await hearWith(telling('small', [doubt]), larger)
    t.match(report, { text: 'no', model: 'small', hearings: 2, segments: [{ model: 'larger', cascade: reason }], cascade: { asked: 1, reasons: [reason] } }, reason)
    t.ok(report.cascade!.seconds >= 0)
    t.equal(larger.asked.length, 1)
  }
})

tap.test('the border is the confidence that the report states', async (t) => {
  for (const [difference, stands] of [[-0.01, 'larger'], [0.01, 'small']] as const) {
    const told = { text: 'told', logProbabilities: [Math.log(BELOW + difference) - 0.3, Math.log(BELOW + difference) + 0.3] }
    t.match((await hearWith(telling('small', [told]), telling('larger', [sure('x')]))).segments[0], { model: stands })
    const alone = await transcribe(wavOfSeconds(1), telling('small', [told]).recognizer, OPTIONS)
    t.ok(Math.abs(alone.confidence! - BELOW - difference) < 1e-9)
  }
})

tap.test('the small model is not heard again: its doubt is for the larger one, which hears as often as the setting says', async (t) => {
  const again = { hearing: { leadSeconds: [0.2, 0.3, 0.4], trailSeconds: 0.2, doubtBelow: -0.1 } }
  const [small, larger] = [telling('small', [unsure('x')], again), telling('larger', [unsure('y')], again)]
  t.match(await hearWith(small, larger, { maxDecodingPasses: 3 }), { hearings: 4 })
  t.same([small.asked.length, larger.asked.length], [1, 3])
  const alone = telling('small', [unsure('x')], again)
  t.match(await transcribe(wavOfSeconds(1), alone.recognizer, { ...OPTIONS, maxDecodingPasses: 3 }), { hearings: 3 })
  const german = telling('larger', [unsure('y')], { ...again, languages: ['de'] })
  t.match(await hearWith(small, german, { language: 'de', maxDecodingPasses: 3 }), { hearings: 3 }, 'where it hears first, it is not the small one')
  const persistent = telling('small', [unsure('x'), sure('y')], again)
  await transcribe(wavOfSeconds(1), persistent.recognizer, { ...OPTIONS, maxDecodingPasses: 3, cascade: { recognizer: larger.recognizer, below: BELOW, firstHearings: 3 } })
  t.equal(persistent.asked.length, 2)
})

tap.test('a larger model without words, or cut off, does not take words away', async (t) => {
  const cases: [Partial<Hypothesis>, Partial<Hypothesis>, string][] = [
    [unsure('words'), sure(''), 'small'],
    [unsure('words'), { ...sure('la la'), stopped: 'repetition' }, 'small'],
    [{ ...sure('wo wo'), stopped: 'repetition' }, sure(''), 'small'],
    [{ ...sure('wo wo'), stopped: 'repetition' }, { ...sure('la la'), stopped: 'token_limit' }, 'larger'],
    [sure(''), { ...sure('la la'), stopped: 'token_limit' }, 'larger'],
  ]
  for (const [first, second, stands] of cases) {
    const report = await hearWith(telling('small', [first]), telling('larger', [second]))
    t.same(report.segments.map(({ model }) => model), [stands])
    t.equal(report.cascade!.escalations, 1, 'it was asked all the same')
  }
  t.match(await hearWith(telling('small', [sure('')]), telling('larger', [sure('')])), { text: '', noSpeechReason: 'nothing_recognized', segments: [], cascade: { asked: 1, reasons: ['empty'] } })
})

tap.test('every clip is decided by itself, and the larger model hears the same stretch with its own silence', async (t) => {
  const small = telling('small', [sure('one'), unsure('to'), sure('three')])
  const larger = telling('larger', [sure('two')], { maxSeconds: 2, hearing: { leadSeconds: [0.5], trailSeconds: 0.4, doubtBelow: -9 } })
  const report = await hearWith(small, larger, {}, 3)
  t.ok(small.asked.length >= 3, 'clips that the larger model can hold')
  t.ok(report.text.startsWith('one two three'))
  t.same(report.segments.map(({ model }) => model).slice(0, 3), ['small', 'larger', 'small'])
  t.equal(report.cascade!.reasons.length, small.asked.length)
  t.same([larger.asked[0]!.clip.startSeconds, larger.asked[0]!.clip.endSeconds], [small.asked[1]!.clip.startSeconds, small.asked[1]!.clip.endSeconds])
  t.ok(lengthOf(larger.asked[0]!.clip) > lengthOf(small.asked[1]!.clip), 'more silence around it')
  for (const { clip } of larger.asked) t.ok(lengthOf(clip) <= 2 + 1e-3, 'no more than it can hold')
})

tap.test('the larger model is told what the small one was: that somebody spoke, the language, when to stop', async (t) => {
  const interrupt = (): void => undefined
  const [small, larger] = [telling('small', [unsure('x')]), telling('larger', [sure('x')], { languages: ['de', 'en'] })]
  await hearWith(small, larger, { language: 'en', interrupt })
  const [{ options: first }, { options: second }] = [small.asked[0]!, larger.asked[0]!]
  t.same([second.suppressBlank, second.language, second.interrupt, second.timer], [first.suppressBlank, 'en', interrupt, first.timer])
  const told = telling('larger', [sure('x')], { languages: ['de', 'en'] })
  await hearWith(telling('small', [unsure('x')]), told)
  t.equal(told.asked[0]!.options.language, 'en', 'where the request names none, the only one of the small model')
  const free = telling('larger', [sure('x')], { languages: ['de', 'en'] })
  await hearWith(telling('small', [unsure('x')], { languages: ['en', 'de'] }), free)
  t.equal(free.asked[0]!.options.language, undefined, 'a doubtful detection is not passed on')
})

tap.test('a language that only the larger model knows goes to it at once; one that neither knows is refused', async (t) => {
  const [small, larger] = [telling('small', [sure('x')]), telling('larger', [sure('ja')], { languages: ['en', 'de'] })]
  t.match(await hearWith(small, larger, { language: 'de' }), { text: 'ja', language: 'de', model: 'small', hearings: 1, segments: [{ model: 'larger', cascade: 'language' }], cascade: { asked: 1, reasons: ['language'] } })
  t.equal(small.asked.length, 0)
  await t.rejects(hearWith(small, larger, { language: 'fr' }), { code: 'LANGUAGE_UNSUPPORTED', parameter: 'language', message: /en, de/ })
  t.equal(firstToHear(small.recognizer, { recognizer: larger.recognizer, below: BELOW }, undefined), small.recognizer)
})

tap.test('a failure of the larger model fails the request, and an interrupt ends it between the two', async (t) => {
  await t.rejects(hearWith(telling('small', [unsure('x')]), telling('larger', [new Error('out of memory')])), { message: 'out of memory' })
  for (const trimSilence of [true, false]) {
    const larger = telling('larger', [sure('x')])
    let isLate = false
    const small = telling('small', [unsure('x')])
    const slow: Told = { ...small, recognizer: { ...small.recognizer, recognize: async (...given) => { const found = await small.recognizer.recognize(...given); isLate = true; return found } } }
    await t.rejects(hearWith(slow, larger, { trimSilence, interrupt: () => { if (isLate) throw new SpeechError('DEADLINE_PASSED') } }), { code: 'DEADLINE_PASSED' })
    t.equal(larger.asked.length, 0, 'it did not begin')
  }
})

tap.test('words that neither the small model nor the second detector believes are not given to a larger one to believe', async (t) => {
  const silent: SpeechDetector = { name: 'deaf', dispose: async () => undefined, detect: async () => ({ startSeconds: 0, hopSeconds: 0.1, speech: new Float32Array(10), spans: [], verdict: 'nothing', visibleRangeDb: 0 }) }
  const larger = telling('larger', [sure('Thank you.')], { languages: ['en', 'de'] })
  const small = telling('small', [{ text: 'you', logProbabilities: [-3] }])
  const first: SpeechDetector = { ...silent, detect: async () => ({ startSeconds: 0, hopSeconds: 0.1, speech: new Float32Array(10), spans: [{ startSeconds: 0.1, endSeconds: 0.9 }], verdict: 'speech', visibleRangeDb: 35 }) }
  t.match(await hearWith(small, larger, { detectors: { first, second: silent } }), { text: '', noSpeechReason: 'no_speech_detected', hearings: 1, cascade: { asked: 0, reasons: [] } })
  t.equal(larger.asked.length, 0)
  const doubting = telling('larger', [{ text: 'ach', logProbabilities: [-3] }], { languages: ['de'] })
  t.match(await hearWith(small, doubting, { language: 'de', detectors: { first, second: silent } }), { text: '', hearings: 1, cascade: { asked: 1, reasons: ['language'] } }, 'its time is counted although its words were taken back')
  const unsureOfIt = telling('small', [unsure('you')])
  t.match(await hearWith(unsureOfIt, doubting, { detectors: { first, second: silent } }), { text: '', noSpeechReason: 'no_speech_detected', hearings: 2, cascade: { asked: 1 } }, 'what the larger one hardly believes is taken back too')
})

tap.test('silence reaches neither model, and without a cascade a report says that there is none', async (t) => {
  const [small, larger] = [telling('small', [unsure('x')]), telling('larger', [sure('y')])]
  const cascade: Cascade = { recognizer: larger.recognizer, below: BELOW }
  t.match(await transcribe(wavOfSeconds(1).fill(0, 44), small.recognizer, { ...OPTIONS, cascade }), { noSpeechReason: 'digital_silence', hearings: 0, cascade: { model: 'larger', asked: 0, reasons: [], seconds: 0 } })
  t.equal(small.asked.length + larger.asked.length, 0)
  t.match(await transcribe(wavOfSeconds(1), small.recognizer, OPTIONS), { text: 'x', segments: [{ model: 'small', cascade: null }], cascade: null })
})

tap.test('a larger model that cannot hear what the small one hears is refused', (t) => {
  const small = telling('small', []).recognizer
  const check = (change: Partial<Recognizer>): void => { checkCascade(small, { recognizer: telling('larger', [], change).recognizer, below: BELOW }) }
  check({ languages: ['de', 'en'] })
  t.throws(() => { check({ languages: ['de'] }) }, { code: 'CONFIG_INVALID', message: /EARSHOT_CASCADE_MODEL.*larger.*small.*en/ })
  t.throws(() => { check({ sampleRate: 8_000 }) }, { code: 'CONFIG_INVALID', message: /8000 Hz/ })
  t.end()
})

tap.test('clips have room for the silence of both models, and are what the small one wants when it is alone', (t) => {
  const small = telling('small', [], { maxSeconds: 30, hearing: { leadSeconds: [0.2, 0.4], trailSeconds: 0.3, doubtBelow: 0 } }).recognizer
  const larger = telling('larger', [], { maxSeconds: 20, hearing: { leadSeconds: [0.5], trailSeconds: 0.1, doubtBelow: 0 } }).recognizer
  const shape = shapeForBoth(small, { recognizer: larger, below: BELOW })
  t.same([shape.maxSeconds, Math.max(...shape.hearing.leadSeconds), shape.hearing.trailSeconds], [20, 0.5, 0.3])
  t.equal(shapeForBoth(small, undefined), small)
  t.end()
})

function lengthOf({ waveform }: Pick<SpokenClip, 'waveform'>): number {
  return waveform.samples.length / waveform.sampleRate
}
