/**
 * deploy/ read, not run: every expression asks for metrics and labels that there are, every alert has its chapter in
 * docs/operations.md, and what the files say of each other is so. What Prometheus itself says of them is in
 * promtool.test.ts and live.test.ts.
 */
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { runbookPage } from '../../../fixtures/kit/runbook-page.js'
import { ERRORS } from '../../../src/domain/errors.js'
import { projectRoot } from '../../../src/domain/project-root.js'
import { SETTINGS } from '../../../src/domain/settings.js'
import {
  alerts,
  dashboard,
  dashboardExpressions,
  deployFolder,
  documentedExpressions,
  entryOf,
  filesOf,
  labelsOf,
  readDeployed,
  ruleExpressions,
  rules,
  type Expression,
} from './deployment.js'
import { groupedLabels, selectorsOf, type Matcher, type Selector } from './promql.js'
import { readYaml, type YamlMap } from './yaml.js'

const read = (file: string): string => readFileSync(path.join(projectRoot, file), 'utf8')
const expressions = [...ruleExpressions(), ...dashboardExpressions(), ...documentedExpressions()]

t.test('every expression asks for metrics that exist, by labels and values that they have', (t) => {
  t.ok(expressions.length > 150, `${expressions.length} expressions were found`)
  t.same(
    expressions.flatMap((expression) =>
      selectorsOf(expression.expression).flatMap((selector) =>
        faultsOf(selector).map((fault) => `${expression.where}: ${fault}`),
      ),
    ),
    [],
  )
  t.end()
})

t.test('what is grouped by or shown is a label of a metric of the same expression', (t) => {
  const faults = expressions.flatMap(({ where, expression, templates }) => {
    const known = new Set(selectorsOf(expression).flatMap(({ metric }) => labelsOf.get(metric) ?? []))
    const asked = [...groupedLabels(expression), ...templates.flatMap(templateLabels)]
    return asked.filter((label) => !known.has(label)).map((label) => `${where}: ${label}`)
  })
  t.same(faults, [])
  t.end()
})

t.test('what a rule keeps of labels is what the name of its result begins with', (t) => {
  for (const { record, expr } of rules) {
    if (record === undefined) continue
    const kept = [...expr.matchAll(/\b(?:sum|max|count) by \(([^)]*)\)/g)].map(([, labels]) =>
      labels!.replaceAll(', ', '_'),
    )
    const inherited = selectorsOf(expr)
      .filter(({ metric }) => metric.includes(':'))
      .map(({ metric }) => metric.split(':')[0]!)
    t.ok([...kept, ...inherited].includes(record.split(':')[0]!), record)
  }
  t.end()
})

t.test('every recorded rule is used: by another rule, the dashboard or a document', (t) => {
  const asked = new Set(expressions.flatMap(({ expression }) => selectorsOf(expression).map(({ metric }) => metric)))
  t.same(rules.flatMap(({ record }) => record === undefined || asked.has(record) ? [] : [record]), [])
  t.end()
})

t.test('a refusal counts as our fault in the promise where its status says so', (t) => {
  const ours = Object.entries(ERRORS)
    .filter(([, { counted, status }]) => counted === 'rejection' && (status === 429 || status >= 500))
    .map(([code]) => code.toLowerCase())
  for (const { record, expr } of rules.filter(({ record }) => record?.startsWith('job:asr_requests_valid:'))) {
    t.same(/reason=~"([^"]*)"/.exec(expr)?.[1]?.split('|').sort(), ours.sort(), record!)
  }
  t.end()
})

