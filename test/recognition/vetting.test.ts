/** Which transcripts are rejected: words that nobody said. */
import t from 'tap'
import { candidateOf } from './candidates.js'
import type { SpeechActivity } from '../../src/domain/audio.js'
import { startStageTimer } from '../../src/domain/stage-timer.js'
import type { Hypothesis } from '../../src/domain/transcript.js'
import { legible } from '../../src/recognition/legible-text.js'
import type { SpeechDetector } from '../../src/recognition/segmentation/detector.js'
import type { ClipTranscript, Decoded, Vetted } from '../../src/recognition/stages.js'
import { isSpeechCertain, vet, type VettingOptions } from '../../src/recognition/vetting.js'

interface Case {
  readonly text?: string
  readonly language?: string
  /** Of each token. */
  readonly logProbability?: number
  readonly tokens?: number
  readonly correctness?: number | null
  readonly seconds?: number
  /** Of the first and the second detector. */
  readonly verdicts?: readonly [SpeechActivity['verdict'], SpeechActivity['verdict']]
  /** Of the second detector. */
  readonly speechProbability?: number
  readonly trimSilence?: boolean
}

const VERDICTS = ['speech', 'speech'] as const

async function check(one: Case): Promise<{ vetted: Vetted; asked: number }> {
  const { text = 'you', language = 'en', logProbability = -3, tokens = 1, seconds = 1, trimSilence = true } = one
  const { verdicts: [first, opinion] = VERDICTS, speechProbability = 1, correctness = null } = one
  let asked = 0
  const second: SpeechDetector = {
    name: 'second', dispose: async () => undefined,
    detect: async () => { asked++; return { ...activityOf(opinion), speechProbability } },
  }
  const hypothesis: Hypothesis = legible({
    text, language, tokens: Array.from({ length: tokens }, () => 1), stopped: 'end_of_text',
    logProbabilities: Array.from({ length: tokens }, () => logProbability),
    words: text.split(' ').map((word, index) =>
      ({ text: word, startSeconds: index, endSeconds: index + 1, confidence: 1, logProbability: 0 })),
    alternatives: [text, 'never'].map((words) => candidateOf(words)),
  })
  const transcript = {
    clip: { speech: { startSeconds: 0, endSeconds: seconds } }, hypothesis, model: 'scripted', agreement: 1,
    words: hypothesis.words,
  } as unknown as ClipTranscript
  const decoded = {
    activity: activityOf(first), secondDetectorAsked: false, clips: [transcript.clip], noSpeechReason: null,
    transcripts: [transcript],
  } as unknown as Decoded
  const options: VettingOptions = {
    detectors: { first: second, second }, trimSilence, normalizeVolume: true, interrupt: () => undefined,
    correctnessOf: () => correctness,
  }
  return { vetted: await vet(decoded, options, startStageTimer()), asked }
}

function activityOf(verdict: SpeechActivity['verdict']): SpeechActivity {
  const spans = verdict === 'nothing' ? [] : [{ startSeconds: 0.1, endSeconds: 0.9 }]
  return { startSeconds: 0, hopSeconds: 0.01, speech: new Float32Array(100), spans, verdict, visibleRangeDb: 35 }
}

const outcomeOf = async (one: Case): Promise<string> => {
  const { vetted: { accepted, noSpeechReason } } = await check(one)
  return accepted[0]?.hypothesis.text ?? noSpeechReason!
}

t.test('the second detector is asked about doubtful and short transcripts alone, and decides if it finds no speech', async (t) => {
  const nothing = await check({ verdicts: ['speech', 'nothing'] })
  t.match(nothing, {
    vetted: { noSpeechReason: 'no_speech_detected', clips: [], accepted: [], activity: { verdict: 'nothing' } }, asked: 1,
  })
  t.equal(nothing.vetted.transcripts.length, 1, 'the rejected transcript is kept')
  t.match(await check({}), { vetted: { noSpeechReason: null, accepted: [{}] }, asked: 1 })
  t.match(await check({ logProbability: -0.5, tokens: 4, verdicts: ['speech', 'nothing'] }), {
    vetted: { noSpeechReason: null }, asked: 0,
  })
  t.match(await check({ text: 'I.', logProbability: -0.4, tokens: 2, verdicts: ['speech', 'nothing'] }), {
    vetted: { noSpeechReason: 'no_speech_detected' }, asked: 1,
  }, 'a short word over an error tone')
  t.match(await check({ logProbability: -0.1, tokens: 2, verdicts: ['speech', 'unsure'], speechProbability: 0.6 }), {
    vetted: { accepted: [{}] }, asked: 1,
  }, 'a short word of which the model is sure')
  t.match(await check({ trimSilence: false, verdicts: ['speech', 'nothing'] }), { vetted: { noSpeechReason: null }, asked: 0 })
})

