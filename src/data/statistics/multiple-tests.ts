/** Several tests at once: of twenty slices that do not differ, one has p < 0.05 by chance. */

/**
 * p-values that hold for all tests together (Holm, Scandinavian Journal of Statistics 1979): the smallest times n, the
 * next times n − 1, and so on, never falling. In the order of `pValues`.
 */
export function holm(pValues: readonly number[]): number[] {
  const adjusted = new Array<number>(pValues.length)
  let highest = 0
  for (const [rank, { p, index }] of pValues.map((p, index) => ({ p, index })).sort((x, y) => x.p - y.p).entries()) {
    highest = Math.max(highest, Math.min(1, p * (pValues.length - rank)))
    adjusted[index] = highest
  }
  return adjusted
}
