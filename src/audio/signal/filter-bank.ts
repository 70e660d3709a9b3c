/**
 * Filters that change the sample rate by a ratio of small integers: a low pass, split into one set of coefficients for
 * each position that an output can have between two inputs (polyphase; Crochiere and Rabiner 1983, "Multirate Digital
 * Signal Processing", chapter 3).
 *
 * The low pass is a sinc with a Kaiser window (Kaiser 1974; Oppenheim and Schafer, "Discrete-Time Signal Processing",
 * §7.5.3: β by the attenuation, the length by the width of the transition). It is symmetric, so it has no delay. Its
 * cutoff is half of the lower rate: aliases and images remain only in the transition band around it.
 *
 * The filters that were used last are cached: designing one takes longer than filtering some seconds of audio.
 */

/** `to` outputs for `from` inputs. */
export interface Ratio { readonly from: number; readonly to: number }

export interface FilterBank {
  /** Of each phase; a multiple of four, for the vectors of the inner loop. */
  readonly taps: number
  /** Shape [to, taps]. Phase p computes the output at p / to of an input period after input taps / 2 − 1. */
  readonly coefficients: Float32Array
}

/** Zero crossings of the sinc on each side, at the lower rate. */
const CROSSINGS = 48
const ATTENUATION_DB = 90
const KAISER_BETA = 0.1102 * (ATTENUATION_DB - 8.7)
const KAISER_CENTRE = besselI0(KAISER_BETA)
const MAX_BANKS = 8

const banks = new Map<string, FilterBank>()

/** At most max(from, to) · 2 · CROSSINGS + 4 · to coefficients. */
export function filterBank(ratio: Ratio): FilterBank {
  const key = `${ratio.from}/${ratio.to}`
  const bank = banks.get(key) ?? designBank(ratio)
  banks.delete(key)
  banks.set(key, bank)
  const [oldest = key] = banks.keys()
  if (banks.size > MAX_BANKS) banks.delete(oldest)
  return bank
}

function designBank({ from, to }: Ratio): FilterBank {
  const spacing = Math.max(1, from / to)
  const taps = 4 * Math.ceil((CROSSINGS * spacing) / 2)
  const coefficients = new Float32Array(to * taps)
  const weights = new Float64Array(taps)
  for (let phase = 0; phase < to; phase++) {
    let sum = 0
    for (let tap = 0; tap < taps; tap++) {
      const crossing = (tap - taps / 2 + 1 - phase / to) / spacing
      weights[tap] = sinc(crossing) * kaiser(crossing / CROSSINGS)
      sum += weights[tap]!
    }
    // Every phase has a gain of 1 for a constant, otherwise the output of a constant would be a tone.
    for (let tap = 0; tap < taps; tap++) coefficients[phase * taps + tap] = weights[tap]! / sum
  }
  return { taps, coefficients }
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x)
}

/** From −1 to 1; 0 outside. */
function kaiser(position: number): number {
  return Math.abs(position) < 1 ? besselI0(KAISER_BETA * Math.sqrt(1 - position * position)) / KAISER_CENTRE : 0
}

/** Modified Bessel function of the first kind, order zero, by its power series. */
function besselI0(x: number): number {
  const quarter = (x * x) / 4
  let sum = 1
  for (let k = 1, term = quarter; term > 1e-10 * sum; k++, term *= quarter / (k * k)) sum += term
  return sum
}
