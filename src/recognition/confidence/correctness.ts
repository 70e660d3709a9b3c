/**
 * Calibrated confidence: a report → the probability that its transcript is right word for word, that each of its words
 * is right, and the posterior of each of several alternatives.
 *
 * Nearly all that the decoder knows is in one figure, the log-probability of the whole transcript, not that of its mean
 * token: a sentence of ten tokens at 0.95 is wrong more often than a word of two. Where several decoding passes gave
 * different words, the share of the passes that agree is a factor. Where a beam search returned alternatives, the share
 * of the transcript among them is known too, and says more. A logistic curve of two coefficients turns this doubt into
 * a probability (logistic calibration, Platt 1999; Guo et al., "On calibration of modern neural networks", ICML 2017,
 * show that the probabilities of a network are not calibrated by themselves). Further features gained nothing on
 * held-out speakers: docs/benchmarks.md.
 */
import type { Alternative } from '../../domain/phrases.js'
import type { Segment } from '../../domain/transcript.js'
import type { Word } from '../../domain/words.js'
import type { Calibration, Curve } from './calibration.js'

/** What the doubt about a transcript is computed from. */
export type DecodedSegment = Pick<Segment, 'meanLogProbability' | 'tokens' | 'stopped' | 'agreement'>
type ScoredAlternative = Pick<Alternative, 'logProbability'>

/** Weight of the surprisal due to alternatives against that of the transcript; 2 to 16 do nearly as well. */
const ALTERNATIVES_WEIGHT = 4

/**
 * Square root of the surprisal: of all tokens, of the share of decoding passes with these words, and of the share of
 * the transcript among its alternatives, where there are several. 0: no doubt.
 */
export function doubtOf(
  segments: readonly DecodedSegment[], alternatives: readonly ScoredAlternative[] = [],
): number {
  const surprisal = segments.reduce((sum, { meanLogProbability, tokens, stopped, agreement }) => {
    const decoded = tokens.length + (stopped === 'end_of_text' ? 1 : 0)
    return sum - meanLogProbability * decoded - Math.log(agreement)
  }, 0)
  return Math.sqrt(Math.max(0, surprisal) + ALTERNATIVES_WEIGHT * surprisalOfFirst(alternatives))
}

/** Negative logarithm of the share that the first alternative has of the probability of all. */
function surprisalOfFirst([first, ...others]: readonly ScoredAlternative[]): number {
  if (first === undefined) return 0
  const odds = others.reduce((sum, { logProbability }) => sum + Math.exp(logProbability - first.logProbability), 0)
  return Math.log1p(odds)
}

/** Fourth root of the surprisal of a word and of the share of decoding passes with the words of its segment. */
export function doubtOfWord(
  { logProbability }: Pick<Word, 'logProbability'>, { agreement }: Pick<Segment, 'agreement'>,
): number {
  return Math.max(0, -logProbability - Math.log(agreement)) ** 0.25
}

/**
 * In [0, 1]; null without text, without a calibration, and if some segment is from another model. `alternatives` are
 * those of a beam search without biasing.
 */
export function correctnessOf(
  calibration: Calibration | null | undefined, segments: readonly (DecodedSegment & Pick<Segment, 'model'>)[],
  alternatives: readonly ScoredAlternative[] = [],
): number | null {
  if (!calibration || segments.length === 0) return null
  if (segments.some(({ model }) => model !== calibration.model.name)) return null
  const { first } = calibration.readings
  if (first === undefined || alternatives.length === 0) {
    return probabilityAt(calibration.correctness, doubtOf(segments))
  }
  return probabilityAt(first.correctness, doubtOf(segments, alternatives))
}

/** In [0, 1]; null without a calibration of words, and for words of another model. */
export function correctnessOfWord(
  calibration: Calibration | null | undefined, word: Pick<Word, 'logProbability'>,
  segment: Pick<Segment, 'agreement' | 'model'>,
): number | null {
  if (!calibration?.words || segment.model !== calibration.model.name) return null
  return probabilityAt(calibration.words.correctness, doubtOfWord(word, segment))
}

/** The logistic curve. */
export function probabilityAt({ intercept, slope }: Curve, doubt: number): number {
  return 1 / (1 + Math.exp(-(intercept + slope * doubt)))
}

/**
 * Posterior of each alternative, in their order. That of the first, the transcript, is its correctness. The others
 * share the probability that the transcript is wrong and one of them is right, by a softmax with temperature over their
 * log-probabilities. The sum is at most 1; the rest is the probability that none is right.
 */
export function posteriorsOf(
  calibration: Calibration, correctness: number, alternatives: readonly ScoredAlternative[],
): number[] {
  const { temperature, elsewhere } = calibration.readings
  const [, ...others] = alternatives
  const best = Math.max(...others.map(({ logProbability }) => logProbability))
  const weights = others.map(({ logProbability }) => Math.exp((logProbability - best) / temperature))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return alternatives.map((_, index) =>
    index === 0 ? correctness : (1 - correctness) * elsewhere * weights[index - 1]! / total)
}
