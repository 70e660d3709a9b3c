/**
 * What crosses between the server and a recognition process. Plain data only, sent with the structured clone of
 * `child_process.fork({ serialization: 'advanced' })`: audio goes over as bytes, errors as `WireError`.
 */
import type { WireError } from './errors.js'
import type { EngineReport, ProviderReport } from './choices.js'
import type { Config, PropertyOf } from './configuration.js'
import type { ListPart } from './list-parts.js'
import type { Report } from './report.js'
import type { RecognitionRequest } from './request.js'
import type { SecretName } from './secrets.js'
import type { DetectedWindows, DetectionRequest } from './stream-detection.js'

/**
 * The settings that a recognition process gets in its first message, and no others: it decodes untrusted uploads, so it
 * must not know a secret of the service. A setting that a worker needs is added here and used there.
 */
export const WORKER_SETTINGS = [
  'modelsDir', 'models', 'executionProviders', 'executionProvidersStrict', 'engine', 'matrices', 'threads',
  'idleThreads', 'maxAudioSeconds', 'cpuPerAudioSecond', 'disabledCodecs', 'normalizeVolume', 'trimSilence',
  'speechDetection', 'speechDetector', 'maxDecodingPasses', 'cascadeModel', 'cascadeBelow', 'warmUpClip',
] as const satisfies readonly Exclude<keyof Config, PropertyOf<SecretName>>[]

export type WorkerSettings = Pick<Config, (typeof WORKER_SETTINGS)[number]>

/**
 * Files of the models as the server has read and checked them, so that a worker need not load the library that checks
 * schemas: 700 modules, a third of its start. Their types belong to the engine.
 */
export interface CheckedModels {
  /** By name: model.json and confidence.json (null where there is none). */
  readonly models: Readonly<Record<string, { readonly manifest: unknown; readonly calibration: unknown }>>
  /** The model.json of the neural speech detector; undefined without one. */
  readonly detector: unknown
}

/** One request as the worker sees it. */
export interface WorkerJob extends RecognitionRequest {
  readonly audio: Uint8Array
  /**
   * From the hand-over to the deadline. Not a time of day: setting the clock must not fail running jobs, and processes
   * share no other clock.
   */
  readonly remainingSeconds: number
  /** No other request is running or waiting: all cores may work on it. */
  readonly isAlone?: boolean
  /** Of an utterance that goes on: decoded once, without the cascade, since its words are replaced soon. */
  readonly isPartial?: boolean
  /** What a person wrote down for this clip, to be scored against the audio. Commands ask for it, clients cannot. */
  readonly label?: string
}

export type ToWorker =
  /** Without `checked`, the worker reads and checks the files itself. */
  | { readonly kind: 'start'; readonly settings: WorkerSettings; readonly checked?: CheckedModels | undefined }
  | { readonly kind: 'job'; readonly id: number; readonly job: WorkerJob }
  /** Continue a paused job. */
  | { readonly kind: 'resume'; readonly id: number }
  | { readonly kind: 'cancel'; readonly id: number }
  | { readonly kind: 'phrases' } & ListPart
  | { readonly kind: 'forget'; readonly id: string }
  | { readonly kind: 'detect'; readonly id: number; readonly request: DetectionRequest }
  | { readonly kind: 'ping' }
  | { readonly kind: 'stop' }

/** A model as a worker loaded it. */
export interface LoadedModel {
  readonly name: string
  readonly languages: readonly string[]
  readonly provider: ProviderReport
  readonly engine: EngineReport
  /** Whether it can report when words were said. */
  readonly timesWords: boolean
  /** Load and warm-up together. */
  readonly loadSeconds: number
}

export type Outcome =
  | { readonly ok: true; readonly report: Report }
  | { readonly ok: false; readonly error: WireError }

export type DetectionOutcome =
  | { readonly ok: true; readonly windows: DetectedWindows }
  | { readonly ok: false; readonly error: WireError }

export type FromWorker =
  | { readonly kind: 'ready'; readonly models: readonly LoadedModel[] }
  | { readonly kind: 'failed'; readonly error: WireError }
  | { readonly kind: 'pong' }
  | {
    readonly kind: 'phrases_ready'
    readonly id: string
    readonly seconds: number
    readonly unspellable: readonly number[]
  }
  | { readonly kind: 'phrases_failed'; readonly id: string; readonly error: WireError }
  | { readonly kind: 'detected'; readonly id: number; readonly outcome: DetectionOutcome }
  /** A long job yields: it waits for `resume`, and other jobs may run first. */
  | { readonly kind: 'paused'; readonly id: number }
  | {
    readonly kind: 'done'
    readonly id: number
    readonly outcome: Outcome
    /** Its share of the time of the process, pauses not included. */
    readonly workSeconds: number
    /** The time that it took, pauses not included. */
    readonly elapsedSeconds: number
    readonly residentBytes: number
  }

export type DoneMessage = Extract<FromWorker, { kind: 'done' }>
