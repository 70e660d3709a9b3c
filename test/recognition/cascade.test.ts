/** Which model decodes a clip, which transcript is taken, and the report of the cascade: with scripted models. */
import tap from 'tap'
import type { SpokenClip } from '../../src/recognition/segmentation/cut-clips.js'
import { checkCascade, primaryModel, shapeForBoth, type Cascade } from '../../src/recognition/cascade.js'
import type { SpeechDetector } from '../../src/recognition/segmentation/detector.js'
import { SpeechError } from '../../src/domain/errors.js'
import { transcribe } from '../../src/recognition/pipeline.js'
import type { Recognizer } from '../../src/recognition/recognizer.js'
import type { Calibration } from '../../src/recognition/confidence/calibration.js'
import type { Hypothesis } from '../../src/domain/transcript.js'
import { wavOfSeconds } from '../serving/http/wav.js'
import { BELOW, SPEECH, OPTIONS, sure, unsure, scripted, recognizeWith, type Scripted } from './scripted-models.js'

tap.test('the larger model does not decode what the small one is confident of', async (t) => {
  const [small, larger] = [scripted('small', [sure('yes')]), scripted('larger', [sure('no')])]
  t.match(await recognizeWith(small, larger), {
    text: 'yes', model: 'small', decodingPasses: 1, segments: [{ model: 'small', cascade: 'sure' }],
    cascade: { model: 'larger', escalations: 0, disagreements: 0, reasons: ['sure'], seconds: 0 },
  })
  t.equal(larger.asked.length, 0)
})

tap.test(
  'without confidence of the small model, the transcript of the larger one is taken, whatever its own',
  async (t) => {
    const unsureHypotheses: [Partial<Hypothesis>, string][] = [
      [unsure('yes'), 'low_confidence'], [sure(''), 'empty'], [sure('...'), 'empty'],
      [{ ...sure('yes yes'), stopped: 'repetition' }, 'cut_off'],
      [{ ...sure('yes'), stopped: 'token_limit' }, 'cut_off'],
    ]
    for (const [hypothesis, reason] of unsureHypotheses) {
      const larger = scripted('larger', [{ text: 'no', logProbabilities: [-2, -2] }])
      const report = await recognizeWith(scripted('small', [hypothesis]), larger)
      t.match(
        report,
        {
          text: 'no', model: 'small', decodingPasses: 2, segments: [{ model: 'larger', cascade: reason }],
          cascade: { escalations: 1, disagreements: 1, reasons: [reason] },
        },
        reason,
      )
      t.ok(report.cascade!.seconds >= 0)
      t.equal(larger.asked.length, 1)
    }
  },
)

tap.test('the threshold is compared with the confidence of the report', async (t) => {
  for (const [difference, model] of [[-0.01, 'larger'], [0.01, 'small']] as const) {
    const hypothesis = {
      text: 'yes', logProbabilities: [Math.log(BELOW + difference) - 0.3, Math.log(BELOW + difference) + 0.3],
    }
    t.match((await recognizeWith(scripted('small', [hypothesis]), scripted('larger', [sure('x')]))).segments[0], {
      model,
    })
    const alone = await transcribe(wavOfSeconds(1), scripted('small', [hypothesis]).recognizer, OPTIONS)
    t.ok(Math.abs(alone.confidence! - BELOW - difference) < 1e-9)
  }
})

tap.test('the small model decodes once; the larger one has the decoding passes of the setting', async (t) => {
  const again = { padding: { leadingSeconds: [0.2, 0.3, 0.4], trailingSeconds: 0.2, redecodeBelow: -0.1 } }
  const [small, larger] = [scripted('small', [unsure('x')], again), scripted('larger', [unsure('y')], again)]
  t.match(await recognizeWith(small, larger, { maxDecodingPasses: 3 }), { decodingPasses: 4 })
  t.same([small.asked.length, larger.asked.length], [1, 3])
  const alone = scripted('small', [unsure('x')], again)
  t.match(await transcribe(wavOfSeconds(1), alone.recognizer, { ...OPTIONS, maxDecodingPasses: 3 }), {
    decodingPasses: 3,
  })
  const german = scripted('larger', [unsure('y')], { ...again, languages: ['de'] })
  t.match(
    await recognizeWith(small, german, { language: 'de', maxDecodingPasses: 3 }),
    { decodingPasses: 3 },
    'a larger model that decodes first may decode again',
  )
  const persistent = scripted('small', [unsure('x'), sure('y')], again)
  await transcribe(wavOfSeconds(1), persistent.recognizer, {
    ...OPTIONS, maxDecodingPasses: 3, cascade: { recognizer: larger.recognizer, below: BELOW, primaryPasses: 3 },
  })
  t.equal(persistent.asked.length, 2)
})

