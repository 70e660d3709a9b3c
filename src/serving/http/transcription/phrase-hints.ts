/**
 * The phrase hints of a request: a catalogue, phrases of its own, or none. The version of a catalogue is held until the
 * request ends, so that it ranks the hits too.
 */
import type { FastifyReply } from 'fastify'
import { readPhrases } from '../../../search/catalogue/inline.js'
import type { CatalogueStore } from '../../../search/catalogue/store.js'
import { SpeechError } from '../../../domain/errors.js'
import type { PhraseList, PhraseScore, RankedAlternative } from '../../../domain/phrases.js'
import type { Searchable } from '../../../search/ranking/ranking.js'
import type { Report } from '../../../domain/report.js'
import { whenClosed } from '../connections/when-closed.js'

export interface PhraseHints {
  /** For the worker: a published list by its id, or one of the request's own. Rejects with QUEUE_FULL. */
  readonly phrases: () => Promise<string | PhraseList>
  /** `name@version`; null for phrases of the request. */
  readonly catalogue: string | null
  /** Entry or phrase by its index. */
  describe(index: number): { readonly id: string; readonly name: string; readonly tags: readonly string[] }
  readonly searchable: () => Promise<Searchable>
}

/** Who uses phrase hints, and until when. */
export interface HintsHolder {
  readonly client: string
  whenDone(release: () => void): void
}

/** Until the answer is sent, or the client is gone. */
export function heldBy({ raw, request: { client } }: FastifyReply): HintsHolder {
  return { client, whenDone: (release) => { whenClosed(raw, release) } }
}

/** Throws CATALOGUE_NOT_FOUND or REQUEST_INVALID. */
export function readPhraseHints(
  given: { readonly catalogue?: string; readonly phrases?: readonly string[] },
  store: CatalogueStore, holder: HintsHolder, parameter = 'phrases',
): PhraseHints | undefined {
  const { catalogue, phrases = [] } = given
  if (catalogue === undefined) {
    return phrases.length === 0 ? undefined : ownPhrases(phrases, store, parameter, holder.client)
  }
  if (phrases.length > 0) {
    throw new SpeechError('REQUEST_INVALID', 'a request has a catalogue or phrases, not both', { parameter })
  }
  const lease = store.lease(catalogue)
  holder.whenDone(lease.release)
  return {
    phrases: async () => lease.listId,
    catalogue: lease.listId,
    describe: (index) => atIndex(lease.catalogue.entries, index),
    searchable: async () => lease.catalogue,
  }
}

export type ClientAlternative = Omit<RankedAlternative, 'phrases'> & { readonly phrases: string[] }
export type ClientPhraseScore = Omit<PhraseScore, 'phrase'> & { readonly phrase: string }

interface ForClients {
  readonly alternatives: ClientAlternative[]
  readonly phraseScores: ClientPhraseScore[]
}

/** Alternatives and phrase scores for clients: with ids in place of indices. */
export function withIds(
  report: Pick<Report, 'alternatives' | 'phraseScores'>, hints: PhraseHints | undefined,
): ForClients {
  const { alternatives, phraseScores } = report
  if (hints === undefined) {
    return { alternatives: alternatives.map((one) => ({ ...one, phrases: [] })), phraseScores: [] }
  }
  const idOf = (index: number): string => hints.describe(index).id
  return {
    alternatives: alternatives.map((one) => ({ ...one, phrases: one.phrases.map(idOf) })),
    phraseScores: phraseScores.map((one) => ({ ...one, phrase: idOf(one.phrase) })),
  }
}

function ownPhrases(
  given: readonly string[], { inline }: CatalogueStore, parameter: string, client: string,
): PhraseHints {
  const read = readPhrases(given, parameter)
  const { phrases } = read
  return {
    phrases: async () => inline.list(read, client),
    catalogue: null,
    describe: (index) => {
      const phrase = atIndex(phrases, index)
      return { id: phrase, name: phrase, tags: [] }
    },
    searchable: () => inline.searchable(read, client),
  }
}

/** Workers and ranking use the indices of the list that they were given. */
function atIndex<T>(list: readonly T[], index: number): T {
  const item = list[index]
  if (item === undefined) throw new RangeError(`a list of ${list.length} phrases has none at ${index}`)
  return item
}
