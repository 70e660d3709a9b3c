/**
 * Grouped cross-validation: the probabilities of transcripts, or of words, by coefficients that were fitted on other
 * speakers. Clips of one person share a voice and a microphone, so a fold that divided them would overestimate
 * the quality.
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

/** In the order of `labelled`. */
export function crossValidate<T extends Labelled>(labelled: readonly T[]): (T & Predicted)[] {
  const folds = foldsOf(labelled.map(({ speaker }) => speaker))
  const curves = Array.from({ length: FOLDS }, (_, fold) =>
    fitCorrectness(labelled.filter((one) => one.isFitted && folds.get(one.speaker) !== fold)))
  return labelled.map((one) => {
    const curve = curves[folds.get(one.speaker) ?? -1]
    if (curve === undefined) throw new Error(`${one.speaker} is in no fold`)
    return { ...one, probability: probabilityAt(curve, one.doubt) }
  })
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
