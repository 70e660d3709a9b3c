/**
 * What is known about a collected clip besides its audio: its record in the store.
 *
 * Clips are collected with unequal probabilities: a uniform share of all, and larger shares of those that are worth
 * labelling. `samplingProbability` is what makes them a sample of the traffic nevertheless: weighted by its inverse,
 * error rates are those of all requests (Horvitz and Thompson 1952).
 */
import type { Report } from '../../domain/report.js'

/** Why a clip was collected; several may hold. */
export const COLLECTION_REASONS = ['uniform', 'doubtful', 'drifted', 'corrected'] as const
export type CollectionReason = (typeof COLLECTION_REASONS)[number]

export interface CollectedClip {
  /** The id of its request. */
  readonly id: string
  /** When it was answered, ISO 8601 in UTC. */
  readonly time: string
  /** Pseudonym of the header `earshot-session`; null without one. */
  readonly session: string | null
  readonly audio: {
    readonly bytes: number
    /** Hexadecimal, of the upload. */
    readonly sha256: string
    /** As the client declared it; empty where it did not. */
    readonly mediaType: string
  }
  /** Those that were drawn, in the order of COLLECTION_REASONS; never empty. */
  readonly reasons: readonly CollectionReason[]
  /** That of any of the policies that applied to the clip, in (0, 1]. */
  readonly samplingProbability: number
  /** Drift features with an alarm at that time, in whose shifted bins the clip is. */
  readonly driftFeatures: readonly string[]
  /** What the user said was right; null if nothing was. */
  readonly correction: string | null
  readonly report: Report
}

export interface Selection {
  /** ISO 8601, inclusive and exclusive. */
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly reason?: CollectionReason | undefined
  readonly driftFeature?: string | undefined
}

/**
 * Whether the stored probabilities are those of being selected. A selection by reason depends on a draw of that policy
 * alone, and they are of a draw by any. Time and drift features are facts of a clip.
 */
export function keepsProbabilities({ reason }: Selection): boolean {
  return reason === undefined
}

/** Where labellers and commands read collected clips. */
export interface CollectedClips {
  /** In order of time. */
  select(selection: Selection): AsyncIterable<CollectedClip>
  /** The upload, unchanged; undefined where the clip was deleted. */
  audio(id: string): Promise<Buffer | undefined>
}
