/** Transcripts of two models, each scored by both. */
import t from 'tap'
import type { Candidate } from '../../src/domain/phrases.js'
import type { Hypothesis } from '../../src/domain/transcript.js'
import { jointCandidates, jointScore, type JointCandidate } from '../../src/recognition/joint-scores.js'
import { candidateOf } from './candidates.js'

function larger(text: string, logProbability: number): Hypothesis {
  return { text, tokens: [1], logProbabilities: [logProbability], stopped: 'end_of_text', language: 'en' }
}

/** `listByLarger` in the order of the list. */
function joint(
  list: readonly Candidate[], ofLarger: Hypothesis, listByLarger: readonly number[], largerBySmall = -9,
): JointCandidate[] {
  return jointCandidates({ list, listByLarger, larger: ofLarger, largerBySmall })
}

t.test('every transcript has the weighted mean of both log-probabilities, and the best is first', async (t) => {
  const list = [candidateOf('four', -1), candidateOf('fore', -2), candidateOf('fort', -3)]
  const found = joint(list, larger('for', -1), [-4, -2, -30])
  t.same(found.map(({ text, rank }) => [text, rank]), [['fore', 1], ['four', 0], ['for', null], ['fort', 2]])
  t.same(found.map(({ logProbability }) => logProbability),
    [jointScore(-2, -2), jointScore(-1, -4), jointScore(-9, -1), jointScore(-3, -30)])
})

t.test('what biasing adds counts in the order and not in the log-probability', async (t) => {
  const list = [candidateOf('four', -1), candidateOf('fore', -2, { biasScore: 3, wholePhrase: 7 })]
  const [first] = joint(list, larger('for', -1), [-1, -5], -1)
  t.match(first, { text: 'fore', wholePhrase: 7, logProbability: jointScore(-2, -5) })
})

t.test('of equal words, the transcript of the larger model stands for both, with the higher score', async (t) => {
  const list = [candidateOf('Fore', -1), candidateOf('four', -4)]
  for (const [forced, expected] of [[-2, -2], [-6, -4]] as const) {
    const found = joint(list, larger('Four.', -1), [-9, -1], forced)
    t.same(found.map(({ text, rank }) => [text, rank]), [['Four.', null], ['Fore', 0]])
    t.equal(found[0]!.logProbability, jointScore(expected, -1), 'punctuation alone may make a transcript improbable')
  }
})

t.test('a transcript that ends early is left out, unless a model has it first', async (t) => {
  const whole = candidateOf('goodbye and thank you', -9)
  const [early, other] = [candidateOf('Goodbye.', -1), candidateOf('good', -1)]
  const thanks = larger('goodbye and thanks', -3)
  t.same(joint([whole, early], thanks, [-3, -1]).map(({ text }) => text),
    ['goodbye and thanks', 'goodbye and thank you'])
  t.match(joint([early, whole], thanks, [-1, -3]), [{ text: 'Goodbye.' }])
  t.match(joint([whole, other], thanks, [-3, -1]), [{ text: 'good' }], 'the beginning of a word is another word')
  t.same(joint([whole, candidateOf('', -0.1)], larger('goodbye', -3), [-3, -0.1]).map(({ text }) => text),
    ['goodbye', 'goodbye and thank you'], 'no words are the shortest beginning')
})
