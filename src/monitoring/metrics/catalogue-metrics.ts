/** Exports the served catalogues as gauges. The operator names the catalogues, so their number is bounded. */
import type { Stored } from '../../search/catalogue/store.js'
import type { MetricName } from './definitions.js'
import type { MetricRegistry } from './registry.js'

/** Reads the catalogues at every scrape. */
export function showCatalogues(registry: MetricRegistry, read: () => readonly Stored[]): void {
  const show = (name: MetricName, value: (stored: Stored) => number): void => {
    registry.beforeScrape(name, () => {
      registry.gauge(name).reset()
      for (const stored of read()) registry.gauge(name).set({ catalogue: stored.catalogue.name }, value(stored))
    })
  }
  show('asr_catalogue_entries', ({ catalogue }) => catalogue.entries.length)
  show('asr_catalogue_loaded_timestamp_seconds', ({ loadedAt }) => loadedAt.getTime() / 1000)
  show('asr_catalogue_compile_seconds', ({ compileSeconds }) => compileSeconds)
}