t.test('a doubtful transcript must be more probable where speech is uncertain', async (t) => {
  for (const [speechProbability, correctness, expected] of [
    [0.99, 0.021, 'you'], [0.99, 0.019, 'words_rejected'], [0.9, 0.31, 'you'], [0.9, 0.29, 'words_rejected'],
    [0.9, null, 'you'],
  ] as const) {
    t.equal(await outcomeOf({ speechProbability, correctness }), expected, `${speechProbability}, ${correctness}`)
  }
  t.equal(await outcomeOf({ logProbability: -0.5, correctness: 0.001 }), 'you', 'the model itself has no doubt')
  const long = { logProbability: -0.75, tokens: 40, correctness: 0.0003, seconds: 10 }
  t.equal(await outcomeOf({ ...long, speechProbability: 0.99 }), 'you', 'all of a long transcript is seldom right')
})

t.test('speech is certain by the second detector, or by the first where that was not asked', async (t) => {
  const upload = (verdict: SpeechActivity['verdict'], speechProbability?: number): Decoded =>
    ({ activity: activityOf(verdict), ...speechProbability !== undefined && { speechProbability } }) as Decoded
  t.same(
    [upload('speech'), upload('unsure'), upload('unsure', 0.99), upload('speech', 0.9)].map(isSpeechCertain),
    [true, false, true, false],
  )
})

t.test('nobody speaks faster than the fastest speakers', async (t) => {
  const words = (count: number): string => Array.from({ length: count }, () => 'no').join(' ')
  t.equal(await outcomeOf({ text: words(12), seconds: 1 }), words(12))
  t.equal(await outcomeOf({ text: words(13), seconds: 1, logProbability: -0.1 }), 'words_rejected')
  t.equal(await outcomeOf({ text: 'left', seconds: 0.1 }), 'left')
})

t.test('signs, remarks and letters of another language are no words', async (t) => {
  for (const [text, expected, language] of [
    ['♪♪', 'nothing_recognized'], ['\uFFFD', 'nothing_recognized'], ['[Music]', 'nothing_recognized'],
    ['(applause) yes', 'yes'], ['*sighs* no', 'no'], ['- Left.', 'Left.'], ['-Left.', 'Left.'], ['-5 degrees', '-5 degrees'], ['5kΩ, 2πr', '5kΩ, 2πr'], ['♪ la la ♪', 'la la'],
    ['감사합니다', 'nothing_recognized'], ['감사합니다', '감사합니다', 'ko'], ['well 안녕 then', 'well then'],
    ['(555) 0123', '(555) 0123'], ['Zoë’s café, 5 °C', 'Zoë’s café, 5 °C'], ['e-mail', 'e-mail'],
    ['Привет, Siri', 'Привет, Siri', 'ru'], ['こんにちは世界', 'こんにちは世界', 'ja'], ['पानी', 'पानी', 'hi'],
  ] as const) {
    t.equal(await outcomeOf({ text, language: language ?? 'en' }), expected, text)
  }
})

t.test('words and alternatives lose what the text loses', async (t) => {
  const { vetted: { accepted: [kept] } } = await check({ text: 'well 안녕 then' })
  t.same(kept!.words!.map(({ text }) => text), ['well', 'then'])
  t.same(kept!.hypothesis.alternatives!.map(({ text }) => text), ['well then', 'never'])
  const { vetted: { accepted: [marked] } } = await check({ text: '-Left (loud applause) turn♪' })
  t.same(marked!.words!.map(({ text }) => text), ['Left', 'turn'])
})

t.test('the text without biasing loses the same, and is null where only that was different', (t) => {
  const unbiasedOf = (text: string, unbiasedText: string | null): string | null | undefined => legible({
    text, unbiasedText, language: 'en', tokens: [1], logProbabilities: [-1], stopped: 'end_of_text',
  }).unbiasedText
  t.equal(unbiasedOf('Rubber duck', '- [Music] Robert duck'), 'Robert duck')
  t.equal(unbiasedOf('Rubber duck', '♪ Rubber duck'), null)
  t.equal(unbiasedOf('Rubber duck', null), null)
  t.end()
})
