/** What a live session needs of the service, and what it tells. */
import type { HeaderlessFormat } from '../../domain/audio.js'
import type { EndpointingProfile, EndpointReason } from '../../domain/live.js'
import type { SpeechError } from '../../domain/errors.js'
import type { Report } from '../../domain/report.js'
import type { DetectedWindows, DetectionRequest } from '../../domain/stream-detection.js'
import type { Completeness } from './endpointing.js'

/** Samples of an utterance, or of what is known of it so far. */
export interface UtteranceAudio {
  readonly audio: Uint8Array
  readonly format: HeaderlessFormat
  readonly seconds: number
}

export interface LivePorts {
  /** Never overlaps with another call of the session. */
  detect(request: DetectionRequest): Promise<DetectedWindows>
  /** A whole report. Rejects with a SpeechError; CANCELLED after `signal` has aborted. */
  recognize(utterance: UtteranceAudio, signal: AbortSignal): Promise<Report>
  /** A cheaper report of an utterance that goes on; null where the service has no time for it. */
  recognizePartly(utterance: UtteranceAudio, signal: AbortSignal): Promise<Report | null>
  /** What the catalogue of the session says about words; absent without one. */
  completenessOf?(text: string): Completeness
  /** The stream is handled up to here, seconds: told for each window, after its events. */
  handled?(untilSeconds: number): void
}

export interface LiveOptions {
  /** Mono. */
  readonly format: HeaderlessFormat
  readonly endpointing: EndpointingProfile
  /** The usual pause of the profile, seconds; default: that of the profile. */
  readonly pauseSeconds?: number | undefined
  readonly partials: boolean
  /** An utterance is ended when it is longer. */
  readonly maxUtteranceSeconds: number
}

/** A final result. */
export interface FinalEvent {
  readonly kind: 'final'
  readonly utterance: number
  /** The audio that was recognized, on the time line of the stream. */
  readonly startSeconds: number
  readonly endSeconds: number
  readonly reason: EndpointReason
  readonly report: Report
  /** From the last speech to the decision that the utterance is over; 0 where no pause ended it. */
  readonly pauseSeconds: number
  /** From that decision to this event: what recognition adds to the pause. */
  readonly waitSeconds: number
  /** Stable words of partial results that the text has not. */
  readonly changedWords: number
}

export type LiveEvent =
  | { readonly kind: 'speech_started'; readonly utterance: number; readonly atSeconds: number }
  | {
    readonly kind: 'partial'
    readonly utterance: number
    /** The audio that was recognized, on the time line of the stream. */
    readonly startSeconds: number
    readonly endSeconds: number
    readonly stable: readonly string[]
    readonly unstable: readonly string[]
    readonly report: Report
    /** From the last sample of it to this event. */
    readonly waitSeconds: number
  }
  | { readonly kind: 'speech_stopped'; readonly utterance: number; readonly atSeconds: number }
  | FinalEvent
  /** The utterance could not be recognized; the session goes on. */
  | { readonly kind: 'failed'; readonly utterance: number; readonly error: SpeechError }
