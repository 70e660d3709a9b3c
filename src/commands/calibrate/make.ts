/**
 * Labelled transcripts and words → a calibration: coefficients fitted on all that may be passed on, figures of speakers
 * that were left out.
 */
import { FORMAT, type Calibration, type Curve, type Held } from '../../recognition/confidence/calibration.js'
import { FOLDS, foretell, type Labelled } from './cross-validate.js'
import { figuresOf, type Foretold } from './figures.js'
import { fitCorrectness, fitReadings, type OtherReadings } from './fit.js'

/** What a calibration is made from. */
export interface Material {
  /** As clips are heard by default. */
  readonly transcripts: readonly Labelled[]
  /** Empty where the model cannot say when they were said. */
  readonly words: readonly Labelled[]
  /** Transcripts that stand first among several readings, and what else was read; empty where the model cannot search. */
  readonly first: readonly Labelled[]
  readonly others: readonly OtherReadings[]
}

/** Fitted, and foretold by coefficients that never saw the speaker. */
export interface Curves { readonly correctness: Curve; readonly held: Held; readonly foretold: readonly (Labelled & Foretold)[] }

export interface Made {
  readonly calibration: Calibration
  readonly transcripts: Curves
  readonly words: Curves | undefined
  readonly first: Curves | undefined
}

export function makeCalibration({ transcripts, words, first, others }: Material, { model, provenance }: Pick<Calibration, 'model' | 'provenance'>, now: Date): Made {
  const fitted = transcripts.filter(({ isFitted }) => isFitted)
  const curves = { transcripts: fit(transcripts), words: words.length > 0 ? fit(words) : undefined, first: first.length > 0 ? fit(first) : undefined }
  return {
    ...curves,
    calibration: {
      format: FORMAT, created: now.toISOString(), model, provenance,
      fittedOn: { clips: fitted.length, speakers: new Set(fitted.map(({ speaker }) => speaker)).size },
      correctness: curves.transcripts.correctness,
      readings: { ...fitReadings(others), ...curves.first && { first: written(curves.first) } },
      ...curves.words && { words: written(curves.words) },
      held: curves.transcripts.held,
    },
  }
}

function fit(labelled: readonly Labelled[]): Curves {
  const foretold = foretell(labelled)
  const sources = [...new Set(labelled.map(({ source }) => source))].sort()
  return {
    correctness: fitCorrectness(labelled.filter(({ isFitted }) => isFitted)),
    held: { folds: FOLDS, all: figuresOf(foretold), sources: Object.fromEntries(sources.map((source) => [source, figuresOf(foretold.filter((one) => one.source === source))])) },
    foretold,
  }
}

function written({ correctness, held }: Curves): Pick<Curves, 'correctness' | 'held'> {
  return { correctness, held }
}