tap.test('a transcript of the larger model without words, or cut off, does not replace words', async (t) => {
  const cases: [Partial<Hypothesis>, Partial<Hypothesis>, string][] = [
    [unsure('words'), sure(''), 'small'],
    [unsure('words'), { ...sure('la la'), stopped: 'repetition' }, 'small'],
    [{ ...sure('wo wo'), stopped: 'repetition' }, sure(''), 'small'],
    [{ ...sure('wo wo'), stopped: 'repetition' }, { ...sure('la la'), stopped: 'token_limit' }, 'larger'],
    [sure(''), { ...sure('la la'), stopped: 'token_limit' }, 'larger'],
  ]
  for (const [first, second, model] of cases) {
    const report = await recognizeWith(scripted('small', [first]), scripted('larger', [second]))
    t.same(report.segments.map((segment) => segment.model), [model])
    t.equal(report.cascade!.escalations, 1, 'the larger model ran nevertheless')
  }
  t.match(await recognizeWith(scripted('small', [sure('')]), scripted('larger', [sure('')])), {
    text: '', noSpeechReason: 'nothing_recognized', segments: [], cascade: { escalations: 1, reasons: ['empty'] },
  })
})

tap.test('a calibrated model escalates by the probability that its transcript is right', async (t) => {
  const curve = { intercept: 2, slope: -2 }
  const calibration = { model: { name: 'small' }, correctness: curve, readings: {} } as unknown as Calibration
  for (const logProbabilities of [[-0.2, -0.2], [-0.8, -0.8]]) {
    const small = scripted('small', [{ text: 'yes', logProbabilities, tokens: [1] }], { calibration })
    const alone = await transcribe(wavOfSeconds(1), small.recognizer, OPTIONS)
    const score = alone.correctness! ** Math.SQRT1_2
    for (const [below, expected] of [[score - 0.01, 'small'], [score + 0.01, 'larger']] as const) {
      const cascade = { recognizer: scripted('larger', [sure('no')]).recognizer, below }
      const report = await transcribe(wavOfSeconds(1), small.recognizer, { ...OPTIONS, cascade })
      t.match(report.segments[0], { model: expected }, `${score} against ${below}`)
    }
  }
})

tap.test('each clip is decided separately, and the larger model gets it with its own padding', async (t) => {
  const small = scripted('small', [sure('one'), unsure('to'), sure('three')])
  const larger = scripted('larger', [sure('two')], {
    maxSeconds: 2, padding: { leadingSeconds: [0.5], trailingSeconds: 0.4, redecodeBelow: -9 },
  })
  const report = await recognizeWith(small, larger, {}, 3)
  t.ok(small.asked.length >= 3, 'clips that fit the larger model')
  t.ok(report.text.startsWith('one two three'))
  t.same(report.segments.map(({ model }) => model).slice(0, 3), ['small', 'larger', 'small'])
  t.equal(report.cascade!.reasons.length, small.asked.length)
  t.same(
    [larger.asked[0]!.clip.startSeconds, larger.asked[0]!.clip.endSeconds],
    [small.asked[1]!.clip.startSeconds, small.asked[1]!.clip.endSeconds],
  )
  t.ok(lengthOf(larger.asked[0]!.clip) > lengthOf(small.asked[1]!.clip), 'more padding')
  for (const { clip } of larger.asked) t.ok(lengthOf(clip) <= 2 + 1e-3, 'within its longest clip')
})

tap.test('the larger model gets the same options: expected speech, language, interrupt', async (t) => {
  const interrupt = (): void => undefined
  const [small, larger] = [
    scripted('small', [unsure('x')]), scripted('larger', [sure('x')], { languages: ['de', 'en'] }),
  ]
  await recognizeWith(small, larger, { language: 'en', interrupt })
  const [{ options: first }, { options: second }] = [small.asked[0]!, larger.asked[0]!]
  t.same(
    [second.expectSpeech, second.language, second.interrupt, second.timer],
    [first.expectSpeech, 'en', interrupt, first.timer],
  )
  const bilingual = scripted('larger', [sure('x')], { languages: ['de', 'en'] })
  await recognizeWith(scripted('small', [unsure('x')]), bilingual)
  t.equal(bilingual.asked[0]!.options.language, 'en', 'if the request has none, the only language of the small model')
  const free = scripted('larger', [sure('x')], { languages: ['de', 'en'] })
  await recognizeWith(scripted('small', [unsure('x')], { languages: ['en', 'de'] }), free)
  t.equal(free.asked[0]!.options.language, undefined, 'a doubtful detection is not passed on')
})

