/** Transcripts of two models, each scored by both. */
import t from 'tap'
import type { Candidate } from '../../src/domain/phrases.js'
import type { Hypothesis } from '../../src/domain/transcript.js'
import { jointScore, scoreJointly, type JointCandidate } from '../../src/recognition/joint-scores.js'
import { candidateOf } from './candidates.js'

/** The larger model's own transcript, and its scores of the small model's texts. */
function larger(text: string, logProbability: number, ...textLogProbabilities: number[]): Hypothesis {
  return {
    text, tokens: [1], logProbabilities: [logProbability], stopped: 'end_of_text', language: 'en', textLogProbabilities,
  }
}

function joint(
  small: readonly Candidate[], ofLarger: Hypothesis, bySmall: number | undefined = -9,
): Promise<JointCandidate[]> {
  return scoreJointly({ small, larger: ofLarger }, async () => bySmall)
}

t.test('every transcript has the weighted mean of both log-probabilities, and the best is first', async (t) => {
  const small = [candidateOf('four', -1), candidateOf('fore', -2), candidateOf('fort', -3)]
  const found = await joint(small, larger('for', -1, -4, -2, -30))
  t.same(found.map(({ text, rank }) => [text, rank]), [['fore', 1], ['four', 0], ['for', null], ['fort', 2]])
  t.same(found.map(({ logProbability }) => logProbability),
    [jointScore(-2, -2), jointScore(-1, -4), jointScore(-9, -1), jointScore(-3, -30)])
})

t.test('what biasing adds counts in the order and not in the log-probability', async (t) => {
  const small = [candidateOf('four', -1), candidateOf('fore', -2, { biasScore: 3, wholePhrase: 7 })]
  const [first] = await joint(small, larger('for', -1, -1, -5), -1)
  t.match(first, { text: 'fore', wholePhrase: 7, logProbability: jointScore(-2, -5) })
})

t.test('of equal words, the transcript of the larger model stands for both, and is not scored again', async (t) => {
  const found = await scoreJointly(
    { small: [candidateOf('Fore', -1), candidateOf('four.', -2)], larger: larger('Four', -1, -5, -1) },
    () => { throw new Error('it is known') })
  t.same(found.map(({ text, rank }) => [text, rank]), [['Four', null], ['Fore', 0]])
  t.equal(found[0]!.logProbability, jointScore(-2, -1))
})

t.test('a transcript that ends early is left out, unless a model has it first', async (t) => {
  const whole = candidateOf('goodbye and thank you', -9)
  const [early, other] = [candidateOf('Goodbye.', -1), candidateOf('good', -1)]
  t.same((await joint([whole, early], larger('goodbye and thanks', -3, -3, -1))).map(({ text }) => text),
    ['goodbye and thanks', 'goodbye and thank you'])
  t.match(await joint([early, whole], larger('goodbye and thanks', -3, -1, -3)), [{ text: 'Goodbye.' }])
  t.match(await joint([whole, other], larger('goodbye and thanks', -3, -3, -1)), [{ text: 'good' }],
    'the beginning of a word is another word')
  t.same((await joint([whole, candidateOf('', -0.1)], larger('goodbye', -3, -3, -0.1))).map(({ text }) => text),
    ['goodbye', 'goodbye and thank you'], 'no words are the shortest beginning')
})

t.test('without scores of both models there are none', async (t) => {
  const { textLogProbabilities: _, ...mute } = larger('for', -1)
  t.same(await joint([candidateOf('four')], mute), [])
  t.same(await scoreJointly({ small: [candidateOf('four')], larger: larger('for', -1, -2) }, async () => undefined), [])
})