t.test('every alert says what, how much, how urgent, and where to read on; the chapter exists, and no other', (t) => {
  const page = read('src/serving/http/pages/runbook/index.html')
  t.equal(page, runbookPage(read('docs/operations.md')), 'npm run fixtures -- runbook makes the page anew')
  const chapters = new Set([...read('docs/operations.md').matchAll(/^### (Asr\w+)$/gm)].map(([, name]) => name!))
  for (const { alert, labels = {}, annotations = {} } of alerts) {
    t.same(Object.keys(annotations), ['summary', 'description', 'runbook_url'], alert!)
    t.match(labels, { severity: /^(page|ticket)$/ }, alert!)
    const [, anchor = ''] = /^\{\{ or \$externalLabels\.earshot_url "http:\/\/localhost:8080" \}\}\/runbook#(\w+)$/
      .exec(annotations.runbook_url!) ?? []
    t.equal(anchor, alert!.toLowerCase())
    t.ok(page.includes(`<h3 id="${anchor}">${alert!}</h3>`), `/runbook#${anchor} is a chapter of the page`)
  }
  t.same([...chapters].sort(), alerts.map(({ alert }) => alert!).sort())
  t.equal(chapters.size, alerts.length, 'no name twice')
  t.end()
})

t.test(
  'every alert is seen firing in a test of promtool, and every file of rules has a test in which none does',
  (t) => {
    const tests = filesOf('prometheus/tests').map((file) => ({ file, text: read(`deploy/${file}`) }))
    for (const { alert } of alerts)
      t.ok(
        tests.some(({ text }) => text.includes(`alertname="${alert!}"`) || text.includes(`alertname: ${alert!}`)),
        alert!,
      )
    for (const file of filesOf('prometheus/rules')) {
      t.ok(
        tests.some(
          ({ text }) =>
            text.includes(`../rules/${path.basename(file)}`) &&
            /- expr: ALERTS\n +eval_time: \w+\n +exp_samples: \[\]/.test(text),
        ),
        file,
      )
    }
    t.end()
  },
)

t.test('the drift window is used in four ranges of drift.yml and in no other duration of its rules', (t) => {
  const ofDrift = rules.filter(({ file }) => file.endsWith('drift.yml'))
  t.equal(ofDrift.map(({ expr }) => expr.split('[1h]').length - 1).reduce((sum, count) => sum + count), 4)
  t.notOk(ofDrift.some(({ expr }) => /\[(?!1h\])/.test(expr)), 'no other range')
  t.same(
    ofDrift.filter(({ for: lasting }) => lasting === '10m').map(({ alert }) => alert),
    ['AsrDrift', 'AsrDriftMissing'],
  )
  t.end()
})

t.test('every panel says what it shows, in which unit, from the chosen source, and covers no other', (t) => {
  const covered = new Map<string, string>()
  const faults: string[] = []
  for (const {
    type,
    title,
    description,
    gridPos: { x, y, w, h },
    datasource,
    fieldConfig,
    targets = [],
  } of dashboard.panels) {
    for (let column = x; column < x + w; column++)
      for (let line = y; line < y + h; line++) {
        const place = `${column},${line}`
        if (covered.has(place)) faults.push(`${title} lies on ${covered.get(place)}`)
        covered.set(place, title)
      }
    if (x + w > 24) faults.push(`${title} is too wide`)
    if (type === 'row') continue
    if (!description || !fieldConfig?.defaults.unit || targets.length === 0 || datasource?.uid !== '${datasource}')
      faults.push(`${title} lacks something`)
    if (type === 'timeseries' && targets.some(({ legendFormat }) => legendFormat === ''))
      faults.push(`${title} has no legend`)
  }
  t.same(faults, [])
  t.equal(new Set(dashboard.panels.map(({ id }) => id)).size, dashboard.panels.length, 'ids are unique')
  t.match(dashboard, { id: null, uid: 'earshot' })
  t.same(dashboard.templating.list.map(({ name }) => name), ['datasource', 'job', 'model'])
  t.end()
})

t.test('compose.yml mounts what exists, where its reader looks for it, and sets only settings of ours', (t) => {
  const { services, volumes } = readDeployed('compose.yml') as unknown as {
    services: Record<string, { volumes: string[]; environment?: YamlMap; healthcheck?: YamlMap; command?: string[] }>
    volumes: YamlMap
  }
  const settings = Object.keys(SETTINGS.properties)
  t.same(Object.keys(services.earshot!.environment!).filter((name) => !settings.includes(name)), [])
  for (const [name, { volumes: mounts, healthcheck }] of Object.entries(services)) {
    for (const [source, target] of mounts.map((mount) => mount.split(':') as [string, string])) {
      t.ok(
        source.startsWith('./') ? existsSync(path.join(deployFolder, source)) : source in volumes,
        `${name}: ${source}`,
      )
      t.match(target, /^\//)
    }
    t.ok(
      healthcheck !== undefined || (name === 'earshot' && /^HEALTHCHECK /m.test(read('Dockerfile'))),
      `${name} has a health check`,
    )
  }
  t.ok(services.prometheus!.command!.includes('--config.file=/etc/prometheus/prometheus.yml'))
  t.match(
    read('Dockerfile'),
    /^RUN install -d -o 1000 -g 1000 \/drift \/keys \/collected$/m,
    'the volumes belong to the user of the service',
  )
  t.end()
})

interface Service {
  readonly image: string
  readonly user: string
  readonly read_only: string
  readonly cap_drop: readonly string[]
  readonly security_opt: readonly string[]
  readonly mem_limit: string
  readonly pids_limit: string
  readonly tmpfs: readonly string[]
  readonly ports: readonly string[]
  readonly volumes: readonly string[]
  readonly build?: YamlMap
  readonly command?: readonly string[]
}

t.test('every service of compose.yml is hardened, and reached from this machine only', (t) => {
  const { services } = readDeployed('compose.yml') as unknown as { services: Record<string, Service> }
  t.same(Object.keys(services), ['earshot', 'prometheus', 'grafana'])
  for (const [name, service] of Object.entries(services)) {
    t.match(
      service,
      { read_only: 'true', cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'], user: /^[1-9]\d*:\d+$/ },
      name,
    )
    t.notMatch(service, { cap_add: Array }, name)
    t.notMatch(service, { privileged: String }, name)
    t.match(service.mem_limit, /^(\$\{\w+:-)?[1-9]\d*[mg]\}?$/, `${name} has a limit of memory`)
    t.ok(Number(service.pids_limit) > 0, `${name} has a limit of processes`)
    for (const mount of service.tmpfs) t.match(mount, /^\/tmp:size=\d+m,.*\bnosuid\b/, `${name}: a bounded /tmp`)
    for (const port of service.ports) t.match(port, /^127\.0\.0\.1:\d+:\d+$/, `${name}: ${port}`)
    t.notOk(
      service.volumes.some((mount) => mount.includes('docker.sock')),
      `${name} does not see the container runtime`,
    )
    for (const mount of service.volumes.filter((mount) => mount.startsWith('./')))
      t.match(mount, /:ro$/, `${name}: ${mount}`)
    if (service.build === undefined)
      t.match(
        service.image,
        /^\$\{[A-Z]+_IMAGE:-[\w./-]+:v?\d+\.\d+\.\d+@sha256:[0-9a-f]{64}\}$/,
        `${name} is pinned by digest`,
      )
  }
  t.notOk(
    services.prometheus!.command!.some((word) => /^--web\.enable-/.test(word)),
    'nobody reconfigures or ends Prometheus over HTTP',
  )
  const user = /^USER (\S+)$/m.exec(read('Dockerfile'))![1]
  t.equal(services.earshot!.user, user, 'the user of the Dockerfile, to whom its volume belongs')
  t.end()
})

t.test('the pod of deploy/README.md is as hardened as the container', (t) => {
  const [manifest] = [...read('deploy/README.md').matchAll(/```yaml\n(apiVersion: apps\/v1[^]*?)```/g)].map(
    ([, text]) => readYaml(text!),
  )
  const { template } = (manifest as unknown as { spec: { template: { spec: PodSpec } } }).spec
  const { securityContext, automountServiceAccountToken, enableServiceLinks, containers: [container] } = template.spec
  t.match(securityContext, { runAsNonRoot: 'true', runAsUser: '1000', seccompProfile: { type: 'RuntimeDefault' } })
  t.match(
    { automountServiceAccountToken, enableServiceLinks },
    { automountServiceAccountToken: 'false', enableServiceLinks: 'false' },
  )
  t.match(container!.securityContext, {
    allowPrivilegeEscalation: 'false',
    readOnlyRootFilesystem: 'true',
    capabilities: { drop: ['ALL'] },
  })
  t.ok(container!.resources.limits.memory)
  t.end()
})

interface PodSpec {
  readonly securityContext: YamlMap
  readonly automountServiceAccountToken: string
  readonly enableServiceLinks: string
  readonly containers: readonly {
    readonly securityContext: YamlMap
    readonly resources: { readonly limits: { readonly memory?: string } }
  }[]
}

t.test('Prometheus scrapes, and Grafana asks, the services of compose.yml at the ports that they have', (t) => {
  const { services } = readDeployed('compose.yml') as unknown as {
    services: Record<string, { ports: string[]; volumes: string[] }>
  }
  const { scrape_configs: scrapes } = readDeployed('prometheus/prometheus.yml') as unknown as {
    scrape_configs: {
      job_name: string
      authorization?: { credentials_file: string }
      static_configs: { targets: string[] }[]
    }[]
  }
  const [target] = scrapes.find(({ job_name: name }) => name === 'earshot')!.static_configs[0]!.targets
  t.equal(target, `earshot:${services.earshot!.ports[0]!.split(':').at(-1)!}`)
  const { authorization } = scrapes.find(({ job_name: name }) => name === 'earshot')!
  t.ok(
    services.prometheus!.volumes.includes(`keys:${path.posix.dirname(authorization!.credentials_file)}:ro`),
    'and finds its key',
  )
  const { datasources } = readDeployed('grafana/provisioning/datasources/prometheus.yaml') as unknown as {
    datasources: { url: string }[]
  }
  t.equal(datasources[0]!.url, `http://prometheus:${services.prometheus!.ports[0]!.split(':').at(-1)!}`)
  const { providers } = readDeployed('grafana/provisioning/dashboards/earshot.yaml') as unknown as {
    providers: { options: { path: string } }[]
  }
  t.ok(services.grafana!.volumes.includes(`./grafana/dashboards:${providers[0]!.options.path}:ro`))
  t.end()
})

function faultsOf({ metric, matchers }: Selector): string[] {
  const labels = labelsOf.get(metric)
  if (labels === undefined) return [`there is no ${metric}`]
  return matchers
    .filter((matcher) => !fits(metric, labels, matcher))
    .map(({ label, operator, value }) => `${metric} has no ${label}${operator}"${value}"`)
}

/** Whether the label exists, and where its values are a closed list, whether each alternative is one of them. */
function fits(metric: string, labels: readonly string[], { label, operator, value }: Matcher): boolean {
  if (!labels.includes(label)) return false
  const entry = entryOf(metric)
  const values = label === 'le' ? [...entry!.buckets ?? [], '+Inf'].map(String) : entry?.labels?.[label]
  if (values === undefined || typeof values === 'string' || value.startsWith('$')) return true
  const alternatives = operator.includes('~') && label !== 'le' ? value.split('|') : [value]
  return alternatives.every((alternative) =>
    values.some((known) =>
      operator.includes('~') ? new RegExp(`^(?:${alternative})$`).test(known) : known === alternative,
    ),
  )
}

/** `{{label}}` of Grafana and `{{ $labels.label }}` of Prometheus. */
function templateLabels(template: Expression['templates'][number]): string[] {
  return [...template.matchAll(/\{\{ *(?:\$labels\.)?(\w+) *\}\}/g)].map(([, label]) => label!)
}
