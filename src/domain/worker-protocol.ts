/**
 * What crosses between the server and a recognition process. Plain data only, sent with the structured clone of
 * `child_process.fork({ serialization: 'advanced' })`: audio goes over as bytes, errors as `WireError`.
 */
import type { WireError } from './errors.js'
import type { DetectionMode, Engine, EngineReport, MatrixChoice, ProviderReport } from './choices.js'
import type { ListPart } from './list-parts.js'
import type { Report } from './report.js'
import type { RecognitionRequest } from './request.js'

/** Everything a recognition process has to know; the first message it gets. */
export interface WorkerSettings {
  readonly modelsDir: string
  readonly models: readonly string[]
  readonly executionProviders: readonly string[]
  readonly executionProvidersStrict: boolean
  readonly engine: Engine
  readonly matrices: MatrixChoice
  readonly threads: number
  readonly maxAudioSeconds: number
  /** Processor time that a request may cost, for each second of its audio. */
  readonly cpuPerAudioSecond: number
  readonly disabledCodecs: readonly string[]
  readonly normalizeVolume: boolean
  readonly trimSilence: boolean
  readonly speechDetection: DetectionMode
  readonly speechDetector: string
  readonly maxDecodingPasses: number
  /** Asked where the first of `models` has doubts, and at which confidence it has. */
  readonly cascadeModel: string | undefined
  readonly cascadeBelow: number
  readonly warmUpClip: string
}

/** One request as the worker sees it. */
export interface WorkerJob extends RecognitionRequest {
  readonly audio: Uint8Array
  /**
   * From the hand-over to the deadline. Not a time of day: setting the clock must not fail running jobs, and processes
   * share no other clock.
   */
  readonly remainingSeconds: number
}

export type ToWorker =
  | { readonly kind: 'start'; readonly settings: WorkerSettings }
  | { readonly kind: 'job'; readonly id: number; readonly job: WorkerJob }
  /** Go on with a job that is paused. */
  | { readonly kind: 'resume'; readonly id: number }
  | { readonly kind: 'cancel'; readonly id: number }
  | { readonly kind: 'phrases' } & ListPart
  | { readonly kind: 'forget'; readonly id: string }
  | { readonly kind: 'ping' }
  | { readonly kind: 'stop' }

/** A model as a worker loaded it. */
export interface LoadedModel {
  readonly name: string
  readonly languages: readonly string[]
  readonly provider: ProviderReport
  readonly engine: EngineReport
  /** Whether it can say when words were said. */
  readonly timesWords: boolean
  /** Load and warm-up together. */
  readonly loadSeconds: number
}

export type Outcome =
  | { readonly ok: true; readonly report: Report }
  | { readonly ok: false; readonly error: WireError }

export type FromWorker =
  | { readonly kind: 'ready'; readonly models: readonly LoadedModel[] }
  | { readonly kind: 'failed'; readonly error: WireError }
  | { readonly kind: 'pong' }
  | { readonly kind: 'phrases_ready'; readonly id: string; readonly seconds: number; readonly unspellable: readonly number[] }
  | { readonly kind: 'phrases_failed'; readonly id: string; readonly error: WireError }
  /** A piece of a long job is done. It waits for `resume`, and other jobs may come first. */
  | { readonly kind: 'paused'; readonly id: number }
  | { readonly kind: 'done'; readonly id: number; readonly outcome: Outcome; readonly workSeconds: number; readonly residentBytes: number }
