/**
 * Places of errors: runs of words in which label and transcript differ. Errors near each other have one cause, so a
 * place is what a cause is assigned to.
 *
 * Positions count the gaps between words as well as the words: the gap before the first word is 0, the first word 1,
 * the gap after it 2. They depend on the label alone, so a place can be found in the alignment of any other transcript
 * with the same label.
 */
import type { Edit } from '../../domain/scoring/word-errors.js'
import { errorsByPosition } from '../statistics/matched-pairs.js'

export interface Place {
  /** First and last position with an error. */
  readonly first: number
  readonly last: number
  /** Words of the label, normalized; empty where the transcript has more. */
  readonly said: readonly string[]
  /** Words of the transcript in their place. */
  readonly heard: readonly string[]
  /** Substitutions, deletions and insertions. */
  readonly errors: number
}

export function placesOf(edits: readonly Edit[]): Place[] {
  const places: Place[] = []
  let position = 0
  let open: { first: number; last: number; said: string[]; heard: string[]; errors: number } | undefined
  for (const { kind, reference, hypothesis } of edits) {
    const at = kind === 'insertion' ? position : position + 1
    if (kind !== 'insertion') position += 2
    if (kind === 'match') {
      if (open !== undefined) places.push(open)
      open = undefined
      continue
    }
    open ??= { first: at, last: at, said: [], heard: [], errors: 0 }
    open.last = at
    open.errors++
    if (reference !== null) open.said.push(reference)
    if (hypothesis !== null) open.heard.push(hypothesis)
  }
  if (open !== undefined) places.push(open)
  return places
}

/** Whether another transcript has no error there, nor in the gaps beside the words of the place. */
export function isRightAt({ first, last }: Place, edits: readonly Edit[]): boolean {
  const errors = errorsByPosition(edits)
  const [from, to] = [first - first % 2, last + last % 2]
  return errors.slice(from, to + 1).every((count) => count === 0)
}

/** Whether another transcript has the same wrong words in this place. */
export function isHeardAlike({ first, last, heard }: Place, edits: readonly Edit[]): boolean {
  return placesOf(edits).some((other) =>
    other.first === first && other.last === last && other.heard.join(' ') === heard.join(' '))
}
