/**
 * The word error rate of an oracle that picks the best of the first n alternatives of each clip: how much a better
 * choice among them (biasing, a language model, a ranker) could gain at most. The first one is the transcript as it was
 * served.
 */
import type { Evidence } from './causes.js'
import type { ObservedClip } from './clip.js'
import { errorsOf } from './explained.js'
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
  const ranked = new Map(wrong.map((clip) => [clip, errorsByRank(clip, language)]))
  return {
    rates: Array.from({ length: MOST_ALTERNATIVES }, (_, index) => ({
      n: index + 1,
      ...rateOf(clips.map((clip) => ({ ...clip, errors: ranked.get(clip)?.[index] ?? clip.errors }))),
    })),
    withoutList: wrong.filter(({ evidence }) => (evidence.alternatives ?? []).length === 0).length,
  }
}

/**
 * Fewest errors among the first n, for each n. The first alternative of the beam may differ from what was served, which
 * is what the first rank stands for.
 */
function errorsByRank(clip: Judged, language: string): number[] {
  const found = (clip.evidence.alternatives ?? []).map((text) => errorsOf(clip, text, language))
  return Array.from({ length: MOST_ALTERNATIVES }, (_, index) =>
    index === 0 ? clip.errors : Math.min(clip.errors, ...found.slice(0, index + 1)))
}
