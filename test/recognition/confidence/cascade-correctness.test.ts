/** Calibrated confidence with a cascade: which curve decides, and what several segments give together. */
import t from 'tap'
import type { Calibration } from '../../../src/recognition/confidence/calibration.js'
import {
  certaintyOf, correctnessOfEscalatedWord, correctnessWithCascade, doubtOfBoth,
} from '../../../src/recognition/confidence/cascade-correctness.js'
import { correctnessOf, doubtOf, doubtOfWord, probabilityAt } from '../../../src/recognition/confidence/correctness.js'
import type { Segment } from '../../../src/domain/transcript.js'

const LARGER = { name: 'larger', digest: 'def' }
const PRIMARY = { intercept: 3, slope: -3 }
const ESCALATED = { intercept: 5, slope: -2 }
const CURVES = {
  larger: LARGER, primary: { correctness: PRIMARY }, escalated: { correctness: ESCALATED },
  words: { correctness: { intercept: 4, slope: -2 } },
}
const CALIBRATION = {
  model: { name: 'small', digest: 'abc' }, correctness: { intercept: 1, slope: -1 }, readings: {}, cascades: [CURVES],
} as unknown as Calibration
const curves = CALIBRATION.cascades![0]!

const segment = (change: Partial<Segment>): Segment => ({
  startSeconds: 0, endSeconds: 1, text: 'x', words: null, confidence: 0.5, meanLogProbability: -0.5, tokens: [1, 2, 3],
  tokenLogProbabilities: null, stopped: 'end_of_text', agreement: 1, model: 'small', cascade: 'sure', jointLogProbability: null, ...change,
})

t.test('the certainty lies between the transcript and its mean token', (t) => {
  const correctness = probabilityAt(PRIMARY, doubtOf([segment({})]))
  t.ok(Math.abs(certaintyOf(CALIBRATION, LARGER, segment({})) - correctness ** 0.5) < 1e-12, 'four tokens with the end')
  const cut = segment({ stopped: 'token_limit' })
  const ofThree = probabilityAt(PRIMARY, doubtOf([cut])) ** (1 / Math.sqrt(3))
  t.ok(Math.abs(certaintyOf(CALIBRATION, LARGER, cut) - ofThree) < 1e-12)
  const other = { name: 'larger', digest: 'other weights' }
  t.equal(
    certaintyOf(CALIBRATION, other, segment({})), correctnessOf(CALIBRATION, [segment({})])! ** 0.5,
    'without a curve of this pair, by that of the small model',
  )
  t.equal(certaintyOf(null, LARGER, segment({})), Math.exp(-0.5), 'without a calibration')
  t.same([doubtOfBoth(-4), doubtOfBoth(0.1)], [2, 0])
  t.end()
})

t.test('each segment has the curve of the models that judged it; several are right together', (t) => {
  const kept = segment({})
  const escalated = segment({ cascade: 'low_confidence', jointLogProbability: -1, model: 'larger' })
  const of = (...segments: Segment[]): number | null => correctnessWithCascade(CALIBRATION, LARGER, segments)
  t.equal(of(kept), probabilityAt(PRIMARY, doubtOf([kept])))
  t.equal(of(escalated), probabilityAt(ESCALATED, 1))
  t.equal(of(kept, escalated), of(kept)! * of(escalated)!)
  t.equal(of(), null)
  t.equal(of(kept, segment({ cascade: 'empty' })), null, 'one model alone judged it')
  t.end()
})

t.test('a cascade without curves has those of the small model, for transcripts of that model', (t) => {
  const other = { name: 'larger', digest: 'other weights' }
  t.equal(correctnessWithCascade(CALIBRATION, other, [segment({})]), correctnessOf(CALIBRATION, [segment({})]))
  t.equal(correctnessWithCascade(CALIBRATION, other, [segment({ model: 'larger' })]), null)
  t.equal(correctnessWithCascade(null, LARGER, [segment({})]), null)
  t.end()
})

t.test('words of escalated segments have a curve of their own', (t) => {
  const word = { logProbability: -0.3 }
  t.equal(
    correctnessOfEscalatedWord(curves, word, { agreement: 1 }),
    probabilityAt({ intercept: 4, slope: -2 }, doubtOfWord(word, { agreement: 1 })),
  )
  t.equal(correctnessOfEscalatedWord(undefined, word, { agreement: 1 }), null)
  t.end()
})
