/**
 * Requests to external search engines and their answers. A request contains all alternatives, weighted by their
 * likelihood: a word that was misrecognized in the first is often right in the second.
 *
 * `opensearch`: the _search API of OpenSearch and Elasticsearch, a dis_max over one `match` per alternative.
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
  /** On the scale of the external search engine. */
  readonly score: number | null
}

export interface ExternalEngineRequest {
  readonly url: string
  /** JSON, by POST; undefined: GET. */
  readonly body: string | undefined
}

interface Format {
  request(url: string, field: string, alternatives: readonly Alternative[], limit: number): ExternalEngineRequest
  /** The first hits; undefined if the answer has another format. */
  read(answer: unknown, field: string, limit: number): ExternalEngineHit[] | undefined
}

export const FORMATS: Readonly<Record<ExternalEngineFormat, Format>> = {
  url: {
    request: (url, _field, alternatives, limit) => ({
      body: undefined,
      url: fittingUrl(alternatives, (shortened) => fillIn(url, shortened, limit)),
    }),
    read: (answer, field, limit) =>
      toHits(Array.isArray(answer) ? answer : member(answer, 'hits') ?? member(answer, 'results'), field, limit),
  },
  opensearch: {
    request: (url, field, alternatives, limit) => ({
      url: `${withoutSlash(url)}/_search`,
      body: JSON.stringify({
        size: limit,
        query: {
          dis_max: {
            queries: weighted(outgoing(alternatives)).map(({ text, weight }) =>
              ({ match: { [field]: { query: text, fuzziness: 'AUTO', boost: weight } } })),
          },
        },
      }),
    }),
    read: (answer, field, limit) => toHits(member(member(answer, 'hits'), 'hits'), field, limit),
  },
  meilisearch: {
    request: (url, _field, alternatives, limit) => {
      const [, server, index] = /^(.*)\/indexes\/([^/]+)$/.exec(withoutSlash(url)) ?? []
      if (server === undefined || index === undefined) {
        throw new Error('EARSHOT_SEARCH_URL does not end in /indexes/NAME')
      }
      return {
        url: `${server}/multi-search`,
        body: JSON.stringify({
          federation: { limit },
          queries: weighted(outgoing(alternatives)).map(({ text, weight }) =>
            ({ indexUid: decodeURIComponent(index), q: text, federationOptions: { weight } })),
        }),
      }
    },
    read: (answer, field, limit) => toHits(member(answer, 'hits'), field, limit),
  },
}

const MIN_WEIGHT = 0.01
/** Hits with a longer id are dropped; a longer name is shortened. */
const MAX_ID_CHARACTERS = 512
const MAX_NAME_CHARACTERS = 512

/** A text of one or two dots would be a relative path segment, so it is replaced by an empty text. */
function fillIn(template: string, alternatives: readonly Alternative[], limit: number): string {
  const [first] = alternatives
  const query = first === undefined || /^\.{1,2}$/.test(first.text) ? '' : first.text
  const values: Readonly<Record<string, string>> = {
    query,
    limit: String(limit),
    alternatives: JSON.stringify(alternatives.map(({ text }) => text)),
  }
  return template.replace(/\{(query|alternatives|limit)\}/g, (_, name: string) =>
    encodeURIComponent((values[name] ?? '').replace(/\p{Cs}/gu, '\ufffd')))
}

/** Weights by likelihood relative to the first alternative. */
function weighted(alternatives: readonly Alternative[]): { text: string; weight: number }[] {
  const first = alternatives[0]?.logProbability ?? 0
  return alternatives.map(({ text, logProbability }) =>
    ({ text, weight: Math.max(MIN_WEIGHT, Math.min(1, Math.exp(logProbability - first))) }))
}

/** Hits without a valid id are dropped. */
function toHits(list: unknown, field: string, limit: number): ExternalEngineHit[] | undefined {
  if (!Array.isArray(list)) return undefined
  const hits: ExternalEngineHit[] = []
  for (const hit of list as readonly unknown[]) {
    if (hits.length === limit) break
    const id = member(hit, '_id') ?? member(hit, 'id')
    if (!(typeof id === 'string' && id.length <= MAX_ID_CHARACTERS) && typeof id !== 'number') continue
    const name = member(member(hit, '_source'), field) ?? member(hit, field)
    const score = member(hit, '_score')
      ?? member(member(hit, '_federation'), 'weightedRankingScore') ?? member(hit, 'score')
    hits.push({
      id: String(id),
      name: typeof name === 'string' ? cut(name, MAX_NAME_CHARACTERS) : null,
      score: typeof score === 'number' && Number.isFinite(score) ? score : null,
    })
  }
  return hits
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '')
}
