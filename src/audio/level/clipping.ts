/**
 * Share of a signal that is clipped: the flat tops that an overloaded microphone, converter or gain produces.
 *
 * At full scale a run of three samples is enough. Below it, a recording was clipped first and attenuated afterwards;
 * then its tops are exactly flat at its own highest (or lowest) value, because equal samples stay equal under a gain.
 * Other signals have runs at their highest value too, and are distinguished by the slopes beside the run:
 *
 * - a coarsely quantized signal (8 bits, µ-law, or very quiet) has round tops, which first fall by one quantization
 *   step. Next to a run of three a parabola has fallen by at most four steps. A clipped slope falls further;
 * - a square wave jumps from top to bottom: a clipped slope has samples in between;
 * - either happens once by chance, so several tops are required.
 *
 * The catch: a signal that was resampled, or coded with loss, after clipping has no equal samples and is not detected.
 */

/** One 16-bit step below full scale. */
const FULL_SCALE = 1 - 1 / 32_768
const MIN_RUN = 3
/** ((n + 1) / (n − 1))² for a run of n = 3. */
const PARABOLA_STEPS = 4
const MIN_TOPS = 3

interface Run { readonly start: number; readonly length: number }

/** Largest distance of samples above 0 and below it; neither is negative. */
export interface Extremes { readonly above: number; readonly below: number }

/** Share of the samples that are on a flat top. */
export function clippedShare(samples: Float32Array, { above, below }: Extremes): number {
  if (samples.length === 0) return 0
  return (clippedOn(samples, above, 1) + clippedOn(samples, below, -1)) / samples.length
}

/** Number of samples on flat tops of one side, upper (1) or lower (-1). */
function clippedOn(samples: Float32Array, highest: number, side: 1 | -1): number {
  const runs = runsOf(samples, side, Math.min(highest, FULL_SCALE))
  if (highest >= FULL_SCALE) return lengthOf(runs)
  if (runs.length < MIN_TOPS) return 0
  const fall = PARABOLA_STEPS * (highest - secondOf(samples, side, highest))
  const tops = runs.filter(({ start, length }) => {
    const before = side * (samples[start - 1] ?? 0)
    const after = side * (samples[start + length] ?? 0)
    return Math.min(before, after) > 0 && highest - Math.max(before, after) > fall
  })
  return tops.length < MIN_TOPS ? 0 : lengthOf(tops)
}

function lengthOf(runs: readonly Run[]): number {
  return runs.reduce((sum, { length }) => sum + length, 0)
}

/** The second highest value; at least 0. */
function secondOf(samples: Float32Array, side: number, highest: number): number {
  let second = 0
  for (let i = 0; i < samples.length; i++) {
    const value = side * samples[i]!
    if (value > second && value < highest) second = value
  }
  return second
}

/** Runs of MIN_RUN or more samples at or above a level. Every run contains one of the samples that are probed. */
function runsOf(samples: Float32Array, side: number, level: number): Run[] {
  const runs: Run[] = []
  if (level <= 0) return runs
  const isAtLevel = (index: number): boolean => side * samples[index]! >= level
  for (let probe = MIN_RUN - 1; probe < samples.length; probe += MIN_RUN) {
    if (!isAtLevel(probe)) continue
    let [start, end] = [probe, probe + 1]
    while (start > 0 && isAtLevel(start - 1)) start--
    while (end < samples.length && isAtLevel(end)) end++
    if (end - start >= MIN_RUN) runs.push({ start, length: end - start })
    probe = end - 1
  }
  return runs
}
