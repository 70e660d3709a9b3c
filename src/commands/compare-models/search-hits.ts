/** Reports of both sides → what a search for them finds in the catalogue of each, against what is expected. */
import type { Both, Hit, Pair } from '../../data/comparison/pairs.js'
import { SpeechError } from '../../domain/errors.js'
import type { Report } from '../../domain/report.js'
import { normalizeText } from '../../domain/scoring/normalize.js'
import { makeCatalogue, type Catalogue } from '../../search/catalogue/catalogue.js'
import { runSliced } from '../../search/catalogue/time-slices.js'
import { alternativesOf } from '../../search/ranking/alternatives.js'
import { DEFAULT_THRESHOLD, rankInSteps } from '../../search/ranking/ranking.js'
import type { SourceClip } from '../clips/clips.js'
import type { Requested } from '../clips/recognize.js'
import type { Side } from './side.js'
import { readCatalogue } from './system.js'

/** As POST /v1/search asks for. */
export const SEARCHED: Requested = { nBest: 5 }
/** Entries that are looked at; one further down counts as not found. */
const RANKED = 10

type Labelled = Pick<SourceClip, 'entry'> & { readonly text: string }

/** Null for a clip of which nobody knows what is to be found. */
export type FindHits = (clip: Labelled, reports: Both<Report>) => Promise<Pair['hits']>

/** Throws CLIPS_INVALID where a side has no catalogue, and what is wrong with one. */
export async function openSearch({ a, b }: Both<Side>, language: string): Promise<FindHits> {
  const first = await openCatalogue(a)
  const catalogues = { a: first, b: b.catalogue === a.catalogue ? first : await openCatalogue(b) }
  const byName = namesOf(new Set([catalogues.a, catalogues.b]), language)
  return async ({ entry, text }, reports) => {
    const expected = entry ?? byName.get(normalizeText(text, language).join(' '))
    if (expected === undefined) return null
    const ids = new Set(expected)
    return {
      a: await hitOf(reports.a, catalogues.a, ids), b: await hitOf(reports.b, catalogues.b, ids),
      isExpected: ids.size > 0,
    }
  }
}

async function openCatalogue({ name, catalogue: file }: Side): Promise<Catalogue> {
  if (file === undefined) throw new SpeechError('CLIPS_INVALID', `"${name}" has no catalogue to search`)
  return (await makeCatalogue('compared', 1, await readCatalogue(file))).catalogue
}

/** Ids by normalized name and alias: a clip whose whole label is a name is a search for it. */
function namesOf(catalogues: ReadonlySet<Catalogue>, language: string): Map<string, string[]> {
  const ids = new Map<string, string[]>()
  for (const { entries } of catalogues) {
    for (const { id, name, aliases } of entries) {
      for (const one of [name, ...aliases]) {
        const key = normalizeText(one, language).join(' ')
        ids.set(key, [...ids.get(key) ?? [], id])
      }
    }
  }
  return ids
}

async function hitOf(report: Report, catalogue: Catalogue, expected: ReadonlySet<string>): Promise<Hit> {
  const alternatives = alternativesOf(report)
  const options = { limit: RANKED, threshold: 0 }
  const { hits } = alternatives.length === 0
    ? { hits: [] }
    : await runSliced(rankInSteps(alternatives, report.phraseScores, catalogue, options))
  const isExpected = hits.map(({ entry }) => expected.has(catalogue.entries[entry]!.id))
  const isAnswered = (hits[0]?.score ?? 0) >= DEFAULT_THRESHOLD
  const rank = isExpected.indexOf(true)
  return {
    isRight: expected.size === 0 ? !isAnswered : isAnswered && isExpected[0] === true,
    rank: rank === -1 ? null : rank + 1,
  }
}
