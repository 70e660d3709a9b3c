/**
 * How quiet each frame of a recognizer is, for nobody can tell by attention where a pause begins: a decoder looks at
 * the pause before a word as much as at the word.
 *
 * The border between quiet and loud hangs on the clip: 30 dB below its loud parts, or a quarter of the way from its
 * noise up to them, whichever is higher. Around the border it is a matter of degree. Chosen on clean and noisy speech
 * with known boundaries (`npm run bench -- times`).
 */
import { describeEnergy } from '../features/acoustics.js'
import type { Waveform } from '../../domain/audio.js'
import type { FrameClock } from './frame-clock.js'

const BELOW_LOUD_DB = 30
const ABOVE_NOISE_SHARE = 0.25
/** On both sides of the border, from half quiet to quiet. */
const SOFT_DB = 3
/** Shares of the frames that are louder than the noise, and than what is not loud. */
const NOISE_SHARE = 0.05
const LOUD_SHARE = 0.95
/** Quieter is silence that somebody put there, and says nothing about the noise. */
const DIGITAL_SILENCE_DB = -100

/** From 1, quiet, to -1, loud. A frame is as loud as its loudest 10 ms. */
export function quietness(waveform: Waveform, { firstSeconds, stepSeconds }: FrameClock, frames: number): Float32Array {
  const { energyDb, energyStartSeconds, energyHopSeconds } = describeEnergy(waveform)
  const border = borderDb(energyDb)
  return Float32Array.from({ length: frames }, (_, frame) => {
    const startSeconds = firstSeconds + (frame - 0.5) * stepSeconds - energyStartSeconds
    const from = Math.max(0, Math.floor(startSeconds / energyHopSeconds))
    const until = Math.max(from + 1, Math.ceil((startSeconds + stepSeconds) / energyHopSeconds))
    const loudest = energyDb.subarray(from, until).reduce((most, energy) => Math.max(most, energy), -Infinity)
    return Math.max(-1, Math.min(1, (border - loudest) / SOFT_DB))
  })
}

function borderDb(energyDb: Float32Array): number {
  const heard = energyDb.filter((energy) => energy > DIGITAL_SILENCE_DB).sort()
  if (heard.length === 0) return DIGITAL_SILENCE_DB
  const [noise, loud] = [NOISE_SHARE, LOUD_SHARE].map((share) => heard[Math.floor(share * (heard.length - 1))]!) as [number, number]
  return Math.max(loud - BELOW_LOUD_DB, noise + ABOVE_NOISE_SHARE * (loud - noise))
}
