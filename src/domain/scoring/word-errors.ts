/**
 * Word errors by Levenshtein alignment: the fewest substitutions, deletions and insertions that turn the reference
 * into the hypothesis, each costing one (NIST's sclite weighs a substitution 4/3 of the others; the count of errors
 * is the same in almost every case, and plain costs are what other tools report).
 */

export type EditKind = 'match' | 'substitution' | 'deletion' | 'insertion'

/** One step of an alignment; a deletion has no hypothesis word, an insertion no reference word. */
export interface Edit {
  readonly kind: EditKind
  readonly reference: string | null
  readonly hypothesis: string | null
}

export interface ErrorCounts {
  /** Words of the reference. */
  readonly words: number
  readonly substitutions: number
  readonly deletions: number
  readonly insertions: number
}

export function alignWords(reference: readonly string[], hypothesis: readonly string[]): Edit[] {
  const costs = editCosts(reference, hypothesis)
  const width = hypothesis.length + 1
  const edits: Edit[] = []
  let row = reference.length
  let column = hypothesis.length
  while (row > 0 || column > 0) {
    const here = costs[row * width + column]!
    const same = row > 0 && column > 0 && reference[row - 1] === hypothesis[column - 1]
    if (row > 0 && column > 0 && here === costs[(row - 1) * width + column - 1]! + (same ? 0 : 1)) {
      edits.push({
        kind: same ? 'match' : 'substitution', reference: reference[--row]!, hypothesis: hypothesis[--column]!,
      })
    } else if (row > 0 && here === costs[(row - 1) * width + column]! + 1) {
      edits.push({ kind: 'deletion', reference: reference[--row]!, hypothesis: null })
    } else {
      edits.push({ kind: 'insertion', reference: null, hypothesis: hypothesis[--column]! })
    }
  }
  return edits.reverse()
}

export function countErrors(edits: readonly Edit[]): ErrorCounts {
  const count = (kind: EditKind): number => edits.filter((edit) => edit.kind === kind).length
  const insertions = count('insertion')
  return {
    words: edits.length - insertions, substitutions: count('substitution'), deletions: count('deletion'), insertions,
  }
}

export function totalErrors({ substitutions, deletions, insertions }: ErrorCounts): number {
  return substitutions + deletions + insertions
}

/** Row-major [reference words + 1, hypothesis words + 1]: fewest edits between the first words of each. */
function editCosts(reference: readonly string[], hypothesis: readonly string[]): Uint32Array {
  const width = hypothesis.length + 1
  const costs = new Uint32Array((reference.length + 1) * width)
  for (let column = 1; column < width; column++) costs[column] = column
  for (let row = 1; row <= reference.length; row++) {
    costs[row * width] = row
    for (let column = 1; column < width; column++) {
      const substituted = costs[(row - 1) * width + column - 1]! + (reference[row - 1] === hypothesis[column - 1]
        ? 0
        : 1)
      const deleted = costs[(row - 1) * width + column]! + 1
      const inserted = costs[row * width + column - 1]! + 1
      costs[row * width + column] = Math.min(substituted, deleted, inserted)
    }
  }
  return costs
}
