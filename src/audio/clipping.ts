/**
 * How much of a signal was cut off: the flat tops that an overloaded microphone, converter or gain leaves behind.
 *
 * At full scale a run of three samples is enough. Below it, a clip was cut off first and made quieter afterwards;
 * then its tops are flat at its own highest (or lowest) value, exactly, because equal samples stay equal under a
 * gain. Other things have runs at their highest value too, and are told apart by the slopes beside the run:
 *
 * - a coarsely rounded signal (8 bits, µ-law, or very quiet) has round tops, which leave by one step of the rounding
 *   first. Next to a run of three a parabola has fallen by at most four steps. A cut-off slope falls further;
 * - a square wave jumps from top to bottom: a slope that is cut off still has samples on the way;
 * - either happens once by chance, so it takes several tops.
 *
 * The catch: what was resampled, or coded with loss, after it was cut off has no equal samples left and is not seen.
 */

/** One 16-bit step below full scale. */
const FULL_SCALE = 1 - 1 / 32_768
const MIN_RUN = 3
/** ((n + 1) / (n − 1))² for a run of n = 3. */
const PARABOLA_STEPS = 4
const MIN_TOPS = 3

/** Share of the samples that lie on a flat top. */
export function clippedShare(samples: Float32Array): number {
  return samples.length === 0 ? 0 : (clippedOn(samples, 1) + clippedOn(samples, -1)) / samples.length
}

/** Of one side, upper (1) or lower (-1). Most signals have no run at their highest value, and cost one pass. */
function clippedOn(samples: Float32Array, side: 1 | -1): number {
  const { highest, second, count } = highestOf(samples, side)
  if (highest >= FULL_SCALE) return runsOf(samples, side, FULL_SCALE).reduce((sum, { length }) => sum + length, 0)
  if (count < MIN_TOPS * MIN_RUN) return 0
  const fall = PARABOLA_STEPS * (highest - second)
  const tops = runsOf(samples, side, highest).filter(({ start, length }) => {
    const before = side * (samples[start - 1] ?? 0)
    const after = side * (samples[start + length] ?? 0)
    return Math.min(before, after) > 0 && highest - Math.max(before, after) > fall
  })
  return tops.length < MIN_TOPS ? 0 : tops.reduce((sum, { length }) => sum + length, 0)
}

/** The highest value above zero, how often it occurs, and the next below it that occurs. */
function highestOf(samples: Float32Array, side: number): { highest: number; second: number; count: number } {
  let highest = 0
  let second = 0
  let count = 0
  for (let i = 0; i < samples.length; i++) {
    const value = side * samples[i]!
    if (value <= second) continue
    if (value > highest) {
      second = highest
      highest = value
      count = 1
    } else if (value === highest) count++
    else second = value
  }
  return { highest, second, count }
}

/** Runs of MIN_RUN samples and more at or above a level. */
function runsOf(samples: Float32Array, side: number, level: number): { start: number; length: number }[] {
  const runs = []
  for (let i = 0, length = 0; level > 0 && i <= samples.length; i++) {
    if (i < samples.length && side * samples[i]! >= level) length++
    else {
      if (length >= MIN_RUN) runs.push({ start: i - length, length })
      length = 0
    }
  }
  return runs
}
