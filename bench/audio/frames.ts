/**
 * Where the speech of a clean clip begins and ends, by a rule of the bench's own that knows nothing of the detector it
 * judges: the first and the last 10 ms whose power, its mean removed, lies above −40 dB of the clip's 95th percentile.
 *
 * It holds only where the pauses are far below that, so a clip counts as clean when its 5th percentile lies at least
 * 45 dB below its 95th and at most an eighth of it lies within 5 dB of the threshold (else that is where its noise is).
 * It is strict: the last of the speech is often the echo of the room, which nobody misses.
 */
import type { TimeSpan, Waveform } from '../../src/domain/audio.js'
import { percentile } from '../../fixtures/kit/statistics.js'

const FRAME_SECONDS = 0.01
const SPEECH_DB = -40
const CLEAN_DB = -45
const BORDER_DB = 5
const MOST_AT_BORDER = 1 / 8
/** Digital silence, dB. */
const FLOOR_DB = -120

/** Power of consecutive 10 ms, dB of full scale. */
export function framePowersDb({ samples, sampleRate }: Waveform): number[] {
  const length = Math.round(FRAME_SECONDS * sampleRate)
  return Array.from({ length: Math.floor(samples.length / length) }, (_, index) => {
    const frame = samples.subarray(index * length, (index + 1) * length)
    const mean = frame.reduce((sum, sample) => sum + sample, 0) / length
    const power = frame.reduce((sum, sample) => sum + (sample - mean) ** 2, 0) / length
    return Math.max(FLOOR_DB, 10 * Math.log10(power))
  })
}

/** Level of what is spoken, dB of full scale: the 95th percentile of 10 ms. */
export function speechLevelDb(waveform: Waveform): number {
  return percentile(framePowersDb(waveform), 0.95)
}

/** Undefined for a clip that is not clean. */
export function knownBoundaries(waveform: Waveform): TimeSpan | undefined {
  const powers = framePowersDb(waveform)
  const loud = percentile(powers, 0.95)
  const threshold = loud + SPEECH_DB
  const atBorder = powers.filter((power) => Math.abs(power - threshold) < BORDER_DB).length
  if (loud === FLOOR_DB || percentile(powers, 0.05) > loud + CLEAN_DB || atBorder > MOST_AT_BORDER * powers.length) {
    return undefined
  }
  const isSpeech = (power: number): boolean => power > threshold
  return {
    startSeconds: powers.findIndex(isSpeech) * FRAME_SECONDS,
    endSeconds: (powers.findLastIndex(isSpeech) + 1) * FRAME_SECONDS,
  }
}
