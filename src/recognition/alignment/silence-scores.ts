/**
 * How quiet each frame of a recognizer is. Attention alone does not show where a pause begins: a decoder attends to the
 * pause before a word as much as to the word.
 *
 * The threshold between quiet and loud depends on the clip: 30 dB below its loud parts, or a quarter of the way from
 * its noise to them, whichever is higher. Around the threshold the score changes gradually. The constants were chosen
 * on clean and noisy speech with known boundaries (`npm run bench -- times`).
 */
import type { Waveform } from '../../domain/audio.js'
import { describeEnergy } from '../features/acoustics.js'
import type { FrameClock } from './frame-clock.js'

const BELOW_LOUD_DB = 30
const ABOVE_NOISE_SHARE = 0.25
/** Distance from the threshold at which the score is 1 or -1. */
const SLOPE_DB = 3
/** Quantiles of the energy that are the noise level and the loud level. */
const NOISE_QUANTILE = 0.05
const LOUD_QUANTILE = 0.95
/** Energies below are digital silence and not part of the noise. */
const DIGITAL_SILENCE_DB = -100

/** One value for each frame, from 1, quiet, to -1, loud. The energy of a frame is that of its loudest 10 ms. */
export function silenceScores(
  waveform: Waveform, { firstSeconds, stepSeconds }: FrameClock, frames: number,
): Float32Array {
  const { energyDb, energyStartSeconds, energyHopSeconds } = describeEnergy(waveform)
  const threshold = thresholdDb(energyDb)
  return Float32Array.from({ length: frames }, (_, frame) => {
    const startSeconds = firstSeconds + (frame - 0.5) * stepSeconds - energyStartSeconds
    const from = Math.max(0, Math.floor(startSeconds / energyHopSeconds))
    const until = Math.max(from + 1, Math.ceil((startSeconds + stepSeconds) / energyHopSeconds))
    const loudest = energyDb.subarray(from, until).reduce((most, energy) => Math.max(most, energy), -Infinity)
    return Math.max(-1, Math.min(1, (threshold - loudest) / SLOPE_DB))
  })
}

function thresholdDb(energyDb: Float32Array): number {
  const sorted = energyDb.filter((energy) => energy > DIGITAL_SILENCE_DB).sort()
  if (sorted.length === 0) return DIGITAL_SILENCE_DB
  const quantile = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))]!
  const [noise, loud] = [quantile(NOISE_QUANTILE), quantile(LOUD_QUANTILE)]
  return Math.max(loud - BELOW_LOUD_DB, noise + ABOVE_NOISE_SHARE * (loud - noise))
}
