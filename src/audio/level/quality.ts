/**
 * How good a recording is, whatever was said in it: noise, silence and bandwidth, each as a figure or as null. A
 * figure that cannot be measured is worse than none: a clip cut tightly around a word has no pause to hear its room in.
 *
 * Signal-to-noise ratio: power while somebody speaks, less the noise that is in it too, over the power of the pauses,
 * both above 100 Hz (hum and rumble do not hide a voice). Frames next to a voice belong to neither: word ends fade
 * into the room. The loudest few per cent of the pauses are left out: clicks, breath, and what the detector missed.
 * Where the spans are right, mixtures with steady noise are measured within 0.5 dB, with babble mostly within 3; a
 * detector that finds only the loudest syllables makes the ratio too good. `npm run bench -- quality` states both.
 *
 * Bandwidth: the highest frequency at which the long-term spectrum lies less than 50 dB below its peak (the "effective
 * bandwidth" of audio forensics). Unlike a spectral roll-off, which follows the vowels, it falls to 4 kHz when the
 * band was cut off there, whatever the file's rate says. The catch: a noise floor above −50 dB fills the band, and
 * then the band is what is reported; and it is measured on what the model hears, so it ends at 8 kHz.
 */
import type { AudioFormat, FrameFeatures, Level, Quality, SpeechActivity, TimeSpan } from '../../domain/audio.js'

interface Measured {
  readonly level: Level
  /** Of the clip before its volume is changed. */
  readonly frames: FrameFeatures
  readonly activity: SpeechActivity
  readonly format: AudioFormat
  readonly audioSeconds: number
}

/** Within this distance of a voice there is no pause, seconds. */
const FADE_SECONDS = 0.06
/** Noise of less than this cannot be told from a stop consonant, seconds. */
const MIN_PAUSE_SECONDS = 0.12
/** Below is padding, not a room: a 16-bit file cannot hold a steady sound there. dB relative to full scale. */
const PADDING_DBFS = -100
/** Share of the pauses, from the quietest, that is noise without doubt. */
const NOISE_SHARE = 0.97
/** Less cannot be told from no voice at all. */
const MIN_SNR_DB = -10
/** Below the peak of the spectrum; at and above this a frequency is there. */
const BANDWIDTH_DB = -50
/** Hz; an offset or hum would be the peak otherwise. */
const LOWEST_HZ = 100
/** Bins on each side over which the spectrum is smoothed. */
const SMOOTHED_BINS = 3

export function measureQuality({ level, frames, activity, format, audioSeconds }: Measured): Quality {
  const { spans } = activity
  const noise = noisePower(frames, spans)
  const speechSeconds = spans.reduce((sum, { startSeconds, endSeconds }) => sum + endSeconds - startSeconds, 0)
  return {
    snrDb: noise === null ? null : snrOf(frames, spans, noise),
    noiseFloorDbfs: noise === null ? null : 10 * Math.log10(noise),
    speechRatio: audioSeconds === 0 ? 0 : Math.min(1, speechSeconds / audioSeconds),
    leadingSilenceSeconds: spans.length === 0 ? audioSeconds : Math.max(0, spans[0]!.startSeconds),
    trailingSilenceSeconds: spans.length === 0 ? 0 : Math.max(0, audioSeconds - spans.at(-1)!.endSeconds),
    bandwidthHz: level.peakDbfs === null ? null : Math.min(effectiveBandwidth(frames), format.sampleRate / 2),
  }
}

/** Mean power of the pauses; null where there is not enough of them. */
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

/** Whether the middle of a frame lies in one of the spans, or at most `margin` seconds from it. Asked in the order of time. */
function covers(spans: readonly TimeSpan[], { energyStartSeconds, energyHopSeconds }: FrameFeatures, margin: number): (index: number) => boolean {
  let next = 0
  return (index) => {
    const middle = energyStartSeconds + (index + 0.5) * energyHopSeconds
    while (next < spans.length && spans[next]!.endSeconds + margin <= middle) next++
    return next < spans.length && spans[next]!.startSeconds - margin <= middle
  }
}

function meanPower(decibels: Float32Array): number {
  return decibels.reduce((sum, db) => sum + 10 ** (db / 10), 0) / decibels.length
}

/** Medians keep the edge of a filter where it is, and do not hear a single whistle. */
function effectiveBandwidth({ meanSpectrum, hzPerBin }: FrameFeatures): number {
  const first = Math.ceil(LOWEST_HZ / hzPerBin)
  const smooth = meanSpectrum.map((_, bin) => medianOf(meanSpectrum.subarray(Math.max(first, bin - SMOOTHED_BINS), bin + SMOOTHED_BINS + 1)))
  const audible = smooth.subarray(first)
  const threshold = audible.reduce((peak, power) => Math.max(peak, power)) * 10 ** (BANDWIDTH_DB / 10)
  return (first + audible.findLastIndex((power) => power >= threshold) + 1) * hzPerBin
}

function medianOf(values: Float32Array): number {
  return values.toSorted()[values.length >> 1] ?? 0
}
