/**
 * The word error rate of an oracle that picks the best of the first n alternatives of each clip: how much a better
 * choice among them (biasing, a language model, a ranker) could gain at most. The first one is the transcript as it was
 * served.
 */
import { normalizeText } from '../../domain/scoring/normalize.js'
import { alignWords, countErrors, totalErrors } from '../../domain/scoring/word-errors.js'
import type { Evidence } from './causes.js'
import type { ObservedClip } from './clip.js'
import { rateOf, type Rate } from './rate.js'

export const MOST_ALTERNATIVES = 5

export interface OracleRate extends Rate {
  /** Number of alternatives. */
  readonly n: number
}

export interface Oracle {
  readonly rates: readonly OracleRate[]
  /** Wrong clips without an n-best list: uploads of several clips, or without text. They count as they were served. */
  readonly withoutList: number
}

export type Judged = ObservedClip & { readonly evidence: Evidence }

export function oracleOf(clips: readonly Judged[], language: string): Oracle {
  const wrong = clips.filter(({ errors }) => errors > 0)
  const errorsOf = new Map(wrong.map((clip) => [clip, errorsByRank(clip, language)]))
  return {
    rates: Array.from({ length: MOST_ALTERNATIVES }, (_, index) => ({
      n: index + 1,
      ...rateOf(clips.map((clip) => ({ ...clip, errors: errorsOf.get(clip)?.[index] ?? clip.errors }))),
    })),
    withoutList: wrong.filter(({ evidence }) => (evidence.alternatives ?? []).length === 0).length,
  }
}

/** Fewest errors among the first n, for each n. */
function errorsByRank({ errors, reference, evidence }: Judged, language: string): number[] {
  const of = (text: string): number => totalErrors(countErrors(alignWords(reference, normalizeText(text, language))))
  let fewest = errors
  return Array.from({ length: MOST_ALTERNATIVES }, (_, index) => {
    // The first alternative of the beam may differ from what was served, which is what the first rank stands for.
    const text = index === 0 ? undefined : evidence.alternatives?.[index]
    if (index === 1 && evidence.alternatives?.[0] !== undefined) fewest = Math.min(fewest, of(evidence.alternatives[0]))
    if (text !== undefined) fewest = Math.min(fewest, of(text))
    return fewest
  })
}
