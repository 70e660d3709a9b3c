/**
 * A real Prometheus, with the files of deploy/, scraping the real HTTP side over a fake pool: what should be there is
 * found, every rule is evaluated, and every expression of the dashboard and the documents is one that Prometheus takes.
 * Skips where there is no Prometheus.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { findProgram, startPrometheus, type Prometheus } from '../../../fixtures/kit/prometheus.js'
import { METRICS, type MetricDefinition } from '../../../src/monitoring/metrics/definitions.js'
import { CLIP, post, setUp } from '../../serving/http/fake-service.js'
import { makeKeys } from '../../serving/http/keys.js'
import { dashboardExpressions, documentedExpressions, labelsOf, rules } from './deployment.js'

const skip = findProgram('prometheus') === undefined ? 'there is no prometheus on the path' : false
const TIMES = { interval: '1s', driftWindow: '5m', driftFor: '0s' }
const WITHIN_MS = 30_000
/** Grafana's variables, as it would fill them in. */
const VARIABLES: readonly [RegExp, string][] = [[/\$__rate_interval/g, '1m'], [/\$job/g, 'earshot'], [/\$model/g, '.*']]

interface LoadedRule {
  readonly name: string
  readonly query: string
  readonly health: string
  readonly lastError?: string
  readonly type: string
}

t.test('Prometheus finds the service, its metrics and its rules as deploy/ says', { skip }, async (t) => {
  const { file, keys, bearer } = await makeKeys(t, { prometheus: ['metrics'], web: ['transcribe'] })
  const { url } = await setUp(t, { EARSHOT_KEYS_FILE: file })
  const prometheus = await startPrometheus({ target: new URL(url).host, key: keys.prometheus, ...TIMES })
  t.teardown(() => prometheus.stop())
  // The second clip is the first event that increase() can see.
  await post(`${url}/v1/transcriptions`, CLIP, bearer('web'))
  await until(async () => (await prometheus.query('asr_transcripts_total{result="text"} > 0')).length > 0)
  await post(`${url}/v1/transcriptions`, CLIP, bearer('web'))
  await until(async () => (await loadedRules(prometheus)).every(({ health }) => health === 'ok'))
  const ratios = rules.filter(({ record }) => record?.startsWith('job:asr_requests_bad:')).length
  await until(async () => (await prometheus.query('{__name__=~"job:asr_requests_bad:.+"}')).length === ratios)

  await t.test('the target is up under the job of the alerts', async (t) => {
    t.match(await prometheus.query('up{job="earshot"}'), [{ value: 1 }])
    t.same(await prometheus.query('increase(asr_access_refused_total[5m]) > 0'), [], 'with its key')
    await until(
      async () =>
        (await prometheus.query('sum by (client) (asr_client_requests_total{client="web"}) == 2')).length === 1,
    )
  })

  await t.test('everything in the catalog that exists from the start is there', async (t) => {
    const names = new Set(
      await prometheus.api<string[]>(`label/__name__/values?match[]=${encodeURIComponent('{job="earshot"}')}`),
    )
    const expected = Object.entries<MetricDefinition>(METRICS)
      .filter(([name, { labels = {} }]) => !name.startsWith('asr_drift_') && !Object.values(labels).includes('open'))
      .flatMap(([name, { type }]) => type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name])
    t.ok(expected.length > 50)
    t.same(expected.filter((name) => !names.has(name)), [])
  })

  await t.test('every rule was read as it is read here, and evaluated', async (t) => {
    const loaded = await loadedRules(prometheus)
    t.same(loaded.map(({ name }) => name).sort(), rules.map(({ record, alert }) => record ?? alert).sort())
    t.same(loaded.filter(({ health }) => health !== 'ok'), [])
    // Prometheus writes an expression in its own order; the windows of drift.yml were replaced.
    const tokens = (expression: string): string[] => (expression.match(/[\w:]+|"[^"]*"|[^\s\w()]/g) ?? []).sort()
    for (const { record, alert, expr } of rules.filter(({ file }) => !file.endsWith('drift.yml'))) {
      t.same(tokens(loaded.find(({ name }) => name === (record ?? alert))!.query), tokens(expr), record ?? alert!)
    }
  })

  await t.test('what rules record has exactly the labels that its name begins with', async (t) => {
    const series = await prometheus.query('{__name__=~".+:.+"}')
    t.ok(series.length >= 3 * ratios, `${series.length} series`)
    for (const {
      labels: { __name__: name, ...labels },
    } of series)
      t.same(Object.keys(labels).sort(), labelsOf.get(name!)!.toSorted(), name!)
  })

  await t.test('a service that answers fires nothing', async (t) => {
    t.same(await prometheus.query('ALERTS{alertstate="firing"}'), [])
  })

  await t.test('every expression of the dashboard and of the documents is valid', async (t) => {
    for (const { where, expression } of [...dashboardExpressions(), ...documentedExpressions()]) {
      await t.resolves(
        prometheus.query(VARIABLES.reduce((text, [variable, value]) => text.replace(variable, value), expression)),
        where,
      )
    }
  })
})

async function loadedRules(prometheus: Prometheus): Promise<LoadedRule[]> {
  const { groups } = await prometheus.api<{ groups: { rules: LoadedRule[] }[] }>('rules')
  return groups.flatMap((group) => group.rules)
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const startedAt = Date.now(); !await holds(); await sleep(100)) {
    if (Date.now() - startedAt > WITHIN_MS) throw new Error(`does not come true: ${holds.toString()}`)
  }
}
