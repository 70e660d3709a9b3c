/** The result of a verification as one HTML page: counts, distributions, and the findings with players. */
import { counted } from '../report/counted.js'
import { binsOf, histogram } from '../report/histogram.js'
import { page, player, table, tag, type Content, type Markup } from '../report/html.js'
import type { Finding } from './finding.js'
import { KINDS, SEVERITIES, type Kind } from './kinds.js'
import { groupBy } from '../group-by.js'
import { quantile } from '../statistics/robust.js'
import type { PairAgreement } from '../labels/agreement/agreement.js'
import { agreementTables } from './agreement-tables.js'
import type { SetSummary, Share } from './summary.js'

/** A player each makes a page of thousands unusable; the JSON Lines have all of them. */
export const MOST_SHOWN = 500

export interface PageContent {
  /** Name of the manifest. */
  readonly name: string
  readonly summary: SetSummary
  /** Ranked. */
  readonly findings: readonly Finding[]
  /** Address of the audio for a player; undefined where it cannot be played. */
  readonly audioOf: (clip: string) => string | undefined
  /** Of labellers; the clips on which they differ are findings. */
  readonly agreement?: readonly PairAgreement[]
}

export function verificationPage({ name, summary, findings, audioOf, agreement = [] }: PageContent): string {
  const { clips, seconds, speakers, words, distinctWords, wordsOnce } = summary
  const shown = findings.slice(0, MOST_SHOWN)
  return page(
    { title: `Verification of ${name}` },
    tag('h1', {}, `Verification of ${name}`),
    tag('p', {}, `${counted(clips, 'clip')}, ${(seconds / 60).toFixed(1)} minutes, ${counted(speakers, 'speaker')}, `
      + `${words} words `
      + `(${distinctWords} different, ${wordsOnce} of them once).`),
    tag('h2', {}, 'Findings by kind'), kindsTable(findings),
    tag('h2', {}, 'Distributions'),
    tag('div', { class: 'plots' }, summary.distributions.map(({ name, unit, quantiles, values, count }) => {
      const [low, , median, , high] = quantiles
      const title = `${name}: median ${fixed(median)} ${unit}, `
        + `90 % from ${fixed(low)} to ${fixed(high)} (${count} clips)`
      return histogram(title, unit, binsOf(values, widened(low ?? 0, high ?? 0, values)))
    })),
    tag('h2', {}, 'Composition'),
    sharesTable('source', summary.sources), sharesTable('split', summary.splits), sharesTable('tag', summary.tags),
    sharesTable('speaker', summary.topSpeakers),
    agreementTables(agreement),
    tag('h2', {}, shown.length < findings.length
      ? `The ${shown.length} most expensive of ${findings.length} findings`
      : `${findings.length} findings`),
    findingsTable(shown, audioOf),
  )
}

/** The inner 90 %, with room for some of the others, but not for values that there are none of. */
function widened(low: number, high: number, values: readonly number[]): [number, number] {
  const margin = (high - low) / 4 || 1
  return [Math.max(low - margin, quantile(values, 0)), Math.min(high + margin, quantile(values, 1))]
}

function kindsTable(findings: readonly Finding[]): Markup {
  const counts = groupBy(findings, ({ kind }) => kind)
  const kinds = [...counts.keys()] as Kind[]
  const rows = SEVERITIES.flatMap((severity) =>
    kinds.filter((kind) => KINDS[kind].severity === severity).map((kind): Content[] => [
      tag('span', { class: severity }, severity), tag('span', { class: 'name' }, kind),
      counts.get(kind)?.length ?? 0, tag('span', { class: 'meaning' }, KINDS[kind].says),
    ]))
  const columns = [{ name: 'severity' }, { name: 'kind' }, { name: 'findings', isNumber: true }, { name: 'meaning' }]
  return table(columns, rows)
}

function sharesTable(what: string, shares: readonly Share[]): Content {
  if (shares.length === 0) return ''
  const rows = shares.map(({ name, seconds, share }) => [name, fixed(seconds), `${(100 * share).toFixed(1)} %`])
  const columns = [{ name: what }, { name: 'seconds', isNumber: true }, { name: 'share', isNumber: true }]
  return table(columns, rows)
}

function findingsTable(findings: readonly Finding[], audioOf: PageContent['audioOf']): Markup {
  const columns = [
    { name: 'cost', isNumber: true }, { name: 'kind' }, { name: 'clip' }, { name: 'what' }, { name: 'listen' },
  ]
  return table(columns, findings.map(({ cost, kind, severity, clip, line, detail, evidence }) => {
    const original = typeof evidence['original'] === 'string' ? evidence['original'] : undefined
    const players = [clip, original].flatMap((one) => {
      const source = one === null || one === undefined ? undefined : audioOf(one)
      return source === undefined ? [] : [player(source)]
    })
    const place = clip === null ? line === null ? 'the set' : `line ${line}` : `${clip} (line ${line})`
    return [cost.toFixed(2), tag('span', { class: severity }, kind), place, detail, players]
  }), { stacks: true })
}

function fixed(value: number | undefined): string {
  return value === undefined ? '' : value.toFixed(Math.abs(value) < 10 ? 2 : 0)
}
