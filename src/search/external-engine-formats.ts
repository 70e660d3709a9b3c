/**
 * How search engines are asked and how they answer. Each is given all readings, the likelier ones with more weight:
 * the word that was misheard in the first is often right in the second.
 *
 * `opensearch`: the _search API of OpenSearch and Elasticsearch, a dis_max over one `match` for each reading.
 * `meilisearch`: POST /multi-search with federation (Meilisearch 1.10 and later).
 * `url`: GET on a template; the answer is a list of hits, or an object that has one under `hits` or `results`.
 */
import type { SearchEngineChoice } from '../domain/choices.js'
import type { Alternative } from '../domain/phrases.js'
import { cut, fittingUrl, outgoing } from './external-engine-bounds.js'

export type ExternalEngineFormat = Exclude<SearchEngineChoice, 'none'>

export interface ExternalEngineHit {
  readonly id: string
  readonly name: string | null
  /** On the engine's own scale. */
  readonly score: number | null
}

export interface ExternalEngineRequest {
  readonly url: string
  /** JSON, by POST; undefined: GET. */
  readonly body: string | undefined
}

interface Format {
  ask(url: string, field: string, alternatives: readonly Alternative[], limit: number): ExternalEngineRequest
  /** The first hits. Undefined: this is no answer. */
  read(answer: unknown, field: string, limit: number): ExternalEngineHit[] | undefined
}

export const FORMATS: Readonly<Record<ExternalEngineFormat, Format>> = {
  url: {
    ask: (url, _field, alternatives, limit) => ({
      body: undefined,
      url: fittingUrl(alternatives, (readings) => fillIn(url, readings, limit)),
    }),
    read: (answer, field, limit) => toHits(Array.isArray(answer) ? answer : member(answer, 'hits') ?? member(answer, 'results'), field, limit),
  },
  opensearch: {
    ask: (url, field, alternatives, limit) => ({
      url: `${withoutSlash(url)}/_search`,
      body: JSON.stringify({
        size: limit,
        query: { dis_max: { queries: weighted(outgoing(alternatives)).map(({ text, weight }) => ({ match: { [field]: { query: text, fuzziness: 'AUTO', boost: weight } } })) } },
      }),
    }),
    read: (answer, field, limit) => toHits(member(member(answer, 'hits'), 'hits'), field, limit),
  },
  meilisearch: {
    ask: (url, _field, alternatives, limit) => {
      const { server, index } = /^(?<server>.*)\/indexes\/(?<index>[^/]+)$/.exec(withoutSlash(url))!.groups!
      return {
        url: `${server!}/multi-search`,
        body: JSON.stringify({
          federation: { limit },
          queries: weighted(outgoing(alternatives)).map(({ text, weight }) => ({ indexUid: decodeURIComponent(index!), q: text, federationOptions: { weight } })),
        }),
      }
    },
    read: (answer, field, limit) => toHits(member(answer, 'hits'), field, limit),
  },
}

const LEAST_WEIGHT = 0.01
/** An id that is longer is nothing that a client could use; a name is cut. */
const MOST_ID_CHARACTERS = 512
const MOST_NAME_CHARACTERS = 512

/** A text of one or two dots would lead to another folder. */
function fillIn(template: string, readings: readonly Alternative[], limit: number): string {
  const values: Readonly<Record<string, string>> = {
    query: /^\.{1,2}$/.test(readings[0]!.text) ? '' : readings[0]!.text,
    limit: String(limit),
    alternatives: JSON.stringify(readings.map(({ text }) => text)),
  }
  return template.replace(/\{(query|alternatives|limit)\}/g, (_, name: string) => encodeURIComponent(values[name]!.replace(/\p{Cs}/gu, '\ufffd')))
}

/** By how likely a reading is against the first. */
function weighted(alternatives: readonly Alternative[]): { text: string; weight: number }[] {
  const first = alternatives[0]!.logProbability
  return alternatives.map(({ text, logProbability }) => ({ text, weight: Math.max(LEAST_WEIGHT, Math.min(1, Math.exp(logProbability - first))) }))
}

/** Hits without an id are none, and so are those whose id is no id. */
function toHits(list: unknown, field: string, limit: number): ExternalEngineHit[] | undefined {
  if (!Array.isArray(list)) return undefined
  const hits: ExternalEngineHit[] = []
  for (const hit of list as readonly unknown[]) {
    if (hits.length === limit) break
    const id = member(hit, '_id') ?? member(hit, 'id')
    if (!(typeof id === 'string' && id.length <= MOST_ID_CHARACTERS) && typeof id !== 'number') continue
    const name = member(member(hit, '_source'), field) ?? member(hit, field)
    const score = member(hit, '_score') ?? member(member(hit, '_federation'), 'weightedRankingScore') ?? member(hit, 'score')
    hits.push({ id: String(id), name: typeof name === 'string' ? cut(name, MOST_NAME_CHARACTERS) : null, score: typeof score === 'number' && Number.isFinite(score) ? score : null })
  }
  return hits
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '')
}
