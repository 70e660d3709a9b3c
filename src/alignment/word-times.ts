/**
 * A transcript and what the decoder attended to while it wrote it → when each word was said.
 *
 * Tokens and frames are put beside each other by dynamic time warping, so that words come one after the other and
 * every frame belongs to somebody. A word lasts from the first frame of its first sounding token to the last of its
 * last one; frames of marks, and of the end, are pauses.
 */
import type { Attention } from '../runtime/alignment-graph.js'
import type { Word } from '../words.js'
import { misfit } from './attention.js'
import { groupPieces } from './grouping.js'
import { cheapestWay } from './time-warping.js'

/** Seconds: where the first frame lies, and from one to the next. */
export interface FrameClock { readonly firstSeconds: number; readonly stepSeconds: number }

/** What was written: for each token the text that it adds and its log-probability. */
export interface Written { readonly pieces: readonly string[]; readonly logProbabilities: readonly number[] }

/** `attention` has a row for each token of the prompt and of the transcript. Times are seconds from where the clock begins. */
export function timeWords(attention: Attention, { pieces, logProbabilities }: Written, { firstSeconds, stepSeconds }: FrameClock): Word[] {
  const groups = groupPieces(pieces)
  if (groups.length === 0 || attention.frames === 0) return []
  const { values, rows, columns } = misfit(attention)
  // What a token sounds like is looked for where it is chosen: in the row before its own. The last row looks for the end.
  const begin = rows - pieces.length - 1
  const { first, last } = cheapestWay({ values: values.subarray(begin * columns), rows: rows - begin, columns })
  return groups.map(({ text, sounding }) => ({
    text,
    startSeconds: firstSeconds + (first[sounding[0]!]! - 0.5) * stepSeconds,
    endSeconds: firstSeconds + (last[sounding.at(-1)!]! + 0.5) * stepSeconds,
    confidence: Math.exp(sounding.reduce((sum, token) => sum + logProbabilities[token]!, 0) / sounding.length),
  }))
}
