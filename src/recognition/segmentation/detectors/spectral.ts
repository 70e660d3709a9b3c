/**
 * Voice activity detection by energy and spectrum (after Rabiner and Sambur 1975, with a noise floor estimated from the
 * clip).
 *
 * All thresholds are relative to the clip, because neither the level of the voice nor that of the background is known.
 * A frame of 10 ms is speech when its energy is less than RANGE_DB below the loudest 50 ms and above the noise floor.
 * Where noise masks the faint ends of words, the threshold is higher, and `recognition/segmentation/cut-clips.ts` keeps
 * a wider margin.
 *
 * The verdict is conservative in both directions. "No speech" needs steady sound (nearly constant power in the speech
 * band) and a flat spectrum in its loudest parts; speech has neither, even at 5 dB above white noise. "Speech" needs
 * the opposite of both. In between the detector is unsure.
 */
import type { FrameFeatures, SpeechActivity, TimeSpan } from '../../../domain/audio.js'
import type { SpeechDetector } from '../detector.js'

/** Frames this far below the loudest are silence, dB. */
const RANGE_DB = 35
/** The loudest energy is that of the n-th loudest frame: 50 ms, so that a click does not count. */
const LOUD_FRAMES = 5
/** Distance of the threshold from the noise floor: `most`, unless that would cut the speech, but at least `least`. */
const ABOVE_NOISE_DB = { most: 8, least: 3 }
const MIN_RANGE_DB = 12
/** The noise floor is that of the frames at most this far from loud ones: 0.4 s. */
const NEAR_FRAMES = 40
/** This many frames within this range, this far below the loudest, are stationary noise: speech varies more. */
const STATIONARY = { frames: 30, rangeDb: 6, belowLoudestDb: 15 }
/** The threshold above stationary noise: lower than above the noise floor, because such noise does not swell. */
const ABOVE_STATIONARY_DB = 4
/** Threshold for sound as loud as its own noise floor, dB below the loudest. */
const NO_RANGE_DB = 6
/** Shorter bursts between silence are clicks. */
const MIN_BURST_FRAMES = 2
/** Shorter pauses are part of the speech, before a "t" or between two words. */
const PAUSE_SECONDS = 0.3
/**
 * The loudest power of a band is that of the n-th loudest spectrum: a tenth of a second. A share of the clip would miss
 * one word in a minute of silence.
 */
const LOUD_SPECTRA = 3
/** Range of the power in the speech band, from the 10th percentile to the loudest, dB: at most, and at least. */
const STEADY_RANGE_DB = 6
const VARYING_RANGE_DB = 20
/** 10th percentile of the flatness of loud spectra. Speech has 0.00 to 0.11, steady noise mostly 0.3 to 0.5. */
const SPEECH_FLATNESS = 0.1
/** Frames less than this below the loudest are loud, dB. */
const LOUD_DB = 20
/** Least share of the speech band in the power of speech, dB; it is less when something hits the microphone. */
const MIN_BAND_SHARE_DB = -13
/** Energies below are padding and no background noise, dB. */
const PADDING_DB = -110
/** `speech` rises from 0 to 1 over this range around the threshold. */
const SLOPE_DB = 12

export const spectralDetector: SpeechDetector = {
  name: 'spectral',
  detect: async (_waveform, frames) => detectBySpectrum(frames()),
  dispose: async () => undefined,
}

export function detectBySpectrum(frames: FrameFeatures): SpeechActivity {
  const threshold = thresholdDb(frames.energyDb)
  const verdict = isSteadyNoise(frames) ? 'nothing' : isSpeech(frames) ? 'speech' : 'unsure'
  return {
    hopSeconds: frames.energyHopSeconds,
    startSeconds: frames.energyStartSeconds,
    speech: frames.energyDb.map((energy) => Math.min(1, Math.max(0, 0.5 + (energy - threshold) / SLOPE_DB))),
    spans: verdict === 'nothing' ? [] : joinAcrossPauses(burstsAbove(threshold, frames)),
    verdict,
    visibleRangeDb: nthLoudest(frames.energyDb, LOUD_FRAMES) - threshold,
  }
}

/** Energy above which a frame is loud enough to be speech, dB. */
function thresholdDb(energyDb: Float32Array): number {
  const loudest = nthLoudest(energyDb, LOUD_FRAMES)
  const near = nearLoudFrames(energyDb, loudest)
  const background = energyDb.filter((energy, index) => energy > PADDING_DB && near[index] === 1)
  const floor = background.length === 0 ? -Infinity : percentile(background, 0.1)
  const leastAboveNoise = Math.max(floor + ABOVE_NOISE_DB.least, loudest - MIN_RANGE_DB)
  const aboveNoise = Math.min(floor + ABOVE_NOISE_DB.most, leastAboveNoise)
  const aboveStationary = stationaryNoiseDb(energyDb, loudest) + ABOVE_STATIONARY_DB
  return Math.max(loudest - RANGE_DB, aboveStationary, Math.min(aboveNoise, loudest - NO_RANGE_DB))
}

