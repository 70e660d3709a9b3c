/** Figures that a few wrong clips do not move: medians, and the median absolute deviation as a measure of spread. */

/** MAD of a normal distribution is 0.6745 of its standard deviation (Huber 1981, "Robust Statistics", §5). */
const MAD_TO_DEVIATION = 1.4826

export interface Spread {
  readonly count: number
  readonly median: number
  /** Robust estimate of the standard deviation. */
  readonly deviation: number
}

/** Of at least one value. */
export function spreadOf(values: readonly number[]): Spread {
  const median = quantile(values, 0.5)
  const deviation = MAD_TO_DEVIATION * quantile(values.map((value) => Math.abs(value - median)), 0.5)
  return { count: values.length, median, deviation }
}

/** Linear between the nearest two (type 7 of Hyndman & Fan 1996); NaN of nothing. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort()
  const at = share * (sorted.length - 1)
  const low = sorted[Math.floor(at)] ?? NaN
  return low + (at - Math.floor(at)) * ((sorted[Math.ceil(at)] ?? low) - low)
}
