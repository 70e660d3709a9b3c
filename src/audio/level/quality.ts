/**
 * The quality of a recording, independent of its words: noise, silence and bandwidth, each a number, or null where it
 * cannot be measured. A clip that is trimmed closely around a word, for instance, has no pause in which noise can be
 * measured.
 *
 * Signal-to-noise ratio: power of the speech, less the noise in it, over the power of the pauses, both above 100 Hz
 * (hum and rumble do not mask a voice). Frames next to speech belong to neither, because word ends decay. The loudest
 * few per cent of the pauses are left out: clicks, breath, and speech that the detector missed. Where the spans are
 * right, mixtures with steady noise are measured within 0.5 dB, with babble mostly within 3; when a detector finds only
 * the loudest syllables, the ratio is too high. `npm run bench -- quality` states both.
 *
 * Bandwidth: the highest frequency at which the long-term spectrum is less than 50 dB below its peak (the "effective
 * bandwidth" of audio forensics). Unlike a spectral roll-off, which depends on the vowels, it falls to 4 kHz when the
 * band ends there, whatever the sample rate of the file. The catch: a noise floor above −50 dB fills the band, and then
 * the whole band is reported; and it is measured on the input of the model, so it is at most 8 kHz.
 */
import type { AudioFormat, FrameFeatures, Level, Quality, SpeechActivity, TimeSpan } from '../../domain/audio.js'

interface Measurements {
  readonly level: Level
  /** Of the clip before its level is normalized. */
  readonly frames: FrameFeatures
  readonly activity: SpeechActivity
  readonly format: AudioFormat
  readonly audioSeconds: number
}

/** A pause begins at this distance from speech, seconds. */
const FADE_SECONDS = 0.06
/** Shorter pauses cannot be distinguished from a stop consonant, seconds. */
const MIN_PAUSE_SECONDS = 0.12
/** Quieter frames are padding: a 16-bit file cannot represent a steady sound there. dB relative to full scale. */
const PADDING_DBFS = -100
/** Share of the pauses, from the quietest, that counts as noise. */
const NOISE_SHARE = 0.97
/** A lower ratio cannot be distinguished from no voice. */
const MIN_SNR_DB = -10
/** Relative to the peak of the spectrum; a frequency with at least this power is in the band. */
const BANDWIDTH_DB = -50
/** Hz; otherwise an offset or hum could be the peak. */
const LOWEST_HZ = 100
/** Bins on each side over which the spectrum is smoothed. */
const SMOOTHED_BINS = 3

export function measureQuality({ level, frames, activity, format, audioSeconds }: Measurements): Quality {
  const { spans } = activity
  const [first, last] = [spans.at(0), spans.at(-1)]
  const noise = noisePower(frames, spans)
  const speechSeconds = spans.reduce((sum, { startSeconds, endSeconds }) => sum + endSeconds - startSeconds, 0)
  return {
    snrDb: noise === null ? null : snrOf(frames, spans, noise),
    noiseFloorDbfs: noise === null ? null : 10 * Math.log10(noise),
    speechRatio: audioSeconds === 0 ? 0 : Math.min(1, speechSeconds / audioSeconds),
    leadingSilenceSeconds: first === undefined ? audioSeconds : Math.max(0, first.startSeconds),
    trailingSilenceSeconds: last === undefined ? 0 : Math.max(0, audioSeconds - last.endSeconds),
    bandwidthHz: level.peakDbfs === null ? null : Math.min(effectiveBandwidth(frames), format.sampleRate / 2),
  }
}

/** Mean power of the pauses; null where they are too short. */
function noisePower(frames: FrameFeatures, spans: readonly TimeSpan[]): number | null {
  const { energyDb, energyHopSeconds } = frames
  const isNear = covers(spans, frames, FADE_SECONDS)
  const pauses = energyDb.filter((power, index) => power > PADDING_DBFS && !isNear(index)).sort()
  if (pauses.length * energyHopSeconds < MIN_PAUSE_SECONDS) return null
  return meanPower(pauses.subarray(0, Math.ceil(NOISE_SHARE * pauses.length)))
}

function snrOf(frames: FrameFeatures, spans: readonly TimeSpan[], noise: number): number | null {
  const { energyDb } = frames
  const isSpeech = covers(spans, frames, 0)
  const speech = energyDb.filter((_, index) => isSpeech(index))
  if (speech.length === 0) return null
  const ratio = (meanPower(speech) - noise) / noise
  return Math.max(MIN_SNR_DB, 10 * Math.log10(Math.max(ratio, Number.MIN_VALUE)))
}

/**
 * A function that returns whether the middle of a frame is in one of the spans, or at most `margin` seconds from it. It
 * must be called for frames in order.
 */
function covers(
  spans: readonly TimeSpan[], { energyStartSeconds, energyHopSeconds }: FrameFeatures, margin: number,
): (index: number) => boolean {
  let next = 0
  return (index) => {
    const middle = energyStartSeconds + (index + 0.5) * energyHopSeconds
    let span = spans[next]
    while (span !== undefined && span.endSeconds + margin <= middle) span = spans[++next]
    return span !== undefined && span.startSeconds - margin <= middle
  }
}

function meanPower(decibels: Float32Array): number {
  return decibels.reduce((sum, db) => sum + 10 ** (db / 10), 0) / decibels.length
}

/** Smoothed by medians, which keep the edge of a filter in place and ignore a single tone. */
function effectiveBandwidth({ meanSpectrum, hzPerBin }: FrameFeatures): number {
  const first = Math.ceil(LOWEST_HZ / hzPerBin)
  const smooth = meanSpectrum.map((_, bin) =>
    medianOf(meanSpectrum.subarray(Math.max(first, bin - SMOOTHED_BINS), bin + SMOOTHED_BINS + 1)))
  const audible = smooth.subarray(first)
  const threshold = audible.reduce((peak, power) => Math.max(peak, power)) * 10 ** (BANDWIDTH_DB / 10)
  return (first + audible.findLastIndex((power) => power >= threshold) + 1) * hzPerBin
}

function medianOf(values: Float32Array): number {
  return values.toSorted()[values.length >> 1] ?? 0
}