/** 1 for frames within NEAR_FRAMES of a loud one: the background of the speech, without what is far from it. */
function nearLoudFrames(energyDb: Float32Array, loudest: number): Uint8Array {
  const near = new Uint8Array(energyDb.length)
  for (let index = 0, filled = 0; index < energyDb.length; index++) {
    if (energyDb[index]! < loudest - LOUD_DB) continue
    filled = Math.max(filled, index - NEAR_FRAMES)
    const end = Math.min(energyDb.length, index + NEAR_FRAMES + 1)
    if (end > filled) near.fill(1, filled, end)
    filled = end
  }
  return near
}

/**
 * Energy of the loudest stationary stretch, −Infinity without one. A second of noise that a recorder adds before a
 * quieter recording is less than a tenth of the clip, so a percentile misses it.
 */
function stationaryNoiseDb(energyDb: Float32Array, loudest: number): number {
  let noise = -Infinity
  for (let start = 0; start + STATIONARY.frames <= energyDb.length; start++) {
    const end = start + STATIONARY.frames
    let [lowest, highest] = [Infinity, -Infinity]
    for (let index = start; index < end && highest - lowest <= STATIONARY.rangeDb; index++) {
      lowest = Math.min(lowest, energyDb[index]!)
      highest = Math.max(highest, energyDb[index]!)
    }
    const isStationary = highest - lowest <= STATIONARY.rangeDb && highest < loudest - STATIONARY.belowLoudestDb
    if (isStationary) noise = Math.max(noise, (lowest + highest) / 2)
  }
  return noise
}

/** By count and not by share, so that silence around a clip does not change it. */
function nthLoudest(valuesDb: Float32Array, count: number): number {
  return valuesDb.toSorted()[Math.max(0, valuesDb.length - count)] ?? PADDING_DB
}

/**
 * Runs of frames above the threshold; single frames too if there are no longer runs. Their times are those of the grid,
 * which may begin before the first sample and end after the last, since the exact ends of a recording are arbitrary.
 */
function burstsAbove(
  threshold: number, { energyDb, energyHopSeconds, energyStartSeconds }: FrameFeatures,
): TimeSpan[] {
  const bursts: { first: number; end: number }[] = []
  for (const [index, energy] of energyDb.entries()) {
    if (energy < threshold) continue
    const last = bursts.at(-1)
    if (last?.end === index) last.end++
    else bursts.push({ first: index, end: index + 1 })
  }
  const long = bursts.filter(({ first, end }) => end - first >= MIN_BURST_FRAMES)
  const timeOf = (index: number): number => energyStartSeconds + index * energyHopSeconds
  return (long.length > 0 ? long : bursts)
    .map(({ first, end }) => ({ startSeconds: timeOf(first), endSeconds: timeOf(end) }))
}

function joinAcrossPauses(bursts: readonly TimeSpan[]): TimeSpan[] {
  const spans: { startSeconds: number; endSeconds: number }[] = []
  for (const burst of bursts) {
    const last = spans.at(-1)
    if (last !== undefined && burst.startSeconds - last.endSeconds < PAUSE_SECONDS) last.endSeconds = burst.endSeconds
    else spans.push({ ...burst })
  }
  return spans
}

function isSteadyNoise(frames: FrameFeatures): boolean {
  const audible = frames.bandEnergyDb.filter((power) => power > PADDING_DB)
  return audible.length > 0 && rangeDb(audible) < STEADY_RANGE_DB && flatnessOfLoud(frames) > SPEECH_FLATNESS
}

function isSpeech(frames: FrameFeatures): boolean {
  const bandShareDb = nthLoudest(frames.bandEnergyDb, LOUD_SPECTRA) - nthLoudest(frames.energyDb, LOUD_FRAMES)
  return rangeDb(frames.bandEnergyDb) > VARYING_RANGE_DB
    && flatnessOfLoud(frames) < SPEECH_FLATNESS
    && bandShareDb > MIN_BAND_SHARE_DB
}

function rangeDb(bandEnergyDb: Float32Array): number {
  return nthLoudest(bandEnergyDb, LOUD_SPECTRA) - percentile(bandEnergyDb, 0.1)
}

/** 10th percentile of the flatness of the loud spectra. */
function flatnessOfLoud({ bandEnergyDb, flatness }: FrameFeatures): number {
  const loudest = nthLoudest(bandEnergyDb, LOUD_SPECTRA)
  return percentile(flatness.filter((_, index) => bandEnergyDb[index]! > loudest - LOUD_DB), 0.1)
}

/** NaN of no values, which is neither above nor below a threshold. */
function percentile(values: Float32Array, share: number): number {
  return values.toSorted()[Math.floor(share * (values.length - 1))] ?? NaN
}
