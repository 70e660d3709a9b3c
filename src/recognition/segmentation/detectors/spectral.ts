/**
 * Finds speech by energy and spectrum (after Rabiner and Sambur 1975, with a noise floor that follows the clip).
 *
 * Everything is relative to the clip, because neither the level of a voice nor that of a room is known. A stretch of
 * 10 ms belongs to the voice when it lies less than RANGE_DB below the loudest 50 ms and above the noise floor. Where
 * noise covers the faint ends of words, the border lies higher, and `recognition/segmentation/cut-clips.ts` keeps more around it.
 *
 * Claims are made carefully in both directions. "Nobody spoke" needs steady sound (the power in the speech band
 * stays where it is) and a flat spectrum in its loudest parts; a voice is neither, even at 5 dB above white noise.
 * "Somebody spoke" needs the opposite of both; in between lies doubt.
 */
import type { SpeechDetector } from '../detector.js'
import type { FrameFeatures, SpeechActivity, TimeSpan } from '../../../domain/audio.js'

/** A stretch this far below the loudest is silence, dB. */
const RANGE_DB = 35
/** The loudest is what so many stretches reach: 50 ms, so that a click is not it. */
const LOUD_STRETCHES = 5
/** The border lies this far above the noise floor; less where the voice itself would else be cut, and at least so much. */
const OVER_NOISE_DB = { most: 8, least: 3 }
const LEAST_RANGE_DB = 12
/** The noise floor is that of the stretches at most so many away from loud ones: 0.4 s. */
const NEAR_STRETCHES = 40
/** A stretch of this length that stays within so many dB, at least so far below the loudest, is noise: no voice holds so still. */
const STILL = { stretches: 30, rangeDb: 6, belowLoudestDb: 15 }
/** The border lies this far above such noise: it does not swell as the floor of a whole room does. */
const OVER_STILL_DB = 4
/** The border of sound that is as loud as its own floor, dB below the loudest. */
const NO_RANGE_DB = 6
/** Shorter bursts between silence are clicks. */
const LEAST_BURST_STRETCHES = 2
/** A shorter pause is part of what is said, before a "t" or between two words. */
const PAUSE_SECONDS = 0.3
/** The loudest spectra are what so many reach: a tenth of a second. A share of the clip would miss a word in a minute of silence. */
const LOUD_SPECTRA = 3
/** Range of the power in the speech band, from the 10th percentile to the loudest, dB. */
const STEADY_DB = 6
const LIVELY_DB = 20
/** Spectral flatness of the clearest of the loud frames. A voice has 0.00 to 0.11, steady noise mostly 0.3 to 0.5. */
const VOICE_FLATNESS = 0.1
/** Loud is what lies less than this below the loudest, dB. */
const LOUD_DB = 20
/** The speech band has at least this share of a voice's power, dB; of a bump against the microphone it has less. */
const BAND_SHARE_DB = -13
/** Energies below are no room's noise but padding, dB. */
const PADDING_DB = -110
/** `speech` goes from 0 to 1 over so many dB around the border. */
const SOFT_DB = 12

export const spectralDetector: SpeechDetector = {
  name: 'spectral',
  detect: async (_waveform, frames) => detectBySpectrum(frames),
  dispose: async () => undefined,
}

export function detectBySpectrum(frames: FrameFeatures): SpeechActivity {
  const borderDb = borderOf(frames.energyDb)
  const verdict = isSteadyNoise(frames) ? 'nothing' : isVoice(frames) ? 'speech' : 'unsure'
  return {
    hopSeconds: frames.energyHopSeconds,
    startSeconds: frames.energyStartSeconds,
    speech: frames.energyDb.map((power) => Math.min(1, Math.max(0, 0.5 + (power - borderDb) / SOFT_DB))),
    spans: verdict === 'nothing' ? [] : joinAcrossPauses(burstsAbove(borderDb, frames)),
    verdict,
    visibleRangeDb: loudestOf(frames.energyDb, LOUD_STRETCHES) - borderDb,
  }
}

