/**
 * Tail probabilities and quantiles of the normal distribution and of Student's t, to about 1e-14. The tests compare
 * them with tabulated values.
 */

/** P(Z > z) of the standard normal distribution. */
export function normalTail(z: number): number {
  if (z < 0) return 1 - normalTail(-z)
  return z < SERIES_TO ? 0.5 - density(z) * centralSeries(z) : density(z) / millsFraction(z)
}

/** The z with P(Z > z) = `tail`; `tail` in (0, 1). */
export function normalQuantile(tail: number): number {
  return solve((z) => normalTail(z), tail, -FARTHEST_Z, FARTHEST_Z)
}

/** P(T > t) of Student's t with `freedom` ≥ 1 whole degrees: the finite sums of Abramowitz & Stegun, 26.7.3 and .4. */
export function studentTail(t: number, freedom: number): number {
  const angle = Math.atan(Math.abs(t) / Math.sqrt(freedom))
  const [sine, cosine] = [Math.sin(angle), Math.cos(angle)]
  const isOdd = freedom % 2 === 1
  let term = isOdd ? cosine : 1
  let sum = freedom === 1 ? 0 : term
  for (let power = isOdd ? 3 : 2; power <= freedom - 2; power += 2) {
    term *= (power - 1) / power * cosine ** 2
    sum += term
  }
  const central = isOdd ? 2 / Math.PI * (angle + sine * sum) : sine * sum
  return t < 0 ? (1 + central) / 2 : (1 - central) / 2
}

/** The t with P(T > t) = `tail`; `tail` in (0, 1). */
export function studentQuantile(tail: number, freedom: number): number {
  return solve((t) => studentTail(t, freedom), tail, -FARTHEST_T, FARTHEST_T)
}

/** Below, the series converges quickly; above, the continued fraction. */
const SERIES_TO = 3
const FARTHEST_Z = 38
const FARTHEST_T = 1e6
const HALVINGS = 100
const FRACTION_DEPTH = 80

function density(z: number): number {
  return Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI)
}

/** P(0 < Z < z) over the density: z + z³/3 + z⁵/(3·5) + … (Abramowitz & Stegun, 26.2.11). */
function centralSeries(z: number): number {
  let term = z
  let sum = z
  for (let odd = 3; term > sum * Number.EPSILON; odd += 2) {
    term *= z * z / odd
    sum += term
  }
  return sum
}

/** Density over tail: z + 1/(z + 2/(z + 3/(z + …))) (Abramowitz & Stegun, 26.2.14). */
function millsFraction(z: number): number {
  let fraction = z
  for (let depth = FRACTION_DEPTH; depth >= 1; depth--) fraction = z + depth / fraction
  return fraction
}

/** Where a falling function has the value `wanted`. */
function solve(falling: (at: number) => number, wanted: number, from: number, to: number): number {
  let [low, high] = [from, to]
  for (let count = 0; count < HALVINGS; count++) {
    const middle = (low + high) / 2
    if (falling(middle) > wanted) low = middle
    else high = middle
  }
  return (low + high) / 2
}
