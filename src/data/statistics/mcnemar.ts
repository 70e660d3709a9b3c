/**
 * McNemar's test of two systems that are each right or wrong on the same clips (Psychometrika 1947), exact: only clips
 * on which they differ count, and without a difference between the systems each of those is a fair coin (Dietterich,
 * Neural Computation 1998, recommends it for one test set). Clips count as independent.
 */

export interface McNemar {
  /** Clips on which only that system is right. */
  readonly onlyA: number
  readonly onlyB: number
  /** Two-sided. */
  readonly p: number
}

export function mcNemar(onlyA: number, onlyB: number): McNemar {
  const [clips, fewer] = [onlyA + onlyB, Math.min(onlyA, onlyB)]
  // Logarithm of the binomial probability of `count` of `clips`, from one to the next.
  let logProbability = -clips * Math.LN2
  let tail = 0
  for (let count = 0; count <= fewer; count++) {
    tail += Math.exp(logProbability)
    logProbability += Math.log((clips - count) / (count + 1))
  }
  return { onlyA, onlyB, p: Math.min(1, 2 * tail) }
}
