/** The dependencies that main.ts passes to the HTTP side. Types only: tests pass a fake pool and need no model. */
import type { FastifyBaseLogger } from 'fastify'
import type { AccessKeys } from '../access/keys.js'
import type { CatalogueStore } from '../../search/catalogue/store.js'
import type { Collector } from '../../data/collection/collector.js'
import type { Config } from '../../config.js'
import type { DriftSnapshot } from '../../monitoring/drift/snapshot.js'
import type { ModelCard } from '../../domain/model-card.js'
import type { Feedback } from '../../monitoring/feedback/feedback.js'
import type { ExternalSearchEngine } from '../../search/external-engine.js'
import type { Report } from '../../domain/report.js'
import type { Telemetry } from '../../monitoring/metrics/telemetry.js'
import type { LiveSessions } from './live/live-sessions.js'
import type { Labelling } from '../labelling/labelling.js'
import type { WorkerPool } from '../workers/pool.js'
import type { Uploads } from './uploads.js'

/** A model as its manifest describes it. */
export interface ServedModel {
  readonly name: string
  readonly version: string
  readonly description: string
  readonly family: string
  readonly languages: readonly string[]
  readonly licence: string
  readonly precision: string
  readonly parameters: number
  readonly clipSeconds: number
  /** Total size of its files. */
  readonly bytes: number
  readonly digest: string
  readonly source: string
  /** The larger model that decodes clips of which this one is unsure; null without one. */
  readonly cascade: { readonly model: string; readonly languages: readonly string[] } | null
  /** Null for a model without one. */
  readonly card: ModelCard | null
}

/** The languages of the model, and those that a larger model decodes in its place. */
export function acceptedLanguages({ languages, cascade }: ServedModel): string[] {
  return [...new Set([...languages, ...cascade?.languages ?? []])]
}

export type Pool = Pick<WorkerPool, 'run' | 'runIfFree' | 'detect' | 'refusal' | 'readiness' | 'models'>

/** The state of drift monitoring. A null snapshot means that nothing is compared; `reason` says why. */
export interface DriftView {
  /** `session`: an identifier that the client chooses for one visit. */
  observe(report: Report, session: string | undefined): void
  /** Features with an alarm in whose bins that have become more frequent the clip is. */
  shifted(report: Report): readonly string[]
  snapshot(): DriftSnapshot | null
  readonly reason: string | null
}

export interface AppDependencies {
  readonly config: Config
  /** Undefined: every route is open. */
  readonly keys: Pick<AccessKeys, 'verify' | 'clientSecrets'> | undefined
  readonly pool: Pool
  readonly telemetry: Telemetry
  readonly drift: DriftView
  readonly uploads: Uploads
  readonly sessions: LiveSessions
  readonly feedback: Feedback
  readonly catalogues: CatalogueStore
  /** Undefined: no clip is kept. */
  readonly collection?: Pick<Collector, 'consider' | 'correct' | 'delete'> | undefined
  /** The external search engine; undefined: catalogues answer. */
  readonly searchEngine: ExternalSearchEngine | undefined
  /** Undefined: nothing is labelled here. */
  readonly labelling: Labelling | undefined
  readonly logger: FastifyBaseLogger
  /** The first is the default. */
  readonly models: readonly ServedModel[]
}
