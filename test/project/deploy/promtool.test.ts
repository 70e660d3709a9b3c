/**
 * What promtool says: of the configuration and the rules, of their tests, of a scraped page, and whether the rules
 * compute what is meant. Drift is computed here once more, plainly, on drawn counts. Skips where there is no promtool.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { expectedStability, populationStability } from '../../../src/monitoring/drift/statistics.js'
import { findProgram } from '../../../fixtures/kit/prometheus.js'
import { CLIP, post, setUp } from '../../serving/http/fake-service.js'
import { deployFolder, filesOf } from './deployment.js'

const promtool = findProgram('promtool')
const skip = promtool === undefined ? 'there is no promtool on the path' : false
const run = (args: readonly string[], input = ''): { status: number | null; output: string } => {
  const { status, stdout, stderr } = spawnSync(promtool!, args, {
    cwd: path.join(deployFolder, 'prometheus'),
    input,
    encoding: 'utf8',
  })
  return { status, output: stdout + stderr }
}

t.test('configuration and rules are valid', { skip }, async (t) => {
  const folder = t.testdir({ rules: t.fixture('symlink', path.join(deployFolder, 'prometheus/rules')), key: 'none' })
  const config = path.join(folder, 'prometheus.yml')
  writeFileSync(
    config,
    readFileSync(path.join(deployFolder, 'prometheus/prometheus.yml'), 'utf8').replace(
      '/keys/prometheus',
      path.join(folder, 'key'),
    ),
  )
  for (const args of [
    ['check', 'config', config],
    ['check', 'rules', '--lint-fatal', ...filesOf('prometheus/rules').map((file) => path.join(deployFolder, file))],
  ]) {
    const { status, output } = run(args)
    t.equal(status, 0, output)
  }
})

for (const file of filesOf('prometheus/tests')) {
  t.test(`${path.basename(file)} passes`, { skip }, async (t) => {
    const { status, output } = run(['test', 'rules', path.join(deployFolder, file)])
    t.equal(status, 0, output)
  })
}

t.test('a scraped page is as Prometheus wants it', { skip }, async (t) => {
  const { url } = await setUp(t)
  await post(`${url}/v1/transcriptions`, CLIP)
  const { output } = run(['check', 'metrics'], await (await fetch(`${url}/metrics`)).text())
  // prom-client's own: gauges whose names end in _total, kept by it for those who have them in a dashboard.
  const ours = output.split('\n').filter((line) => line !== '' && !line.startsWith('nodejs_active_'))
  t.same(ours, [])
})

const MINUTES = 60
const DESIGN_EFFECT = 1.4
/** Bins of a feature: two of a switch up to more than any feature has. */
const BINS = [2, 3, 5, 10, 14]

t.test(
  'drift over two replicas is what the counts say, to 1e-9, and what one process with all clips would say',
  { skip },
  async (t) => {
    const draw = drawer(20_261_125)
    const features = BINS.map((bins, index) => {
      const weights = Array.from({ length: bins }, () => draw() ** 2)
      const counts = (clips: number, moved: number): number[] =>
        weights.map((weight, bin) => Math.floor((clips * (weight + moved * draw() * (bin % 2))) / bins))
      return { feature: `f${index}`, baseline: counts(3000, 0), first: counts(900, 0.6), second: counts(400, 0.2) }
    })
    const series = features.flatMap(({ feature, baseline, first, second }) => [
      ...replica('two', 'a', feature, baseline, first),
      ...replica('two', 'b', feature, baseline, second),
      ...replica('one', 'a', feature, baseline, sumOfBoth(first, second)),
    ])
    const checks = features.flatMap(({ feature, baseline, first, second }) => {
      const expected = driftOf(baseline, sumOfBoth(first, second))
      return Object.entries(expected).flatMap(([name, value]) => [
        isNear(
          `job_feature:asr_drift_${name}:window{job="two", feature="${feature}"} - ${value}`,
          1e-9,
          `{job="two", feature="${feature}"}`,
        ),
        isNear(
          `job_feature:asr_drift_${name}:window{job="two", feature="${feature}"} - on (feature) job_feature:asr_drift_${name}:window{job="one"}`,
          1e-9,
          `{feature="${feature}"}`,
        ),
      ])
    })
    t.equal(checks.length, BINS.length * 8)
    const { status, output } = await testRules(t.testdir(), series, checks)
    t.equal(status, 0, output)
    const wrong = checks.map((check) => ({ ...check, expr: check.expr.replace(/ - (\d)/, ' - 0.001 - $1') }))
    t.not((await testRules(t.testdir(), series, wrong)).status, 0, 'it can fail')
  },
)

