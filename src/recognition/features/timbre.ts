/**
 * How a voice sounds on average, from its frames: what a new microphone, a codec, a room or a faster player changes
 * while the level stays. None of these figures depends on a gain, so together with the level they tell one change from another.
 *
 * Cepstral coefficients after Davis and Mermelstein 1980: DCT-II of the logarithms of mel bands. The mean over frames
 * is taken before the transform, which is linear. Coefficient 0 is the level and is left out. Syllables are counted as
 * peaks of the smoothed energy curve (after Mermelstein 1975, without his recursive search).
 */
import { CEPSTRA, type Timbre } from '../../domain/timbre.js'
import type { FeatureMatrix, FrameFeatures, TimeSpan } from '../../domain/audio.js'

const LOW_HZ = { from: 30, to: 250 }
/** A syllable: the curve rises and falls by so many dB around its peak. */
const PROMINENCE_DB = 4
/** Values of the curve over which it is smoothed, to either side: 50 ms in all. */
const SMOOTHED = 2
/** Below is digital silence: no part of a mean of decibels. */
const PADDING_DB = -110

/** `spans`: where somebody speaks. Never NaN: samples beyond all reason, whose powers are infinite, have no timbre. */
export function describeTimbre(frames: FrameFeatures, spans: readonly TimeSpan[]): Timbre {
  const spoken = spokenSpectra(frames, spans)
  const mean = (value: (frame: number) => number): number => spoken.reduce((sum, frame) => sum + value(frame), 0) / spoken.length
  const cepstrum = cepstrumOf(frames.melDb, spoken)
  return {
    lowFrequencyDb: finite(lowFrequencyShare(frames)),
    centroidHz: finite(mean((frame) => frames.centroidHz[frame]!)),
    flatnessDb: finite(mean((frame) => 10 * Math.log10(Math.max(frames.flatness[frame]!, 1e-10)))),
    cepstrum: cepstrum.every(Number.isFinite) ? cepstrum : null,
    syllablesPerSecond: finite(syllableRate(frames, spans)),
  }
}

/** The mean of nothing, too, is NaN. */
function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null
}

/** Spectra whose middle lies in a span. */
function spokenSpectra({ bandEnergyDb, spectrumHopSeconds, spectrumStartSeconds }: FrameFeatures, spans: readonly TimeSpan[]): number[] {
  const found: number[] = []
  for (let frame = 0; frame < bandEnergyDb.length; frame++) {
    const middle = spectrumStartSeconds + (frame + 0.5) * spectrumHopSeconds
    if (bandEnergyDb[frame]! > PADDING_DB && spans.some(({ startSeconds, endSeconds }) => startSeconds <= middle && middle < endSeconds)) found.push(frame)
  }
  return found
}

function lowFrequencyShare({ meanSpectrum, hzPerBin }: FrameFeatures): number {
  const first = Math.ceil(LOW_HZ.from / hzPerBin)
  const end = Math.floor(LOW_HZ.to / hzPerBin) + 1
  let low = 0
  let all = 0
  for (let bin = first; bin < meanSpectrum.length; bin++) {
    all += meanSpectrum[bin]!
    if (bin < end) low += meanSpectrum[bin]!
  }
  return 10 * Math.log10(Math.max(low / all, 1e-10))
}

function cepstrumOf({ data, bins }: FeatureMatrix, spoken: readonly number[]): number[] {
  const meanDb = Array.from({ length: bins }, (_, band) => spoken.reduce((sum, frame) => sum + data[frame * bins + band]!, 0) / spoken.length)
  return Array.from({ length: CEPSTRA }, (_, index) =>
    meanDb.reduce((sum, db, band) => sum + db * Math.cos((Math.PI * (index + 1) * (band + 0.5)) / bins), 0) / bins)
}

/** Peaks that stand out on both sides, over the time in which somebody speaks. */
function syllableRate({ energyDb, energyStartSeconds, energyHopSeconds }: FrameFeatures, spans: readonly TimeSpan[]): number {
  const speechSeconds = spans.reduce((sum, { startSeconds, endSeconds }) => sum + endSeconds - startSeconds, 0)
  const smooth = smoothed(energyDb)
  const peaks = spans.reduce((sum, { startSeconds, endSeconds }) => {
    const indexAt = (seconds: number): number => Math.round((seconds - energyStartSeconds) / energyHopSeconds)
    return sum + countPeaks(smooth.subarray(Math.max(0, indexAt(startSeconds)), Math.max(0, indexAt(endSeconds))))
  }, 0)
  return peaks / speechSeconds
}

function smoothed(curve: Float32Array): Float32Array {
  return curve.map((_, index) => {
    const around = curve.subarray(Math.max(0, index - SMOOTHED), index + SMOOTHED + 1)
    return around.reduce((sum, value) => sum + value, 0) / around.length
  })
}

/** Walks along the curve: a peak counts once the curve has risen to it, and fallen from it, by PROMINENCE_DB. */
function countPeaks(curve: Float32Array): number {
  let peaks = 0
  let [lowest, highest, rising] = [Infinity, -Infinity, true]
  for (const value of curve) {
    if (rising) {
      highest = Math.max(highest, value)
      if (highest - value >= PROMINENCE_DB) {
        peaks++
        ;[lowest, rising] = [value, false]
      }
    } else {
      lowest = Math.min(lowest, value)
      if (value - lowest >= PROMINENCE_DB) [highest, rising] = [value, true]
    }
  }
  return peaks + (rising && curve.length > 0 ? 1 : 0)
}
