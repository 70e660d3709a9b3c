/**
 * Grouped cross-validation: the probabilities of transcripts, or of words, by coefficients that were fitted without
 * their source, or, where there are too few sources, without their speakers. Clips of one source share a way of
 * speaking and of recording, those of one person a voice and a microphone, so a fold that divided them would
 * overestimate the quality on new ones.
 */
import { probabilityAt } from '../../recognition/confidence/correctness.js'
import { fitCorrectness, type LabelledDoubt } from './fit.js'
import type { Predicted } from './figures.js'

/** A transcript, or a word of one, whose correctness is known. */
export interface Labelled extends LabelledDoubt {
  readonly speaker: string
  readonly source: string
  /** exp(mean token log-probability), in [0, 1], for comparison. */
  readonly confidence: number
  /** Whether coefficients are fitted on it. */
  readonly isFitted: boolean
}

export const FOLDS = 5
/** With fewer sources, coefficients that are fitted without one of them say little about the others. */
const LEAST_SOURCES = 3

export interface CrossValidated<T> {
  /** In the order of the labelled ones. */
  readonly predicted: readonly (T & Predicted)[]
  readonly folds: number
  /** What is left out together. */
  readonly leftOut: 'source' | 'speaker'
}

export function crossValidate<T extends Labelled>(labelled: readonly T[]): CrossValidated<T> {
  const sources = [...new Set(labelled.map(({ source }) => source))]
  const leftOut = sources.length >= LEAST_SOURCES ? 'source' : 'speaker'
  const foldOfSpeaker = foldsOf(labelled.map(({ speaker }) => speaker))
  const foldOf = ({ source, speaker }: T): number =>
    leftOut === 'source' ? sources.indexOf(source) : foldOfSpeaker.get(speaker)!
  const folds = leftOut === 'source' ? sources.length : FOLDS
  const curves = Array.from({ length: folds }, (_, fold) =>
    fitCorrectness(labelled.filter((one) => one.isFitted && foldOf(one) !== fold)))
  const predicted = labelled.map((one) => ({ ...one, probability: probabilityAt(curves[foldOf(one)]!, one.doubt) }))
  return { predicted, folds, leftOut }
}

/** Speaker → fold: the speakers with most clips first, each to the fold that has fewest clips. */
export function foldsOf(speakers: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const speaker of speakers) counts.set(speaker, (counts.get(speaker) ?? 0) + 1)
  const sizes = new Array<number>(FOLDS).fill(0)
  const sorted = [...counts].sort(([nameA, a], [nameB, b]) => b - a || (nameA < nameB ? -1 : 1))
  return new Map(sorted.map(([speaker, count]) => {
    const fold = sizes.indexOf(Math.min(...sizes))
    sizes[fold]! += count
    return [speaker, fold]
  }))
}
