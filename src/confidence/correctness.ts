/**
 * A report → the probability that its transcript is right word for word, and what each of several readings has of it.
 *
 * One figure says nearly all that the decoder knows: how unlikely it found the whole transcript, not its mean token.
 * A sentence of ten tokens at 0.95 is wrong more often than a word of two. Where a clip was heard several times and
 * other words came out, the transcript has only its share of the hearings. From that figure to a probability goes a
 * logistic curve of two coefficients (Platt 1999; Guo et al., "On calibration of modern neural networks", ICML 2017,
 * for why a decoder's own probabilities are not to be taken at their word). More figures (the least likely token, the
 * number of words, seconds, signal-to-noise ratio, the gap to the second reading) bought nothing on speakers that were
 * left out: docs/benchmarks.md.
 */
import type { Alternative } from '../phrases.js'
import type { Segment } from '../types.js'
import type { Calibration } from './calibration.js'

type Heard = Pick<Segment, 'meanLogProbability' | 'tokens' | 'stopped' | 'agreement'>

/** Square root of the negative log-probability of all words and of the share of hearings that came to them: 0 is no doubt at all. */
export function doubtOf(segments: readonly Heard[]): number {
  const surprise = segments.reduce((sum, { meanLogProbability, tokens, stopped, agreement }) => {
    const decoded = tokens.length + (stopped === 'end_of_text' ? 1 : 0)
    return sum - meanLogProbability * decoded - Math.log(agreement)
  }, 0)
  return Math.sqrt(Math.max(0, surprise))
}

/** In [0, 1]; null without text, without a calibration, and where another model's words are among it. */
export function correctnessOf(calibration: Calibration | null | undefined, segments: readonly (Heard & Pick<Segment, 'model'>)[]): number | null {
  if (!calibration || segments.length === 0) return null
  if (segments.some(({ model }) => model !== calibration.model.name)) return null
  return probabilityAt(calibration.correctness, doubtOf(segments))
}

export function probabilityAt({ intercept, slope }: Calibration['correctness'], doubt: number): number {
  return 1 / (1 + Math.exp(-(intercept + slope * doubt)))
}

/**
 * What each reading has of the whole, in their order: the first, which is the transcript, its own probability; the
 * others together as much as they deserve where the transcript is wrong, by a softmax over their log-probabilities.
 * The sum is at most 1: what is left is that none is right.
 */
export function sharesOf(calibration: Calibration, correctness: number, readings: readonly Pick<Alternative, 'logProbability'>[]): number[] {
  const { temperature, elsewhere } = calibration.readings
  const [, ...others] = readings
  const best = Math.max(...others.map(({ logProbability }) => logProbability))
  const weights = others.map(({ logProbability }) => Math.exp((logProbability - best) / temperature))
  const whole = weights.reduce((sum, weight) => sum + weight, 0)
  return readings.map((_, index) => index === 0 ? correctness : (1 - correctness) * elsewhere * weights[index - 1]! / whole)
}
