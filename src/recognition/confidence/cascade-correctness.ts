/**
 * Calibrated confidence with a cascade. Two curves replace that of the small model: one for its first decoding pass,
 * which decides whether a clip is escalated, and one for transcripts that both models have judged. The doubt of both
 * models is the surprisal by their joint log-probability (joint-scores.ts). On sources that it was not fitted on, it is
 * calibrated better than that of the small model (docs/benchmarks/confidence.md).
 */
import { meanLogProbability } from '../../domain/log-probability.js'
import { isEscalation, type Segment } from '../../domain/transcript.js'
import type { WordWithCorrectness } from '../../domain/words.js'
import type { ClipTranscript } from '../stages.js'
import type { CalibratedModel, Calibration, CascadeCalibration } from './calibration.js'
import { correctnessOf, doubtOf, doubtOfWord, probabilityAt, type DecodedSegment } from './correctness.js'

/** The model that is asked, by its name and the digest of its weights. */
type LargerModel = Pick<Partial<CalibratedModel>, 'digest'> & Pick<CalibratedModel, 'name'>
type CascadeSegment = DecodedSegment & Pick<Segment, 'model' | 'cascade' | 'jointLogProbability'>

/** Undefined without a calibration for this pair of weights. */
export function cascadeCurvesOf(
  calibration: Calibration | null | undefined, larger: LargerModel,
): CascadeCalibration | undefined {
  return calibration?.cascades?.find(({ larger: { name, digest } }) => name === larger.name && digest === larger.digest)
}

/** Square root of the surprisal by both models. */
export function doubtOfBoth(jointLogProbability: number): number {
  return Math.sqrt(Math.max(0, -jointLogProbability))
}

function correctnessOfPrimary({ primary }: CascadeCalibration, transcript: DecodedSegment): number {
  return probabilityAt(primary.correctness, doubtOf([transcript]))
}

/**
 * What is compared with the threshold of a cascade: the correctness of a transcript of the small model to the power of
 * 1 / √tokens, the end of the text included. It lies between the probability that all of the transcript is right, which
 * is low for every long one, and that of its mean token, which is high for long ones with several errors
 * (`npm run bench -- cascade`). Without a calibration, the confidence of the transcript.
 */
export function certaintyOf(
  calibration: Calibration | null | undefined, larger: LargerModel,
  transcript: DecodedSegment & Pick<Segment, 'model'>,
): number {
  const curves = cascadeCurvesOf(calibration, larger)
  const correctness = curves === undefined
    ? correctnessOf(calibration, [transcript])
    : correctnessOfPrimary(curves, transcript)
  if (correctness === null) return Math.exp(transcript.meanLogProbability)
  const decoded = transcript.tokens.length + (transcript.stopped === 'end_of_text' ? 1 : 0)
  return correctness ** (1 / Math.sqrt(Math.max(1, decoded)))
}

/**
 * Probability that all segments are right, in [0, 1]: the product of theirs. Null without a calibration of the cascade,
 * where one was decoded by one model alone although it was escalated, and without segments.
 */
export function correctnessWithCascade(
  calibration: Calibration | null | undefined, larger: LargerModel, segments: readonly CascadeSegment[],
): number | null {
  const curves = cascadeCurvesOf(calibration, larger)
  if (curves === undefined) return correctnessOf(calibration, segments)
  const probabilities = segments.map((segment) => correctnessOfSegment(curves, segment))
  if (probabilities.length === 0 || probabilities.includes(null)) return null
  return probabilities.reduce<number>((product, probability) => product * probability!, 1)
}

function correctnessOfSegment(curves: CascadeCalibration, segment: CascadeSegment): number | null {
  const { cascade, jointLogProbability } = segment
  if (cascade === null || !isEscalation(cascade)) return correctnessOfPrimary(curves, segment)
  return jointLogProbability === null
    ? null
    : probabilityAt(curves.escalated.correctness, doubtOfBoth(jointLogProbability))
}

/** Of the transcript of one clip; null without a calibration. */
export function correctnessOfTranscript(
  calibration: Calibration | null | undefined, larger: LargerModel | undefined,
  { hypothesis, agreement, model, escalation }: ClipTranscript,
): number | null {
  const { logProbabilities, tokens, stopped } = hypothesis
  const segment = { meanLogProbability: meanLogProbability(logProbabilities), tokens, stopped, agreement, model }
  if (larger === undefined) return correctnessOf(calibration, [segment])
  const { reason = null, jointLogProbability = null } = escalation ?? {}
  return correctnessWithCascade(calibration, larger, [{ ...segment, cascade: reason, jointLogProbability }])
}

/** Of a word in an escalated segment; null without a calibration. */
export function correctnessOfEscalatedWord(
  curves: CascadeCalibration | undefined, word: Pick<WordWithCorrectness, 'logProbability'>,
  segment: Pick<Segment, 'agreement'>,
): number | null {
  return curves?.words ? probabilityAt(curves.words.correctness, doubtOfWord(word, segment)) : null
}
