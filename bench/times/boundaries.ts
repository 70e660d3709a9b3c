/** Recognized words beside words whose times are known: the error of each boundary. */
import { alignWords } from '../../src/domain/scoring/word-errors.js'
import type { Word } from '../../src/domain/words.js'
import { median, percentile } from '../../fixtures/kit/statistics.js'
import type { KnownWord } from './timed-clips.js'

/** Found less known, in seconds; of the words that were recognized. */
export interface BoundaryErrors {
  readonly starts: readonly number[]
  readonly ends: readonly number[]
  readonly recognized: number
  readonly words: number
}

export interface BoundaryScore {
  readonly words: number
  readonly recognized: number
  readonly boundaries: number
  readonly medianMs: number
  readonly percentile95Ms: number
  readonly within200Share: number
  /** Medians with their sign: late is positive. */
  readonly startBiasMs: number
  readonly endBiasMs: number
}

const FAR_SECONDS = 0.2

export function compareBoundaries(known: readonly KnownWord[], found: readonly Word[]): BoundaryErrors {
  const starts: number[] = []
  const ends: number[] = []
  let [at, foundAt, recognized] = [0, 0, 0]
  for (const { kind } of alignWords(known.map(({ text }) => plain(text)), found.map(({ text }) => plain(text)))) {
    const [word, own] = [known[at], found[foundAt]]
    if (kind === 'match' && word !== undefined && own !== undefined) {
      if (word.startSeconds !== null) starts.push(own.startSeconds - word.startSeconds)
      if (word.endSeconds !== null) ends.push(own.endSeconds - word.endSeconds)
      recognized++
    }
    if (kind !== 'insertion') at++
    if (kind !== 'deletion') foundAt++
  }
  return { starts, ends, recognized, words: known.length }
}

export function scoreBoundaries(errors: readonly BoundaryErrors[]): BoundaryScore {
  const starts = errors.flatMap((one) => one.starts)
  const ends = errors.flatMap((one) => one.ends)
  const sizes = [...starts, ...ends].map(Math.abs)
  return {
    words: errors.reduce((sum, { words }) => sum + words, 0),
    recognized: errors.reduce((sum, { recognized }) => sum + recognized, 0),
    boundaries: sizes.length,
    medianMs: 1000 * median(sizes),
    percentile95Ms: 1000 * percentile(sizes, 0.95),
    within200Share: sizes.filter((size) => size <= FAR_SECONDS).length / sizes.length,
    startBiasMs: 1000 * median(starts),
    endBiasMs: 1000 * median(ends),
  }
}

function plain(text: string): string {
  return text.toLowerCase().replace(/[^\p{L}\p{N}']/gu, '')
}