tap.test(
  'a language that only the larger model knows is decoded by it; one that neither knows is refused',
  async (t) => {
    const [small, larger] = [
      scripted('small', [sure('x')]), scripted('larger', [sure('ja')], { languages: ['en', 'de'] }),
    ]
    t.match(await recognizeWith(small, larger, { language: 'de' }), {
      text: 'ja', language: 'de', model: 'small', decodingPasses: 1,
      segments: [{ model: 'larger', cascade: 'language' }], cascade: { escalations: 1, reasons: ['language'] },
    })
    t.equal(small.asked.length, 0)
    await t.rejects(recognizeWith(small, larger, { language: 'fr' }), {
      code: 'LANGUAGE_UNSUPPORTED', parameter: 'language', message: /en, de/,
    })
    t.equal(
      primaryModel(small.recognizer, { recognizer: larger.recognizer, below: BELOW }, { language: undefined }),
      small.recognizer,
    )
  },
)

tap.test('of the languages that may be spoken, each model has those that it knows', async (t) => {
  const models = (): [Scripted, Scripted] =>
    [scripted('small', [unsure('x')]), scripted('larger', [sure('ja')], { languages: ['en', 'de', 'fr'] })]
  const [small, larger] = models()
  t.match(await recognizeWith(small, larger, { languages: ['en', 'de'] }), { cascade: { reasons: ['low_confidence'] } })
  for (const { options } of [small.asked[0]!, larger.asked[0]!]) {
    t.same([options.language, options.languages], [undefined, ['en', 'de']], 'the larger one is not told English')
  }
  const [other, german] = models()
  const report = await recognizeWith(other, german, { languages: ['de', 'fr'] })
  t.match(report, { segments: [{ model: 'larger', cascade: 'language' }] })
  t.same([other.asked.length, german.asked[0]!.options.languages], [0, ['de', 'fr']])
  await t.rejects(recognizeWith(small, larger, { languages: ['it', 'es'] }), {
    code: 'LANGUAGE_UNSUPPORTED', parameter: 'languages', message: /not "it", "es"/,
  })
})

tap.test('a failure of the larger model fails the request, and an interrupt ends it between the models', async (t) => {
  await t.rejects(recognizeWith(scripted('small', [unsure('x')]), scripted('larger', [new Error('out of memory')])), {
    message: 'out of memory',
  })
  for (const trimSilence of [true, false]) {
    const larger = scripted('larger', [sure('x')])
    let isLate = false
    const small = scripted('small', [unsure('x')])
    const slow: Scripted = {
      ...small,
      recognizer: {
        ...small.recognizer,
        recognize: async (...given) => {
          const found = await small.recognizer.recognize(...given)
          isLate = true
          return found
        },
      },
    }
    await t.rejects(
      recognizeWith(slow, larger, {
        trimSilence,
        interrupt: () => {
          if (isLate) throw new SpeechError('DEADLINE_PASSED')
        },
      }),
      { code: 'DEADLINE_PASSED' },
    )
    t.equal(larger.asked.length, 0, 'the larger model did not run')
  }
})

tap.test('the larger model is skipped where the words of the small one are rejected', async (t) => {
  const silent: SpeechDetector = {
    name: 'silent',
    dispose: async () => undefined,
    detect: async () => ({
      startSeconds: 0, hopSeconds: 0.1, speech: new Float32Array(10), spans: [], verdict: 'nothing', visibleRangeDb: 0,
    }),
  }
  const larger = scripted('larger', [sure('Thank you.')], { languages: ['en', 'de'] })
  const small = scripted('small', [{ text: 'you', logProbabilities: [-3] }])
  const first: SpeechDetector = {
    ...silent,
    detect: async () => ({
      startSeconds: 0, hopSeconds: 0.1, speech: new Float32Array(10), spans: [{ startSeconds: 0.1, endSeconds: 0.9 }],
      verdict: 'speech', visibleRangeDb: 35,
    }),
  }
  t.match(await recognizeWith(small, larger, { detectors: { first, second: silent } }), {
    text: '', noSpeechReason: 'no_speech_detected', decodingPasses: 1, cascade: { escalations: 0, reasons: [] },
  })
  t.equal(larger.asked.length, 0)
  const unsureLarger = scripted('larger', [{ text: 'ach', logProbabilities: [-3] }], { languages: ['de'] })
  t.match(
    await recognizeWith(small, unsureLarger, { language: 'de', detectors: { first, second: silent } }),
    { text: '', decodingPasses: 1, cascade: { escalations: 1, reasons: ['language'] } },
    'its time is counted although its words were rejected',
  )
  t.match(
    await recognizeWith(scripted('small', [unsure('you')]), unsureLarger, { detectors: { first, second: silent } }),
    { text: '', noSpeechReason: 'no_speech_detected', decodingPasses: 1, cascade: { escalations: 0 } },
  )
  const uncertain = scripted('small', [{ text: 'you there', logProbabilities: [-0.698], tokens: [1, 2, 3, 4] }])
  t.match(
    await recognizeWith(uncertain, unsureLarger, { detectors: { first, second: silent } }),
    { text: '', noSpeechReason: 'no_speech_detected', decodingPasses: 2, cascade: { escalations: 1 } },
    'doubtful words of the larger model are rejected too',
  )
})

