/** Exports the collection of clips as metrics: counters as things happen, its state at every scrape. */
import type { MetricName } from './definitions.js'
import type { MetricRegistry } from './registry.js'

export interface CollectionState {
  readonly isRunning: boolean
  readonly kept: { readonly clips: number; readonly bytes: number }
}

const GAUGES: Readonly<Partial<Record<MetricName, (state: CollectionState) => number>>> = {
  asr_collection_running: ({ isRunning }) => isRunning ? 1 : 0,
  asr_collection_stored_clips: ({ kept }) => kept.clips,
  asr_collection_stored_bytes: ({ kept }) => kept.bytes,
}

/** Without a collection, removes the series of its state. */
export function exposeCollection(registry: MetricRegistry, state: CollectionState | undefined): void {
  for (const [name, valueOf] of Object.entries(GAUGES) as [MetricName, (state: CollectionState) => number][]) {
    if (state === undefined) registry.gauge(name).remove()
    else registry.beforeScrape(name, () => { registry.gauge(name).set(valueOf(state)) })
  }
}

export function collectionCounters(registry: MetricRegistry) {
  return {
    onConsidered(): void { registry.counter('asr_collection_considered_total').inc() },
    onStored(reasons: readonly string[], bytes: number): void {
      for (const reason of reasons) {
        registry.counter('asr_collection_clips_total').inc({ reason })
        registry.counter('asr_collection_bytes_total').inc({ reason }, bytes)
      }
    },
    onWritten(seconds: number): void { registry.histogram('asr_collection_write_duration_seconds').observe(seconds) },
    onDropped(reason: string, clips: number): void {
      registry.counter('asr_collection_dropped_total').inc({ reason }, clips)
    },
    onDeleted(cause: string, clips: number): void {
      registry.counter('asr_collection_deleted_total').inc({ cause }, clips)
    },
  }
}
