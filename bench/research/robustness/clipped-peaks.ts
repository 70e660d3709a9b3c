/**
 * Peaks that a microphone or a sound card cut off, drawn anew: a cubic from the samples around each flat stretch, with
 * their slopes (Hermite interpolation), never lower than where it was cut off. What was cut off is not known, but the
 * edges that cutting off adds, which spread over the whole spectrum, are gone.
 */
import type { Waveform } from '../../../src/domain/audio.js'

/** Samples this close to the highest are clipped, if at least two in a row are. */
const CLIPPED_SHARE = 0.98
const MIN_CLIPPED_SAMPLES = 2

/** Peaks may lie beyond full scale; all else is as it was. Undefined where nothing is clipped. */
export function redrawClippedPeaks({ samples, sampleRate }: Waveform): Waveform | undefined {
  const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0)
  const limit = CLIPPED_SHARE * peak
  const redrawn = samples.slice()
  let isChanged = false
  for (let n = 1; n < samples.length && peak > 0; n++) {
    let end = n
    while (end < samples.length && Math.abs(samples[end]!) >= limit && samples[end]! * samples[n]! > 0) end++
    if (end - n >= MIN_CLIPPED_SAMPLES && end < samples.length - 1) {
      bridge(redrawn, n, end)
      isChanged = true
    }
    n = Math.max(n, end)
  }
  return isChanged ? { samples: redrawn, sampleRate } : undefined
}

/** From the sample before `start` to the one at `end`. */
function bridge(samples: Float32Array, start: number, end: number): void {
  const width = end - start + 1
  const [from, to] = [samples[start - 1]!, samples[end]!]
  const slopeFrom = (from - (samples[start - 2] ?? from)) * width
  const slopeTo = ((samples[end + 1] ?? to) - to) * width
  for (let n = start; n < end; n++) {
    const t = (n - start + 1) / width
    const curve = (2 * t ** 3 - 3 * t ** 2 + 1) * from + (t ** 3 - 2 * t ** 2 + t) * slopeFrom
      + (3 * t ** 2 - 2 * t ** 3) * to + (t ** 3 - t ** 2) * slopeTo
    samples[n] = samples[n]! > 0 ? Math.max(samples[n]!, curve) : Math.min(samples[n]!, curve)
  }
}
