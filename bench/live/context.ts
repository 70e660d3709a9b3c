/** What the tables of bench/live.ts share. */
import type { LIVE_PROFILES } from '../declarations/service.js'
import type { SpeechClip } from '../harness/clips.js'

export type Profile = (typeof LIVE_PROFILES)[number]

export interface LiveBench {
  readonly model: string
  readonly clips: readonly SpeechClip[]
  /** 0: as many as the service chooses. */
  readonly workers: number
  /** Of each row in real time. */
  readonly seconds: number
  readonly profiles: readonly Profile[]
  /** Numbers of sessions at a time. */
  readonly sessions: readonly number[]
  /** Length of a piece in real time. */
  readonly pieceMs: number
}
