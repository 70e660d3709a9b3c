/**
 * Cohen's kappa: agreement of two raters beyond chance, (observed − expected) / (1 − expected), where the expected
 * agreement is that of raters who choose at random with the frequencies of their own categories (Cohen 1960, "A
 * coefficient of agreement for nominal scales").
 */

/** One item: the categories that the two raters chose. */
export type Rated = readonly [first: string, second: string]

export interface Kappa {
  readonly items: number
  /** Share of items with equal categories. */
  readonly observed: number
  /** Share that chance would give. */
  readonly expected: number
  /** In [-1, 1]; null where chance alone gives full agreement: both raters used one category. */
  readonly kappa: number | null
}

/** Null without items. */
export function cohensKappa(items: readonly Rated[]): Kappa | null {
  if (items.length === 0) return null
  const counts = new Map<string, [first: number, second: number]>()
  let equal = 0
  for (const [first, second] of items) {
    countOf(counts, first)[0]++
    countOf(counts, second)[1]++
    if (first === second) equal++
  }
  const products = [...counts.values()].reduce((sum, [first, second]) => sum + first * second, 0)
  const observed = equal / items.length
  const expected = products / items.length ** 2
  const kappa = products === items.length ** 2 ? null : (observed - expected) / (1 - expected)
  return { items: items.length, observed, expected, kappa }
}

function countOf(counts: Map<string, [number, number]>, category: string): [number, number] {
  let count = counts.get(category)
  if (count === undefined) {
    count = [0, 0]
    counts.set(category, count)
  }
  return count
}
