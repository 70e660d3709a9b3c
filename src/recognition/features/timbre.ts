/**
 * Mean spectral features of the speech, and its syllable rate: figures that a new microphone, a codec, a room or a
 * faster playback changes while the level stays. None of them depends on a gain, so together with the level they
 * distinguish such changes.
 *
 * Mel-frequency cepstral coefficients after Davis and Mermelstein 1980: DCT-II of the logarithms of mel bands. The mean
 * over frames is taken before the transform, which is linear. Coefficient 0 is the level and is left out. Syllables are
 * counted as peaks of the smoothed energy curve (after Mermelstein 1975, without the recursive convex hull).
 */
import { CEPSTRA, type Timbre } from '../../domain/timbre.js'
import type { FeatureMatrix, FrameFeatures, TimeSpan } from '../../domain/audio.js'

const LOW_HZ = { from: 30, to: 250 }
/** The curve rises and falls by this around the peak of a syllable. */
const PROMINENCE_DB = 4
/** Values on each side over which the curve is smoothed: 50 ms in total. */
const SMOOTHING = 2
/** Energies below are digital silence, and left out of means of decibels. */
const PADDING_DB = -110
/** Smallest ratio before the logarithm. */
const SMALLEST_RATIO = 1e-10

/** `spans` are those of speech. Null instead of NaN, for example for huge samples, whose powers are infinite. */
export function describeTimbre(frames: FrameFeatures, spans: readonly TimeSpan[]): Timbre {
  const speechFrames = speechFramesOf(frames, spans)
  const mean = (value: (frame: number) => number): number =>
    speechFrames.reduce((sum, frame) => sum + value(frame), 0) / speechFrames.length
  const cepstrum = cepstrumOf(frames.melDb, speechFrames)
  return {
    lowFrequencyDb: finite(lowFrequencyDb(frames)),
    centroidHz: finite(mean((frame) => frames.centroidHz[frame]!)),
    flatnessDb: finite(mean((frame) => 10 * Math.log10(Math.max(frames.flatness[frame]!, SMALLEST_RATIO)))),
    cepstrum: cepstrum.every(Number.isFinite) ? cepstrum : null,
    syllablesPerSecond: finite(syllableRate(frames, spans)),
  }
}

/** The mean of no values is NaN too. */
function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null
}

/** Indices of the spectra whose centre lies in a span. */
function speechFramesOf(
  { bandEnergyDb, spectrumHopSeconds, spectrumStartSeconds }: FrameFeatures, spans: readonly TimeSpan[],
): number[] {
  const isSpeech = (seconds: number): boolean =>
    spans.some(({ startSeconds, endSeconds }) => startSeconds <= seconds && seconds < endSeconds)
  const speechFrames: number[] = []
  for (const [frame, energyDb] of bandEnergyDb.entries()) {
    const centre = spectrumStartSeconds + (frame + 0.5) * spectrumHopSeconds
    if (energyDb > PADDING_DB && isSpeech(centre)) speechFrames.push(frame)
  }
  return speechFrames
}

/** Power of the low band over that of it and all above, dB. */
function lowFrequencyDb({ meanSpectrum, hzPerBin }: FrameFeatures): number {
  const first = Math.ceil(LOW_HZ.from / hzPerBin)
  const end = Math.floor(LOW_HZ.to / hzPerBin) + 1
  let low = 0
  let all = 0
  for (let bin = first; bin < meanSpectrum.length; bin++) {
    all += meanSpectrum[bin]!
    if (bin < end) low += meanSpectrum[bin]!
  }
  return 10 * Math.log10(Math.max(low / all, SMALLEST_RATIO))
}

function cepstrumOf({ data, bins }: FeatureMatrix, speechFrames: readonly number[]): number[] {
  const meanDb = Array.from({ length: bins }, (_, band) =>
    speechFrames.reduce((sum, frame) => sum + data[frame * bins + band]!, 0) / speechFrames.length)
  return Array.from({ length: CEPSTRA }, (_, index) =>
    meanDb.reduce((sum, db, band) => sum + db * Math.cos((Math.PI * (index + 1) * (band + 0.5)) / bins), 0) / bins)
}

/** Peaks of the energy a second of speech. */
function syllableRate(
  { energyDb, energyStartSeconds, energyHopSeconds }: FrameFeatures, spans: readonly TimeSpan[],
): number {
  const speechSeconds = spans.reduce((sum, { startSeconds, endSeconds }) => sum + endSeconds - startSeconds, 0)
  const smooth = smoothed(energyDb)
  const indexAt = (seconds: number): number =>
    Math.max(0, Math.round((seconds - energyStartSeconds) / energyHopSeconds))
  const peaks = spans.reduce((sum, { startSeconds, endSeconds }) =>
    sum + countPeaks(smooth.subarray(indexAt(startSeconds), indexAt(endSeconds))), 0)
  return peaks / speechSeconds
}

function smoothed(curve: Float32Array): Float32Array {
  return curve.map((_, index) => {
    const window = curve.subarray(Math.max(0, index - SMOOTHING), index + SMOOTHING + 1)
    return window.reduce((sum, value) => sum + value, 0) / window.length
  })
}

/** A peak counts when the curve has risen to it and fallen from it by PROMINENCE_DB. */
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
