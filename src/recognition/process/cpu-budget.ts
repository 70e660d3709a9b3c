/**
 * The processor time that a request may use: a fixed amount, and an amount for each second of its decoded audio. The
 * deadline bounds how long a request takes; this bounds what it takes from others, and ends a request whose bytes cost
 * far more than speech of their length.
 */
import { SpeechError } from '../../domain/errors.js'

/** For decoding before the length is known, graphs that are opened late, and models that always encode 30 s. */
const FIXED_SECONDS = 20

export interface CpuBudget {
  /** Called when the audio is decoded, with its length. */
  setLength(audioSeconds: number): void
  /** Throws AUDIO_TOO_COSTLY when the budget is used up. */
  check(): void
}

/** `usedSeconds`: the request's share of the processor time of the process (`JobTime`). */
export function cpuBudget(secondsPerAudioSecond: number, usedSeconds: () => number): CpuBudget {
  let allowed = FIXED_SECONDS
  return {
    setLength(audioSeconds) { allowed = FIXED_SECONDS + secondsPerAudioSecond * audioSeconds },
    check() {
      if (usedSeconds() <= allowed) return
      const rule = `${FIXED_SECONDS} s, and ${secondsPerAudioSecond} s per second of audio once its length is known`
      throw new SpeechError('AUDIO_TOO_COSTLY', `more than ${allowed.toFixed(1)} s: ${rule}`)
    },
  }
}
