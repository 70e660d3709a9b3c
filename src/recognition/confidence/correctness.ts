/**
 * A report → the probability that its transcript is right word for word, that each of its words is, and what each of
 * several readings has of it.
 *
 * One figure says nearly all that the decoder knows: how unlikely it found the whole transcript, not its mean token.
 * A sentence of ten tokens at 0.95 is wrong more often than a word of two. Where a clip was heard several times and
 * other words came out, the transcript has only its share of the hearings. Where several readings were searched for,
 * what else the clip may say is known too, and says more. From that figure to a probability goes a logistic curve of
 * two coefficients (Platt 1999; Guo et al., "On calibration of modern neural networks", ICML 2017, for why a decoder's
 * own probabilities are not to be taken at their word). What else was tried bought nothing on speakers that were left
 * out: docs/benchmarks.md.
 */
import type { Alternative } from '../../domain/phrases.js'
import type { Segment } from '../../domain/transcript.js'
import type { Word } from '../../domain/words.js'
import type { Calibration, Curve } from './calibration.js'

type Heard = Pick<Segment, 'meanLogProbability' | 'tokens' | 'stopped' | 'agreement'>
type Likely = Pick<Alternative, 'logProbability'>

/** What other readings make surprising counts for more than what the transcript itself does; any number from 2 to 16 does nearly as well. */
const OTHERS_WEIGH = 4

/**
 * Square root of the negative log-probability of all words, of the share of hearings that came to them, and of the
 * share that the transcript has among its readings, where there are several: 0 is no doubt at all.
 */
export function doubtOf(segments: readonly Heard[], readings: readonly Likely[] = []): number {
  const surprise = segments.reduce((sum, { meanLogProbability, tokens, stopped, agreement }) => {
    const decoded = tokens.length + (stopped === 'end_of_text' ? 1 : 0)
    return sum - meanLogProbability * decoded - Math.log(agreement)
  }, 0)
  return Math.sqrt(Math.max(0, surprise) + OTHERS_WEIGH * othersOver(readings))
}

/** Negative logarithm of the share that the first reading has of all. */
function othersOver([first, ...others]: readonly Likely[]): number {
  if (first === undefined) return 0
  return Math.log1p(others.reduce((sum, { logProbability }) => sum + Math.exp(logProbability - first.logProbability), 0))
}

/** Fourth root of the negative log-probability of a word and of the share of hearings that came to the transcript. */
export function doubtOfWord({ logProbability }: Pick<Word, 'logProbability'>, { agreement }: Pick<Segment, 'agreement'>): number {
  return Math.max(0, -logProbability - Math.log(agreement)) ** 0.25
}

/**
 * In [0, 1]; null without text, without a calibration, and where another model's words are among it. `readings` are
 * those of a search for nothing but readings.
 */
export function correctnessOf(calibration: Calibration | null | undefined, segments: readonly (Heard & Pick<Segment, 'model'>)[], readings: readonly Likely[] = []): number | null {
  if (!calibration || segments.length === 0) return null
  if (segments.some(({ model }) => model !== calibration.model.name)) return null
  const { first } = calibration.readings
  if (first === undefined || readings.length === 0) return probabilityAt(calibration.correctness, doubtOf(segments))
  return probabilityAt(first.correctness, doubtOf(segments, readings))
}

/** In [0, 1]; null without a calibration for words, and for words of another model. */
export function correctnessOfWord(calibration: Calibration | null | undefined, word: Pick<Word, 'logProbability'>, segment: Pick<Segment, 'agreement' | 'model'>): number | null {
  if (!calibration?.words || segment.model !== calibration.model.name) return null
  return probabilityAt(calibration.words.correctness, doubtOfWord(word, segment))
}

export function probabilityAt({ intercept, slope }: Curve, doubt: number): number {
  return 1 / (1 + Math.exp(-(intercept + slope * doubt)))
}

/**
 * What each reading has of the whole, in their order: the first, which is the transcript, its own probability; the
 * others together as much as they deserve where the transcript is wrong, by a softmax over their log-probabilities.
 * The sum is at most 1: what is left is that none is right.
 */
export function sharesOf(calibration: Calibration, correctness: number, readings: readonly Likely[]): number[] {
  const { temperature, elsewhere } = calibration.readings
  const [, ...others] = readings
  const best = Math.max(...others.map(({ logProbability }) => logProbability))
  const weights = others.map(({ logProbability }) => Math.exp((logProbability - best) / temperature))
  const whole = weights.reduce((sum, weight) => sum + weight, 0)
  return readings.map((_, index) => index === 0 ? correctness : (1 - correctness) * elsewhere * weights[index - 1]! / whole)
}
