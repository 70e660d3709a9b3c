/**
 * Drift as Prometheus sees it: exact counters, nothing where nothing can be said, and the same figures as the
 * monitor's.
 */
import t from 'tap'
import { parseBaseline } from '../../../src/monitoring/drift/baseline.js'
import { FEATURE_NAMES } from '../../../src/monitoring/drift/features.js'
import { DriftMonitor } from '../../../src/monitoring/drift/monitor.js'
import { populationStability } from '../../../src/monitoring/drift/statistics.js'
import { seededRandom } from '../../../src/domain/scoring/seeded-random.js'
import { countAlarm, exposeDrift } from '../../../src/monitoring/metrics/drift-metrics.js'
import { MetricRegistry } from '../../../src/monitoring/metrics/registry.js'
import { baselineOf, drawClips, drawRow } from '../drift/rows.js'

const BASELINE = baselineOf(drawClips(3000, seededRandom(51)))

async function scrape(registry: MetricRegistry): Promise<Map<string, number>> {
  const lines = (await registry.exposition()).split('\n').filter((line) => line.startsWith('asr_drift_'))
  return new Map(lines.map((line) =>
    [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]))
}

function expose(): { registry: MetricRegistry; monitor: DriftMonitor } {
  const registry = new MetricRegistry(['a-model'])
  const monitor = new DriftMonitor(BASELINE, () => 0, { onAlarm: (feature) => { countAlarm(registry, feature) } })
  exposeDrift(registry, monitor)
  return { registry, monitor }
}

t.test('without a baseline there is nothing to see', async (t) => {
  const registry = new MetricRegistry(['a-model'])
  exposeDrift(registry, undefined)
  t.same([...(await scrape(registry)).keys()], [])
})

t.test('a feature that the baseline does not have has no series, the others have theirs', async (t) => {
  const features = Object.fromEntries(Object.entries(BASELINE.features).filter(([name]) => name !== 'snr'))
  const registry = new MetricRegistry(['a-model'])
  const monitor = new DriftMonitor(parseBaseline(JSON.stringify({ ...BASELINE, features })), () => 0)
  exposeDrift(registry, monitor)
  const random = seededRandom(52)
  for (let clip = 0; clip < 300; clip++) monitor.observe(drawRow(random))
  const found = [...(await scrape(registry)).keys()]
  t.same(found.filter((series) => series.includes('"snr"')), [])
  for (const feature of FEATURE_NAMES.filter((name) => name !== 'snr')) {
    t.ok(found.some((series) => series.startsWith('asr_drift_psi{') && series.includes(`"${feature}"`)), feature)
  }
})

t.test('bins are counted exactly, from zero, and once each', async (t) => {
  const { registry, monitor } = expose()
  const random = seededRandom(52)
  t.equal(
    (await scrape(registry)).get('asr_drift_bin_observations_total{feature="snr",bin="0"}'), 0,
    'they exist before the first clip',
  )
  for (const clips of [1, 40, 300]) {
    for (let clip = 0; clip < clips; clip++) monitor.observe(drawRow(random))
    await scrape(registry)
  }
  const found = await scrape(registry)
  for (const { feature, counts } of monitor.totals()) {
    counts.forEach((count, bin) => {
      const label = bin === counts.length - 1 ? 'missing' : String(bin)
      t.equal(found.get(`asr_drift_bin_observations_total{feature="${feature}",bin="${label}"}`), count)
    })
  }
  t.equal(
    [...found.keys()].filter((series) => series.includes('psi{') && series.includes('slow')).length, 0,
    '341 clips are too few for the slow window: absent, not zero',
  )
})

t.test('the index can be computed again from what is exported', async (t) => {
  const { registry, monitor } = expose()
  const random = seededRandom(53)
  for (let clip = 0; clip < 200; clip++) monitor.observe(drawRow(random))
  const found = await scrape(registry)
  for (const feature of FEATURE_NAMES) {
    const baseline = [...found]
      .filter(([series]) => series.startsWith(`asr_drift_baseline_proportion{feature="${feature}"`))
      .map(([, share]) => share)
    const counts = baseline.map((_, bin) =>
      found.get(`asr_drift_bin_observations_total{feature="${feature}",bin="${bin}"}`)!)
    const total = counts.reduce((sum, count) => sum + count, 0) + counts.length / 2
    const index = baseline.reduce(
      (sum, share, bin) =>
        sum + ((counts[bin]! + 0.5) / total - share) * Math.log((counts[bin]! + 0.5) / total / share),
      0,
    )
    t.ok(Math.abs(index - found.get(`asr_drift_psi{feature="${feature}",window="fast"}`)!) < 1e-9, feature)
    t.ok(Math.abs(index - populationStability(BASELINE.features[feature].counts, counts)) < 1e-9)
  }
})

t.test('an alarm is a gauge while it lasts and a count for ever', async (t) => {
  const { registry, monitor } = expose()
  const random = seededRandom(54)
  for (let clip = 0; clip < 400; clip++) monitor.observe(drawRow(random, { snr: (value) => Number(value) - 3 }))
  t.equal((await scrape(registry)).get('asr_drift_alarm{feature="snr",kind="input"}'), 1)
  for (let clip = 0; clip < 3000; clip++) monitor.observe(drawRow(random))
  const found = await scrape(registry)
  t.equal(found.get('asr_drift_alarm{feature="snr",kind="input"}'), 0)
  t.equal(found.get('asr_drift_alarms_total{feature="snr"}'), 1)
  t.ok(found.size < 1300, `${found.size} series`)
})
