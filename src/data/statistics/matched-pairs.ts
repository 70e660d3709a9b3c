/**
 * The matched-pairs sentence-segment word error test, MAPSSWE (Gillick & Cox, ICASSP 1989), with the segments of
 * sclite and sc_stats (NIST SCTK).
 *
 * Errors near each other depend on each other, because a wrong word misleads a decoder about the next. A segment
 * therefore begins at the first error of either system and ends where both had two words in a row right, or at the end
 * of the utterance; the test assumes that segments are independent. It knows no speakers: where one system suits some
 * speakers better, only a bootstrap by speaker is right.
 */
import type { Edit } from '../../domain/scoring/word-errors.js'
import { normalTail } from './distributions.js'

/** Errors of both systems in one segment; at least one of them has some. */
export interface Segment { readonly errorsA: number; readonly errorsB: number }

export interface MatchedPairs {
  readonly segments: number
  /** Mean of errors of B less those of A in a segment; 0 without segments. */
  readonly mean: number
  /** Mean over its standard error; infinite where all segments differ by the same number. */
  readonly z: number
  /** Two-sided. */
  readonly p: number
}

/** Words in a row that both systems must have right, as in sclite. */
const WORDS_BETWEEN = 2

/** Segments of one utterance. Both alignments must be of the same reference. */
export function segmentsOf(editsA: readonly Edit[], editsB: readonly Edit[]): Segment[] {
  const [a, b] = [errorsByPosition(editsA), errorsByPosition(editsB)]
  if (a.length !== b.length) throw new RangeError('the alignments are of references of different lengths')
  const segments: Segment[] = []
  let [errorsA, errorsB, right] = [0, 0, 0]
  const close = (): void => {
    if (errorsA + errorsB > 0) segments.push({ errorsA, errorsB })
    errorsA = errorsB = right = 0
  }
  for (const [position, here] of a.entries()) {
    const there = b[position]!
    errorsA += here
    errorsB += there
    // Even positions lie between words, where only insertions are: no word there is right.
    if (here + there > 0) right = 0
    else if (position % 2 === 1 && ++right >= WORDS_BETWEEN) close()
  }
  close()
  return segments
}

/** Errors at each place of the reference: before the first word, at it, after it, at the second word, … */
export function errorsByPosition(edits: readonly Edit[]): number[] {
  const errors = [0]
  for (const { kind } of edits) {
    if (kind === 'insertion') errors[errors.length - 1]! += 1
    else errors.push(kind === 'match' ? 0 : 1, 0)
  }
  return errors
}

/** Where all differences are equal their variance is 0, and p is that of the exact randomization test, 2 / 2ⁿ. */
export function matchedPairsTest(segments: readonly Segment[]): MatchedPairs {
  const differences = segments.map(({ errorsA, errorsB }) => errorsB - errorsA)
  const count = differences.length
  const mean = count === 0 ? 0 : sum(differences) / count
  if (mean === 0) return { segments: count, mean: 0, z: 0, p: 1 }
  const variance = count < 2 ? 0 : sum(differences.map((one) => (one - mean) ** 2)) / (count - 1)
  if (variance === 0) return { segments: count, mean, z: Math.sign(mean) * Infinity, p: Math.min(1, 2 ** (1 - count)) }
  const z = mean / Math.sqrt(variance / count)
  return { segments: count, mean, z, p: 2 * normalTail(Math.abs(z)) }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
