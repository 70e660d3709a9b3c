/** What lies in deploy/, as data: rules, expressions with where they stand, and the labels that each metric has. */
import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { Registry, collectDefaultMetrics } from 'prom-client'
import { projectRoot } from '../../../src/domain/project-root.js'
import { METRICS, type MetricDefinition } from '../../../src/monitoring/metrics/definitions.js'
import { readYaml, type Yaml } from './yaml.js'

export interface Rule {
  readonly file: string
  readonly record?: string
  readonly alert?: string
  readonly expr: string
  readonly for?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

export interface Expression {
  readonly where: string
  readonly expression: string
  /** Texts with `{{label}}` or `{{ $labels.label }}` that are filled from it. */
  readonly templates: readonly string[]
}

export interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly description?: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly datasource?: { readonly uid: string }
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } }
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string; readonly format?: string }[]
}

export interface Dashboard {
  readonly id: null
  readonly uid: string
  readonly panels: readonly Panel[]
  readonly templating: {
    readonly list: readonly {
      readonly name: string
      readonly type: string
      readonly query: string | { readonly query: string }
    }[]
  }
  readonly annotations: {
    readonly list: readonly {
      readonly name: string
      readonly expr: string
      readonly titleFormat: string
      readonly textFormat: string
    }[]
  }
}

export const deployFolder = path.join(projectRoot, 'deploy')
export const readDeployed = (file: string): Yaml => readYaml(readFileSync(path.join(deployFolder, file), 'utf8'))
const read = (file: string): string => readFileSync(path.join(projectRoot, file), 'utf8')

export const rules: readonly Rule[] = filesOf('prometheus/rules').flatMap((file) => {
  const { groups } = readDeployed(file) as unknown as { groups: { rules: Omit<Rule, 'file'>[] }[] }
  return groups.flatMap((group) => group.rules.map((rule) => ({ ...rule, file })))
})
export const alerts = rules.filter((rule) => rule.alert !== undefined)
export const dashboard = JSON.parse(read('deploy/grafana/dashboards/earshot.json')) as Dashboard

/** Every metric that can be asked for, with its labels. A recorded one has those that its name begins with. */
export const labelsOf: ReadonlyMap<string, readonly string[]> = new Map([
  ...Object.entries<MetricDefinition>(METRICS).flatMap(([name, { type, labels = {} }]) =>
    seriesOf(name, type, Object.keys(labels)),
  ),
  ...defaultMetrics(),
  ...rules.flatMap(({ record }): [string, string[]][] =>
    record === undefined ? [] : [[record, record.split(':')[0]!.split('_')]],
  ),
  ['up', ['job', 'instance']],
  ['ALERTS', ['alertname', 'alertstate', 'severity', 'job', 'instance', 'feature', 'model']],
])

/** The entry of the catalog behind a series; undefined for those of prom-client, of Prometheus and of rules. */
export function entryOf(series: string): MetricDefinition | undefined {
  const entries: Readonly<Record<string, MetricDefinition>> = METRICS
  return entries[series] ?? entries[series.replace(/_(bucket|sum|count)$/, '')]
}

export function filesOf(folder: string): string[] {
  return readdirSync(path.join(deployFolder, folder)).map((name) => `${folder}/${name}`)
}

export function ruleExpressions(): Expression[] {
  return rules.map(({ file, record, alert, expr, annotations = {} }) => ({
    where: `${file}: ${record ?? alert!}`,
    expression: expr,
    templates: Object.values(annotations),
  }))
}

export function dashboardExpressions(): Expression[] {
  const { panels, annotations, templating } = dashboard
  const ofPanels = panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr, legendFormat }) => ({ where: `panel ${title}`, expression: expr, templates: [legendFormat] })),
  )
  const ofAnnotations = annotations.list.map(({ name, expr, titleFormat, textFormat }) => ({
    where: `annotation ${name}`,
    expression: expr,
    templates: [titleFormat, textFormat],
  }))
  const ofVariables = templating.list.filter(({ type }) => type === 'query').map(({ name, query }) => {
    const [, selector, label] = /^label_values\((.*), (\w+)\)$/.exec((query as { query: string }).query)!
    return { where: `variable ${name}`, expression: `count by (${label}) (${selector})`, templates: [] }
  })
  return [...ofPanels, ...ofAnnotations, ...ofVariables]
}

/** The table of questions in docs/metrics.md, and the blocks of PromQL in the other documents. */
export function documentedExpressions(): Expression[] {
  const questions = [
    ...read('docs/metrics.md')
      .split('## Questions')[1]!
      .matchAll(/^\| ([^`|]+) \| `(.+)` \|$/gm),
  ].map(([, question, expression]) => ({
    where: `docs/metrics.md: ${question}`,
    expression: expression!.replaceAll('\\|', '|'),
    templates: [],
  }))
  const blocks = ['docs/operations.md', 'docs/drift.md', 'deploy/README.md'].flatMap((file) =>
    [...read(file).matchAll(/^```promql\n([^]*?)^```/gm)].map(([, block]) => ({
      where: file,
      expression: block!,
      templates: [],
    })),
  )
  return [...questions, ...blocks]
}

/** Those of prom-client, which describe their labels in fields that its types do not have. */
function defaultMetrics(): [string, string[]][] {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  return (registry.getMetricsAsArray() as unknown as { name: string; type: string; labelNames: string[] }[])
    .flatMap(({ name, type, labelNames }) => seriesOf(name, type, labelNames))
}

function seriesOf(name: string, type: string, labelNames: readonly string[]): [string, string[]][] {
  const labels = [...labelNames, 'job', 'instance']
  return type !== 'histogram'
    ? [[name, labels]]
    : [
        [`${name}_bucket`, [...labels, 'le']],
        [`${name}_sum`, labels],
        [`${name}_count`, labels],
      ]
}
