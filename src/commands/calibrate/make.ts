/** Labelled transcripts and words → a calibration: fitted coefficients, and figures of held-out speakers. */
import {
  FORMAT, type Calibration, type CascadeCalibration, type Curve, type Held,
} from '../../recognition/confidence/calibration.js'
import { crossValidate, type Labelled } from './cross-validate.js'
import { figuresOf, type Predicted } from './figures.js'
import { fitCorrectness, fitAlternatives, type OtherAlternatives } from './fit.js'

/** What a calibration is made from. */
export interface Material {
  /** As clips are decoded by default. */
  readonly transcripts: readonly Labelled[]
  /** Empty for a model without word times. */
  readonly words: readonly Labelled[]
  /** First of several alternatives, and the others; empty for a model without beam search. */
  readonly first: readonly Labelled[]
  readonly others: readonly OtherAlternatives[]
  /** With a cascade. */
  readonly cascade?: CascadeMaterial | undefined
}

export interface CascadeMaterial {
  readonly larger: CascadeCalibration['larger']
  /** One decoding pass of the small model. */
  readonly primary: readonly Labelled[]
  /** Judged by both models. */
  readonly escalated: readonly Labelled[]
  /** Words of these; empty where the models have no word times. */
  readonly words: readonly Labelled[]
}

/** The fitted curve, the figures of held-out speakers, and the predictions that they are computed from. */
export interface Curves {
  readonly correctness: Curve
  readonly held: Held
  readonly predicted: readonly (Labelled & Predicted)[]
}

export interface Made {
  readonly calibration: Calibration
  readonly transcripts: Curves
  readonly words: Curves | undefined
  readonly first: Curves | undefined
  readonly cascade: CascadeCurves | undefined
}

export interface CascadeCurves {
  readonly larger: CascadeCalibration['larger']
  readonly primary: Curves
  readonly escalated: Curves
  readonly words: Curves | undefined
}

export function makeCalibration(
  { transcripts, words, first, others, cascade }: Material,
  { model, provenance }: Pick<Calibration, 'model' | 'provenance'>, now: Date,
): Made {
  const fitted = transcripts.filter(({ isFitted }) => isFitted)
  const curves = {
    transcripts: fit(transcripts), words: words.length > 0 ? fit(words) : undefined,
    first: first.length > 0 ? fit(first) : undefined,
    cascade: cascade && fitCascade(cascade),
  }
  return {
    ...curves,
    calibration: {
      format: FORMAT, created: now.toISOString(), model, provenance,
      fittedOn: { clips: fitted.length, speakers: new Set(fitted.map(({ speaker }) => speaker)).size },
      correctness: curves.transcripts.correctness,
      readings: { ...fitAlternatives(others), ...curves.first && { first: written(curves.first) } },
      ...curves.words && { words: written(curves.words) },
      held: curves.transcripts.held,
      ...curves.cascade && { cascades: [writtenCascade(curves.cascade)] },
    },
  }
}

function fit(labelled: readonly Labelled[]): Curves {
  const { predicted, folds, leftOut } = crossValidate(labelled)
  const sources = [...new Set(labelled.map(({ source }) => source))].sort()
  return {
    correctness: fitCorrectness(labelled.filter(({ isFitted }) => isFitted)),
    held: {
      folds, leftOut, all: figuresOf(predicted),
      sources: Object.fromEntries(
        sources.map((source) => [source, figuresOf(predicted.filter((one) => one.source === source))]),
      ),
    },
    predicted,
  }
}

function written({ correctness, held }: Curves): Pick<Curves, 'correctness' | 'held'> {
  return { correctness, held }
}

function fitCascade({ larger, primary, escalated, words }: CascadeMaterial): CascadeCurves {
  return {
    larger, primary: fit(primary), escalated: fit(escalated), words: words.length > 0 ? fit(words) : undefined,
  }
}

function writtenCascade({ larger, primary, escalated, words }: CascadeCurves): CascadeCalibration {
  return { larger, primary: written(primary), escalated: written(escalated), ...words && { words: written(words) } }
}
