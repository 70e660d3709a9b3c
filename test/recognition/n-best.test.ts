/** Transcripts of both models of a cascade that compete with each other: with scripted models. */
import tap from 'tap'
import type { Hypothesis } from '../../src/domain/transcript.js'
import { candidateOf } from './candidates.js'
import { unsure, scripted, recognizeWith, type Scripted } from './scripted-models.js'

/** Scores each text; -9 those that are not named. Notes what it was asked. */
function scoring(scores: Readonly<Record<string, number>>, asked: string[][] = []): Pick<Hypothesis, 'rescore'> {
  return {
    rescore: async (texts) => {
      asked.push([...texts])
      return texts.map((text) => scores[text] ?? -9)
    },
  }
}

const SEARCHES = { openBeamSearch: async () => undefined }

tap.test('where both models score texts, both judge both transcripts', async (t) => {
  const judged = (
    ownOfSmall: number, ofLargerBySmall: number, ofSmallByLarger: number, ownOfLarger: number, biasScore = 0,
  ): [Scripted, Scripted, string[][]] => {
    const asked: string[][] = []
    const four = { text: 'Four', logProbabilities: [ownOfSmall], biasScore }
    return [
      scripted('small', [four, { ...four, ...scoring({ For: ofLargerBySmall }, asked) }], SEARCHES),
      scripted('larger', [
        { text: 'For', logProbabilities: [ownOfLarger], ...scoring({ Four: ofSmallByLarger }, asked) },
      ], SEARCHES),
      asked,
    ]
  }
  for (const [name, models, text] of [
    ['the larger model finds both nearly as probable', judged(-1, -9, -2, -1), 'Four'],
    ['the larger model rules it out', judged(-1, -9, -20, -1), 'For'],
    ['it cannot be written in the tokens of the larger model', judged(-1, -9, -Infinity, -1), 'For'],
    ['the small model finds both as probable', judged(-1, -1, -2, -1), 'For'],
    ['a phrase was found', judged(-1, -1, -2, -1, 2), 'Four'],
  ] as const) {
    const [small, larger, asked] = models
    t.match(await recognizeWith(small, larger), { text, decodingPasses: 2 }, name)
    t.same(asked, [['For'], ['Four']])
    t.same(small.asked.map(({ options }) => options.rescorable ?? false), [false, true])
  }
  const [small, larger] = judged(-1, -9, -2, -1)
  const same = scripted('larger', [{ text: 'four.', logProbabilities: [-3], ...scoring({}) }], SEARCHES)
  t.match(await recognizeWith(small, same), { text: 'four.' }, 'of equal words, those of the larger model')
  t.equal(small.asked.length, 1, 'equal words are not scored')
  const mute = scripted('small', [unsure('Four')])
  t.match(await recognizeWith(mute, larger), { text: 'For' }, 'a small model that scores no texts')
})

tap.test('the n-best list of the small model competes with the transcript of the larger one', async (t) => {
  const list = [candidateOf('Four', -1), candidateOf('Fore', -1.2), candidateOf('For', -3)]
  const first = { text: 'Four', logProbabilities: [-1] }
  const listed = { ...first, alternatives: list, ...scoring({}) }
  for (const [byLarger, text, model] of [
    [{ Fore: -1.1 }, 'Fore', 'small'], [{ Four: -1.1 }, 'Four', 'small'], [{ Four: -30, Fore: -30 }, 'Ford', 'larger'],
  ] as const) {
    const asked: string[][] = []
    const small = scripted('small', [first, listed], SEARCHES)
    const larger = scripted('larger', [{ text: 'Ford', logProbabilities: [-1], ...scoring(byLarger, asked) }], SEARCHES)
    const report = await recognizeWith(small, larger)
    t.match(report, { text, decodingPasses: 2, alternatives: [] }, 'alternatives that nobody requested are not returned')
    t.match(report.segments, [{ model }])
    t.same(asked, [['Four', 'Fore', 'For']])
    t.same(small.asked.map(({ options }) => options.beam?.nBest ?? 1), [1, 5], 'the list is decoded where it is needed')
  }
  const small = scripted('small', [{ ...first, alternatives: list }, listed], SEARCHES)
  const larger = scripted('larger', [{ text: 'Ford', logProbabilities: [-1], ...scoring({ Fore: -1.1 }) }], SEARCHES)
  const requested = { beamFor: () => ({ nBest: 3, phrases: undefined, strength: 0 }) }
  const { text, alternatives } = await recognizeWith(small, larger, requested)
  t.same([text, ...alternatives.map((one) => one.text)], ['Fore', 'Fore', 'Four', 'For'], 'the transcript is the first')
})

tap.test('a transcript from further down a list gets times of its words', async (t) => {
  const word = { text: 'Fore', startSeconds: 0.3, endSeconds: 0.5, confidence: 0.3, logProbability: -1.2 }
  const four = { text: 'Four', logProbabilities: [-1] }
  const small = scripted('small', [
    { ...four, words: [{ ...word, text: 'Four' }] },
    { ...four, alternatives: [candidateOf('Four'), candidateOf('Fore', -1.2, { tokens: [8] })], ...scoring({}) },
    { text: 'Fore', tokens: [8], words: [word] },
  ], { ...SEARCHES, timesWords: true })
  const larger = scripted('larger', [{ text: 'Ford', logProbabilities: [-1], ...scoring({ Fore: -1 }) }], SEARCHES)
  const { segments: [segment] } = await recognizeWith(small, larger, { words: true })
  t.match(segment, { text: 'Fore', tokens: [8], words: [{ text: 'Fore' }] })
  t.same(small.asked.map(({ options }) => options.transcript), [undefined, undefined, [8]])
})
