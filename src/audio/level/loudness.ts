/**
 * The level of an upload, and one gain that brings it to the loudness at which the model has the lowest error rate.
 *
 * Loudness (`integrated-loudness.ts`) and true peak (`true-peak.ts`) are those of ITU-R BS.1770-4. The gain is one
 * number for the whole clip, so it changes nothing but the level. A peak above the voice, such as a click or a cough,
 * can therefore limit it.
 */
import type { Level, Waveform } from '../../domain/audio.js'
import { clippedShare, type Extremes } from './clipping.js'
import { integratedLoudness } from './integrated-loudness.js'
import type { FillSamples } from './k-weighting.js'
import { shifted, shiftedParts, unpaddedOf } from './offset.js'
import { truePeak } from './true-peak.js'

/**
 * The error rate of Moonshine is nearly constant from −32 to −16 LUFS; only that of telephone prompts is a point lower
 * from −16 on. For a voice with strong peaks the ceiling limits the gain first.
 */
export const TARGET_LUFS = -16
/** The gain never raises the true peak above this. */
export const PEAK_CEILING_DBTP = -1
/** Largest gain. A whisper at −76 LUFS still reaches the target; noise of clips without a voice does not. */
export const MAX_GAIN_DB = 60

/** The level of a signal as it was received. */
export function measureLevel(waveform: Waveform): Level {
  const { samples } = waveform
  const { sum, squares, ...extremes } = statistics(samples)
  const peak = Math.max(extremes.above, extremes.below)
  const silent = peak === 0
  return {
    ...loudnessOf(waveform, sum),
    peakDbfs: silent ? null : 20 * Math.log10(peak),
    rmsDbfs: silent ? null : 10 * Math.log10(squares / Math.max(1, samples.length)),
    clippedRatio: clippedShare(samples, extremes),
  }
}

/** The part of a level that determines the gain. */
export type Loudness = Pick<Level, 'loudnessLufs' | 'dcOffset'>

/** As `measureLevel`, but only what a gain needs. */
export function measureLoudness(waveform: Waveform): Loudness {
  const { samples } = waveform
  let sum = 0
  for (let i = 0; i < samples.length; i++) sum += samples[i]!
  return loudnessOf(waveform, sum)
}

/** `sum` is that of all samples; those of paddings add nothing to it, and are not counted in the mean. */
function loudnessOf(waveform: Waveform, sum: number): Loudness {
  const { samples, sampleRate } = waveform
  const unpadded = unpaddedOf(waveform)
  const count = unpadded.reduce((total, { start, end }) => total + end - start, 0)
  const dcOffset = count === 0 ? 0 : sum / count
  // The offset is removed first, otherwise the high pass of the K-weighting would ring at the start.
  const open = (): FillSamples => shiftedParts(samples, unpadded, dcOffset)
  return { loudnessLufs: integratedLoudness(samples.length, sampleRate, open), dcOffset }
}

/**
 * One gain for the whole waveform, from the loudness of `level` (of the whole, or of the part that matters) to the
 * target, within PEAK_CEILING_DBTP and MAX_GAIN_DB. The offset of `level` is removed. A level without loudness changes
 * nothing.
 */
export function normalizeVolume(waveform: Waveform, level: Loudness, targetLufs = TARGET_LUFS): Waveform {
  if (level.loudnessLufs === null) return waveform
  const levelled = shifted(waveform, unpaddedOf(waveform), level.dcOffset)
  const gain = gainFor(targetLufs - level.loudnessLufs, truePeak(levelled))
  for (let i = 0; i < levelled.samples.length; i++) levelled.samples[i]! *= gain
  return levelled
}

/** Removes the offset of `level` and nothing else. */
export function removeOffset(waveform: Waveform, level: Loudness): Waveform {
  return level.dcOffset === 0 ? waveform : shifted(waveform, unpaddedOf(waveform), level.dcOffset)
}

/** Linear gain: as requested, unless the ceiling or MAX_GAIN_DB limits it. `peak` is the true peak, linear. */
export function gainFor(requestedDb: number, peak: number): number {
  const headroomDb = PEAK_CEILING_DBTP - 20 * Math.log10(peak)
  return 10 ** (Math.min(requestedDb, MAX_GAIN_DB, headroomDb) / 20)
}

function statistics(samples: Float32Array): Extremes & { readonly sum: number; readonly squares: number } {
  let [sum, squares] = [0, 0]
  let [above, below] = [0, 0]
  for (let i = 0; i < samples.length; i++) {
    const sample = samples[i]!
    sum += sample
    squares += sample * sample
    if (sample > above) above = sample
    if (-sample > below) below = -sample // four times as fast in V8 as `sample < lowest`
  }
  return { sum, squares, above, below }
}