tap.test('where speech is uncertain, the larger model is asked about credible words alone', async (t) => {
  const unsureDetector: SpeechDetector = {
    ...SPEECH, detect: async (...given) => ({ ...await SPEECH.detect(...given), verdict: 'unsure' }),
  }
  const detectors = { first: unsureDetector, second: undefined }
  for (const [hypothesis, reason, asked] of [
    [sure(''), 'uncertain_speech', 0], [sure('...'), 'uncertain_speech', 0], [sure('♪'), 'uncertain_speech', 0],
    [unsure('yes'), 'low_confidence', 1],
  ] as const) {
    const larger = scripted('larger', [sure('no')])
    t.match(await recognizeWith(scripted('small', [hypothesis]), larger, { detectors }), {
      cascade: { escalations: asked, reasons: [reason] },
    })
    t.equal(larger.asked.length, asked, hypothesis.text!)
  }
})

tap.test('models that find the same words do not disagree, whatever their punctuation', async (t) => {
  const report = await recognizeWith(scripted('small', [unsure('yes please')]), scripted('larger', [sure('Yes, please.')]))
  t.match(report.cascade, { escalations: 1, disagreements: 0 })
})

tap.test('silence is decoded by neither model, and without a cascade the report has none', async (t) => {
  const [small, larger] = [scripted('small', [unsure('x')]), scripted('larger', [sure('y')])]
  const cascade: Cascade = { recognizer: larger.recognizer, below: BELOW }
  t.match(await transcribe(wavOfSeconds(1).fill(0, 44), small.recognizer, { ...OPTIONS, cascade }), {
    noSpeechReason: 'digital_silence', decodingPasses: 0,
    cascade: { model: 'larger', escalations: 0, reasons: [], seconds: 0 },
  })
  t.equal(small.asked.length + larger.asked.length, 0)
  t.match(await transcribe(wavOfSeconds(1), small.recognizer, OPTIONS), {
    text: 'x', segments: [{ model: 'small', cascade: null }], cascade: null,
  })
})

tap.test('a larger model that cannot decode what the small one decodes is refused', (t) => {
  const small = scripted('small', []).recognizer
  const check = (change: Partial<Recognizer>): void => {
    checkCascade(small, { recognizer: scripted('larger', [], change).recognizer, below: BELOW })
  }
  check({ languages: ['de', 'en'] })
  t.throws(
    () => {
      check({ languages: ['de'] })
    },
    { code: 'CONFIG_INVALID', message: /EARSHOT_CASCADE_MODEL.*larger.*small.*en/ },
  )
  t.throws(() => { check({ sampleRate: 8_000 }) }, { code: 'CONFIG_INVALID', message: /8000 Hz/ })
  t.end()
})

tap.test('clips leave room for the padding of both models; without a cascade, of the small one', (t) => {
  const small = scripted('small', [], {
    maxSeconds: 30, padding: { leadingSeconds: [0.2, 0.4], trailingSeconds: 0.3, redecodeBelow: 0 },
  }).recognizer
  const larger = scripted('larger', [], {
    maxSeconds: 20, padding: { leadingSeconds: [0.5], trailingSeconds: 0.1, redecodeBelow: 0 },
  }).recognizer
  const shape = shapeForBoth(small, { recognizer: larger, below: BELOW })
  t.same([shape.maxSeconds, Math.max(...shape.padding.leadingSeconds), shape.padding.trailingSeconds], [20, 0.5, 0.3])
  t.equal(shapeForBoth(small, undefined), small)
  t.end()
})

function lengthOf({ waveform }: Pick<SpokenClip, 'waveform'>): number {
  return waveform.samples.length / waveform.sampleRate
}
