/** What a collector is given: clips, shares and limits, a place, and who wants to know what happens. */
import type { Report } from '../../domain/report.js'
import type { ClipStore } from './clip-store.js'
import type { CollectionReason } from './collected-clip.js'
import type { Shares } from './policy.js'
import type { RetentionLimits } from './retention.js'

/** A clip whose user agreed to its collection. */
export interface Candidate {
  /** Of the request. */
  readonly id: string
  /** When it was recognized, milliseconds since the epoch. */
  readonly time: number
  readonly session: string | undefined
  readonly audio: Uint8Array
  readonly mediaType: string
  readonly report: Report
  /** Drift features with an alarm, in whose shifted bins the clip is. */
  readonly driftFeatures: readonly string[]
}

/** Why a clip that was drawn is not stored; `correction`: it is or may be stored, and what its user said is not. */
export const DROP_REASONS = ['queue_full', 'stopped', 'shutdown', 'correction'] as const
export type DropReason = (typeof DROP_REASONS)[number]
/** Why a stored clip was deleted. */
export const DELETION_CAUSES = ['age', 'size', 'request'] as const
export type DeletionCause = (typeof DELETION_CAUSES)[number]

export interface CollectorEvents {
  onConsidered(): void
  /** A clip is stored for the first time, or for further reasons (then without bytes). */
  onStored(reasons: readonly CollectionReason[], bytes: number): void
  onWritten(seconds: number): void
  onDropped(reason: DropReason, clips: number): void
  onDeleted(cause: DeletionCause, clips: number): void
  /** Called once until writing succeeds again. */
  onStopped(error: unknown): void
  onResumed(): void
}

export interface CollectorOptions extends RetentionLimits {
  readonly shares: Shares
  /** Correctness, or confidence where it is not calibrated. */
  readonly doubtfulBelow: number
  /** Of the newest clips, and once more of those that wait to be written. */
  readonly bufferBytes: number
  /** Rejects with a SpeechError for a mistake of the operator, with anything else where the store does not respond. */
  open(): Promise<ClipStore>
  readonly pseudonyms: Pick<ClipStore, 'requestPseudonym' | 'sessionPseudonym'>
  readonly events: CollectorEvents
  /** Milliseconds, as Date.now. */
  readonly now?: () => number
  /** Uniform in [0, 1). */
  readonly random?: () => number
  readonly firstRetryMs?: number
}
