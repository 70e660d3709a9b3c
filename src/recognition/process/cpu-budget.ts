/**
 * What a request may cost in processor time: so much to begin with, and so much for each second that its audio turned
 * out to have. The time of day bounds how long a request takes; this bounds what it takes from others, and ends a
 * request whose bytes cost far more than speech of their length does.
 *
 * The whole process counts, every thread of the runtime too, but not while the request is paused and others run.
 */
import { SpeechError } from '../../domain/errors.js'

/** Decoding before the length is known, graphs that are opened late, and models that always encode 30 s. */
const FIRST_SECONDS = 20

export interface CpuBudget {
  /** The audio is decoded, and this long. */
  setLength(audioSeconds: number): void
  /** What the process does meanwhile is for other requests. */
  aside(pause: () => Promise<void>): Promise<void>
  /** Throws AUDIO_TOO_COSTLY when the budget is spent. */
  check(): void
}

export function cpuBudget(secondsPerAudioSecond: number, usedSeconds: () => number = processSeconds): CpuBudget {
  let before = usedSeconds()
  let allowed = FIRST_SECONDS
  return {
    setLength(audioSeconds) { allowed = FIRST_SECONDS + secondsPerAudioSecond * audioSeconds },
    async aside(pause) {
      const since = usedSeconds()
      await pause()
      before += usedSeconds() - since
    },
    check() {
      if (usedSeconds() - before <= allowed) return
      const rule = `${FIRST_SECONDS} s, and ${secondsPerAudioSecond} s for each second of audio once its length is known`
      throw new SpeechError('AUDIO_TOO_COSTLY', `more than ${allowed.toFixed(1)} s: ${rule}`)
    },
  }
}

function processSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}
