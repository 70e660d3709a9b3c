/** The served catalogues as gauges, read when Prometheus asks. Their names are the operator's, and bounded in number. */
import type { Stored } from '../../search/catalogue/store.js'
import type { MetricName } from './catalog.js'
import type { LiveCatalog } from './live-catalog.js'

export function showCatalogues(live: LiveCatalog, read: () => readonly Stored[]): void {
  const show = (name: MetricName, value: (stored: Stored) => number): void => {
    live.beforeScrape(name, () => {
      live.gauge(name).reset()
      for (const stored of read()) live.gauge(name).set({ catalogue: stored.catalogue.name }, value(stored))
    })
  }
  show('asr_catalogue_entries', ({ catalogue }) => catalogue.entries.length)
  show('asr_catalogue_loaded_timestamp_seconds', ({ loadedAt }) => loadedAt.getTime() / 1000)
  show('asr_catalogue_compile_seconds', ({ compileSeconds }) => compileSeconds)
}