/** Upper 5e-6 quantiles of chi-square with 1 to 13 degrees of freedom: R's qchisq(5e-6, 1:13, lower.tail = FALSE). */
const CRITICAL = [20.837, 24.412, 27.338, 29.954, 32.378, 34.667, 36.854, 38.96, 41.001, 42.987, 44.926, 46.824, 48.687]

t.test('the critical value is never below that of chi-square and at most an eighth above', { skip }, async (t) => {
  const series = CRITICAL.flatMap((_, index) =>
    replica(
      'one',
      'a',
      `f${index}`,
      Array.from({ length: index + 2 }, () => 100),
      [1, 1],
    ),
  )
  const checks = CRITICAL.map((exact, index) => {
    const value = `job_feature:asr_drift_chi_square:critical{feature="f${index}"}`
    return {
      expr: `(${value} > bool ${exact}) * (${value} < bool ${exact * 1.125})`,
      eval_time: '5m',
      exp_samples: [{ labels: `{job="one", feature="f${index}"}`, value: 1 }],
    }
  })
  const { status, output } = await testRules(t.testdir(), series, checks)
  t.equal(status, 0, output)
})

interface Series { readonly series: string; readonly values: string }
interface Check {
  readonly expr: string
  readonly eval_time: string
  readonly exp_samples: readonly { labels: string; value: number }[]
}

/** JSON is YAML. */
async function testRules(
  folder: string,
  series: readonly Series[],
  checks: readonly Check[],
): Promise<{ status: number | null; output: string }> {
  const file = path.join(folder, 'test.json')
  writeFileSync(
    file,
    JSON.stringify({
      rule_files: [path.join(deployFolder, 'prometheus/rules/drift.yml')],
      evaluation_interval: '1m',
      tests: [{ interval: '1m', input_series: series, promql_expr_test: checks }],
    }),
  )
  return run(['test', 'rules', file])
}

/**
 * Counters that grow evenly from 0 and are scraped on the minute: asked after exactly one window, increase() has
 * nothing to extrapolate, neither where a range holds both its ends (Prometheus 2) nor where it holds one (3).
 */
function replica(
  job: string,
  instance: string,
  feature: string,
  baseline: readonly number[],
  counts: readonly number[],
): Series[] {
  const always = (metric: string, labels: string, value: number): Series => ({
    series: `${metric}{job="${job}", instance="${instance}", feature="${feature}"${labels}}`,
    values: `${value}x${MINUTES}`,
  })
  const clips = baseline.reduce((sum, count) => sum + count, 0)
  return [
    always('asr_drift_baseline_samples', '', clips),
    always('asr_drift_baseline_design_effect', '', DESIGN_EFFECT),
    ...baseline.map((count, bin) =>
      always('asr_drift_baseline_proportion', `, bin="${bin}"`, (count + 0.5) / (clips + baseline.length / 2)),
    ),
    ...[...counts.map((count, bin) => [bin, count] as const), ['missing', 7] as const].map(([bin, count]) => ({
      series: `asr_drift_bin_observations_total{job="${job}", instance="${instance}", feature="${feature}", bin="${bin}"}`,
      values: `0+${count / MINUTES}x${MINUTES}`,
    })),
  ]
}

function isNear(difference: string, within: number, labels: string): Check {
  return { expr: `abs(${difference}) < bool ${within}`, eval_time: `${MINUTES}m`, exp_samples: [{ labels, value: 1 }] }
}

/** By the code of the service, which test/monitoring/drift holds against the definitions. */
function driftOf(
  baseline: readonly number[],
  window: readonly number[],
): Record<'clips' | 'psi' | 'scale' | 'psi_excess', number> {
  const [m, n] = [baseline, window].map((counts) => counts.reduce((sum, count) => sum + count, 0)) as [number, number]
  const psi = populationStability(baseline, window)
  return {
    clips: n,
    psi,
    scale: expectedStability(2, n, m, DESIGN_EFFECT),
    psi_excess: psi - expectedStability(baseline.length, n, m, DESIGN_EFFECT),
  }
}

function sumOfBoth(first: readonly number[], second: readonly number[]): number[] {
  return first.map((count, bin) => count + second[bin]!)
}

/** Uniform numbers in [0, 1) that are the same at each run (Park and Miller 1988). */
function drawer(seed: number): () => number {
  let state = seed
  return () => (state = state * 48_271 % 2_147_483_647) / 2_147_483_647
}
