/**
 * The registry of all defined metrics, by name. The only file that imports prom-client.
 *
 * Series of all known label values exist from the start, since `increase()` would miss the first event otherwise.
 */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import { METRICS, NO_MODEL, type LabelValues, type MetricDefinition, type MetricName } from './definitions.js'

type Labels = Readonly<Record<string, string>>
type Metric = Counter | Gauge | Histogram

export class MetricRegistry {
  readonly #registry = new Registry()
  readonly #metrics = new Map<string, Metric>()

  constructor(models: readonly string[]) {
    for (const [name, entry] of Object.entries<MetricDefinition>(METRICS)) this.#define(name, entry, models)
    collectDefaultMetrics({ register: this.#registry })
  }

  get contentType(): string { return this.#registry.contentType }

  exposition(): Promise<string> {
    return this.#registry.metrics()
  }

  counter(name: MetricName): Counter { return this.#metric(name) as Counter }
  gauge(name: MetricName): Gauge { return this.#metric(name) as Gauge }
  histogram(name: MetricName): Histogram { return this.#metric(name) as Histogram }

  /** `fill` is called at every scrape before this metric, and the ones defined after it, are read. */
  beforeScrape(name: MetricName, fill: () => void): void {
    Object.assign(this.#metric(name), { collect: fill })
  }

  #metric(name: MetricName): Metric {
    const metric = this.#metrics.get(name)
    if (metric === undefined) throw new Error(`there is no metric ${name}`)
    return metric
  }

  #define(name: string, { type, help, labels = {}, buckets }: MetricDefinition, models: readonly string[]): void {
    const options = { name, help, labelNames: Object.keys(labels), registers: [this.#registry] }
    const metric = type === 'counter' ? new Counter(options)
      : type === 'gauge' ? new Gauge(options)
        : new Histogram({ ...options, buckets: [...buckets ?? []] })
    this.#metrics.set(name, metric)
    const modelLabels = type === 'gauge' ? models : [...models, NO_MODEL]
    for (const set of labelSets(labels, modelLabels)) startAtZero(metric, set)
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
