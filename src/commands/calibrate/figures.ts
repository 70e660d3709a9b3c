/** The quality of probabilities on labelled clips, as `confidence.json` has it. */
import type { Figures } from '../../recognition/confidence/calibration.js'
import {
  auroc, binCountFor, brier, calibrationError, errorByChance, weightedMean, type Outcome,
} from '../../data/statistics/calibration.js'

export interface Predicted extends Outcome {
  readonly speaker: string
}

/** `clips`: at least one. */
export function figuresOf(clips: readonly Predicted[]): Figures {
  const bins = binCountFor(clips.length)
  return {
    clips: clips.length,
    speakers: new Set(clips.map(({ speaker }) => speaker)).size,
    right: clips.filter(({ isRight }) => isRight).length,
    meanProbability: weightedMean(clips, ({ probability }) => probability),
    bins,
    calibrationError: calibrationError(clips, bins),
    errorByChance: errorByChance(clips, bins),
    auroc: auroc(clips),
    brier: brier(clips),
  }
}