/** dB above which a stretch is loud enough to belong to a voice. */
function borderOf(energyDb: Float32Array): number {
  const loudest = loudestOf(energyDb, LOUD_STRETCHES)
  const near = nearVoice(energyDb, loudest)
  const audible = energyDb.filter((power, index) => power > PADDING_DB && near[index] === 1)
  const floor = audible.length === 0 ? -Infinity : percentile(audible, 0.1)
  const overNoise = Math.min(floor + OVER_NOISE_DB.most, Math.max(floor + OVER_NOISE_DB.least, loudest - LEAST_RANGE_DB))
  return Math.max(loudest - RANGE_DB, stillNoiseOf(energyDb, loudest) + OVER_STILL_DB, Math.min(overNoise, loudest - NO_RANGE_DB))
}

/** 1 for stretches that lie within NEAR_STRETCHES of a loud one: the room of the voice, whatever is far from it. */
function nearVoice(energyDb: Float32Array, loudest: number): Uint8Array {
  const near = new Uint8Array(energyDb.length)
  for (let index = 0, filled = 0; index < energyDb.length; index++) {
    if (energyDb[index]! < loudest - LOUD_DB) continue
    filled = Math.max(filled, index - NEAR_STRETCHES)
    const end = Math.min(energyDb.length, index + NEAR_STRETCHES + 1)
    if (end > filled) near.fill(1, filled, end)
    filled = end
  }
  return near
}

/**
 * The loudest of the still stretches. A second of noise that somebody's recorder put before a quieter recording is
 * no tenth of the clip, so a percentile does not see it, and is no voice either.
 */
function stillNoiseOf(energyDb: Float32Array, loudest: number): number {
  let noise = -Infinity
  for (let start = 0; start + STILL.stretches <= energyDb.length; start++) {
    let [lowest, highest] = [Infinity, -Infinity]
    for (let index = start; index < start + STILL.stretches && highest - lowest <= STILL.rangeDb; index++) {
      lowest = Math.min(lowest, energyDb[index]!)
      highest = Math.max(highest, energyDb[index]!)
    }
    if (highest - lowest <= STILL.rangeDb && highest < loudest - STILL.belowLoudestDb) noise = Math.max(noise, (lowest + highest) / 2)
  }
  return noise
}

/** Counted and not a percentile: silence around a clip does not change it. */
function loudestOf(powersDb: Float32Array, count: number): number {
  return powersDb.toSorted()[Math.max(0, powersDb.length - count)] ?? PADDING_DB
}

/**
 * Runs of loud stretches; all of them when each is too short to be more than a click. Their times are those of the
 * grid, which may begin before the first sample and end behind the last: where the recording is cut off is chance.
 */
function burstsAbove(borderDb: number, { energyDb, energyHopSeconds, energyStartSeconds }: FrameFeatures): TimeSpan[] {
  const bursts: { first: number; end: number }[] = []
  for (let index = 0; index < energyDb.length; index++) {
    if (energyDb[index]! < borderDb) continue
    const last = bursts.at(-1)
    if (last?.end === index) last.end++
    else bursts.push({ first: index, end: index + 1 })
  }
  const lasting = bursts.filter(({ first, end }) => end - first >= LEAST_BURST_STRETCHES)
  const timeOf = (index: number): number => energyStartSeconds + index * energyHopSeconds
  return (lasting.length > 0 ? lasting : bursts).map(({ first, end }) => ({ startSeconds: timeOf(first), endSeconds: timeOf(end) }))
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
  return audible.length > 0 && rangeOf(audible) < STEADY_DB && clearestFlatness(frames) > VOICE_FLATNESS
}

function isVoice(frames: FrameFeatures): boolean {
  const shareDb = loudestOf(frames.bandEnergyDb, LOUD_SPECTRA) - loudestOf(frames.energyDb, LOUD_STRETCHES)
  return rangeOf(frames.bandEnergyDb) > LIVELY_DB && clearestFlatness(frames) < VOICE_FLATNESS && shareDb > BAND_SHARE_DB
}

function rangeOf(bandEnergyDb: Float32Array): number {
  return loudestOf(bandEnergyDb, LOUD_SPECTRA) - percentile(bandEnergyDb, 0.1)
}

/** 10th percentile of the flatness of the loud frames. */
function clearestFlatness({ bandEnergyDb, flatness }: FrameFeatures): number {
  const loudest = loudestOf(bandEnergyDb, LOUD_SPECTRA)
  return percentile(flatness.filter((_, index) => bandEnergyDb[index]! > loudest - LOUD_DB), 0.1)
}

function percentile(values: Float32Array, share: number): number {
  return values.toSorted()[Math.floor(share * (values.length - 1))]!
}
