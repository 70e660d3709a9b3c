/**
 * Probabilities of transcripts, or of words, by coefficients that never saw their speakers. Clips of one person share a voice and a
 * microphone: a fold that held some of them and left out others would promise too much (grouped cross-validation).
 */
import { probabilityAt } from '../../recognition/confidence/correctness.js'
import { fitCorrectness, type Judged } from './fit.js'
import type { Foretold } from './figures.js'

/** A transcript, or a word of one. */
export interface Labelled extends Judged {
  readonly speaker: string
  readonly source: string
  /** exp(mean token log-probability), to compare with. */
  readonly confidence: number
  /** Whether coefficients may be fitted on it. */
  readonly isFitted: boolean
}

export const FOLDS = 5

/** In the order of `labelled`. */
export function foretell<T extends Labelled>(labelled: readonly T[]): (T & Foretold)[] {
  const folds = foldsOf(labelled.map(({ speaker }) => speaker))
  const coefficients = Array.from({ length: FOLDS }, (_, fold) => fitCorrectness(labelled.filter((one) => one.isFitted && folds.get(one.speaker) !== fold)))
  return labelled.map((one) => ({ ...one, probability: probabilityAt(coefficients[folds.get(one.speaker)!]!, one.doubt) }))
}

/** Those with most clips first, each to the fold that has fewest. */
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
