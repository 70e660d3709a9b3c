/** What all tables of the bench `latency` measure with. */
import type { Recognizer } from '../../src/recognition/recognizer.js'
import type { SpeechTape } from '../harness/speech-tape.js'

export interface LatencyBench {
  readonly model: string
  readonly recognizer: Recognizer
  readonly tape: SpeechTape
  /** A service that runs, with one worker; one of its own unless given. */
  readonly url: string | undefined
  /** Clips of each row. */
  readonly repeat: number
}
