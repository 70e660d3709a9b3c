/**
 * The catalog made live: every metric of the table, by its name. The only file that imports prom-client.
 *
 * Every known label set exists from the start, or `increase()` would lose the first event.
 */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import { METRICS, NO_MODEL, type LabelValues, type MetricEntry, type MetricName } from './catalog.js'

type Labels = Readonly<Record<string, string>>
type Metric = Counter | Gauge | Histogram

export class LiveCatalog {
  readonly #registry = new Registry()
  readonly #metrics = new Map<string, Metric>()

  constructor(models: readonly string[]) {
    for (const [name, entry] of Object.entries<MetricEntry>(METRICS)) this.#define(name, entry, models)
    collectDefaultMetrics({ register: this.#registry })
  }

  get contentType(): string { return this.#registry.contentType }

  exposition(): Promise<string> {
    return this.#registry.metrics()
  }

  counter(name: MetricName): Counter { return this.#metrics.get(name) as Counter }
  gauge(name: MetricName): Gauge { return this.#metrics.get(name) as Gauge }
  histogram(name: MetricName): Histogram { return this.#metrics.get(name) as Histogram }

  /** Called at every scrape before this metric, and those behind it in the catalog, are read. */
  beforeScrape(name: MetricName, fill: () => void): void {
    Object.assign(this.#metrics.get(name)!, { collect: fill })
  }

  #define(name: string, { type, help, labels = {}, buckets }: MetricEntry, models: readonly string[]): void {
    const options = { name, help, labelNames: Object.keys(labels), registers: [this.#registry] }
    const metric = type === 'counter' ? new Counter(options)
      : type === 'gauge' ? new Gauge(options)
        : new Histogram({ ...options, buckets: [...buckets ?? []] })
    this.#metrics.set(name, metric)
    for (const set of labelSets(labels, type === 'counter' || type === 'histogram' ? [...models, NO_MODEL] : models)) startAtZero(metric, set)
  }
}

/** All combinations of the known label values; none when a label is open. */
function labelSets(labels: Readonly<Record<string, LabelValues>>, models: readonly string[]): Labels[] {
  let sets: Labels[] = [{}]
  for (const [label, values] of Object.entries(labels)) {
    if (values === 'open') return []
    const list = values === 'models' ? models : values
    sets = sets.flatMap((set) => list.map((value) => ({ ...set, [label]: value })))
  }
  return sets
}

function startAtZero(metric: Metric, labels: Labels): void {
  if (metric instanceof Histogram) metric.zero({ ...labels })
  else if (metric instanceof Counter) metric.inc({ ...labels }, 0)
  else metric.set({ ...labels }, 0)
}
