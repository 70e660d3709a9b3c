/**
 * How loud an upload is, and one gain that brings it to where the model was measured best.
 *
 * Loudness (`integrated-loudness.ts`) and true peak (`true-peak.ts`) are those of ITU-R BS.1770-4. The gain is one
 * number for the whole clip, so it changes nothing but the level; what stands above a voice, a click or a cough, can
 * therefore hold it down.
 *
 * An offset, which cheap sound cards add, is taken as constant and subtracted. Digital silence is neither measured
 * for it nor moved: an app pads what it recorded with exact zeros, which the sound card never saw. The mean over a
 * clip that is padded to twice its length would take away half of the offset and add the other half to the padding.
 */
import type { Level, Waveform } from '../../domain/audio.js'
import { clippedShare, type Extremes } from './clipping.js'
import { integratedLoudness, type FillSamples } from './integrated-loudness.js'
import { truePeak } from './true-peak.js'

/**
 * Moonshine hears about equally well from −32 to −16 LUFS; telephone prompts are the exception, a point better from
 * −16 up. For a voice with strong peaks the ceiling ends the gain first.
 */
export const TARGET_LUFS = -16
/** The true peak is not lifted above this. */
export const PEAK_CEILING_DBTP = -1
/** At most this much is added. Clips without a voice never come so far; a whisper at −76 LUFS still reaches the target. */
export const MAX_GAIN_DB = 60

/** Shorter runs of zeros are part of a signal. */
const PADDING_SECONDS = 0.01

/** Level of a signal as it came. */
export function measureLevel(waveform: Waveform): Level {
  const { samples } = waveform
  const { meanSquare, ...extremes } = statistics(samples)
  const peak = Math.max(extremes.above, extremes.below)
  const silent = peak === 0
  return {
    ...measureLoudness(waveform),
    peakDbfs: silent ? null : 20 * Math.log10(peak),
    rmsDbfs: silent ? null : 10 * Math.log10(meanSquare),
    clippedRatio: clippedShare(samples, extremes),
  }
}

/** The part of a Level that a gain is chosen by. */
export type Loudness = Pick<Level, 'loudnessLufs' | 'dcOffset'>

/** As `measureLevel`, and no more than a gain needs. */
export function measureLoudness(waveform: Waveform): Loudness {
  const sounds = soundsOf(waveform)
  const dcOffset = meanOf(waveform.samples, sounds)
  // The offset goes first, else the high pass of the weighting would ring at the start.
  return { loudnessLufs: integratedLoudness(waveform.samples.length, waveform.sampleRate, shiftedParts(waveform.samples, sounds, dcOffset)), dcOffset }
}

/**
 * One gain for the whole waveform, from the loudness of `level` (of all of it, or of the stretch that matters) to the
 * target, within PEAK_CEILING_DBTP and MAX_GAIN_DB; the offset of `level` goes. A level without loudness changes nothing.
 */
export function normalizeVolume(waveform: Waveform, level: Loudness, targetLufs = TARGET_LUFS): Waveform {
  if (level.loudnessLufs === null) return waveform
  const levelled = shifted(waveform, soundsOf(waveform), level.dcOffset)
  const gain = gainFor(targetLufs - level.loudnessLufs, truePeak(levelled))
  for (let i = 0; i < levelled.samples.length; i++) levelled.samples[i]! *= gain
  return levelled
}

/** The level stays, the offset of `level` goes. */
export function removeOffset(waveform: Waveform, level: Loudness): Waveform {
  return level.dcOffset === 0 ? waveform : shifted(waveform, soundsOf(waveform), level.dcOffset)
}

function gainFor(wantedDb: number, peak: number): number {
  const headroomDb = PEAK_CEILING_DBTP - 20 * Math.log10(peak)
  return 10 ** (Math.min(wantedDb, MAX_GAIN_DB, headroomDb) / 20)
}

function statistics(samples: Float32Array): Extremes & { readonly meanSquare: number } {
  let squares = 0
  let [above, below] = [0, 0]
  for (let i = 0; i < samples.length; i++) {
    const sample = samples[i]!
    squares += sample * sample
    if (sample > above) above = sample
    if (-sample > below) below = -sample // V8 takes four times as long for `sample < lowest`
  }
  return { meanSquare: squares / Math.max(1, samples.length), above, below }
}

/** A stretch of samples, `end` excluded. */
interface Stretch { readonly start: number; readonly end: number }

/** Mean over the stretches: of what is not padding. */
function meanOf(samples: Float32Array, stretches: readonly Stretch[]): number {
  let sum = 0
  let count = 0
  for (const { start, end } of stretches) {
    for (let i = start; i < end; i++) sum += samples[i]!
    count += end - start
  }
  return count === 0 ? 0 : sum / count
}

/** A copy in which the stretches are moved by the offset; the rest are zeros and stay. */
function shifted({ samples, sampleRate }: Waveform, stretches: readonly Stretch[], offset: number): Waveform {
  const centred = new Float32Array(samples.length)
  for (const { start, end } of stretches) {
    for (let i = start; i < end; i++) centred[i] = samples[i]! - offset
  }
  return { samples: centred, sampleRate }
}

/** As `shifted`, a part at a time, in the order of time. */
function shiftedParts(samples: Float32Array, stretches: readonly Stretch[], offset: number): FillSamples {
  let next = 0
  return (into, from) => {
    into.fill(0)
    while (next < stretches.length && stretches[next]!.end <= from) next++
    for (let index = next; index < stretches.length && stretches[index]!.start < from + into.length; index++) {
      const { start, end } = stretches[index]!
      for (let i = Math.max(start, from), last = Math.min(end, from + into.length); i < last; i++) into[i - from] = samples[i]! - offset
    }
  }
}

/**
 * The stretches between paddings. Only one sample in so many as a padding has at least is looked at: a run of zeros
 * that long cannot lie between two of them.
 */
function soundsOf({ samples, sampleRate }: Waveform): Stretch[] {
  const padding = Math.ceil(PADDING_SECONDS * sampleRate)
  const sounds: Stretch[] = []
  let start = 0
  for (let probe = padding - 1; probe < samples.length; probe += padding) {
    if (samples[probe] !== 0) continue
    let [first, end] = [probe, probe + 1]
    while (first > start && samples[first - 1] === 0) first--
    while (end < samples.length && samples[end] === 0) end++
    if (end - first < padding) continue
    if (first > start) sounds.push({ start, end: first })
    start = end
    probe = end - 1
  }
  return samples.length > start ? [...sounds, { start, end: samples.length }] : sounds
}
