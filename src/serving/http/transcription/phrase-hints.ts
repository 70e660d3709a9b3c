/**
 * What a request expects to be said: a catalogue, phrases of its own, or nothing. A catalogue is held as long as the
 * request lasts, so that the version it was heard with is the one that answers.
 */
import type { FastifyReply } from 'fastify'
import { MAX_PHRASE_CHARACTERS, readPhrases } from '../../../search/catalogue/inline.js'
import type { CatalogueStore } from '../../../search/catalogue/store.js'
import { SpeechError } from '../../../domain/errors.js'
import type { PhraseList, PhraseScore, RankedAlternative } from '../../../domain/phrases.js'
import type { Searchable } from '../../../search/ranking/ranking.js'
import type { Report } from '../../../domain/report.js'
import { whenClosed } from '../connections/when-closed.js'

export interface PhraseHints {
  /** For the recognition process: a published list by its id, or one of the request's own, made in turns. Rejects with QUEUE_FULL. */
  readonly phrases: () => Promise<string | PhraseList>
  /** `name@version`; null for phrases of the request. */
  readonly catalogue: string | null
  /** Entry or phrase by its index. */
  describe(index: number): { readonly id: string; readonly name: string; readonly tags: readonly string[] }
  readonly searchable: () => Promise<Searchable>
}

/** Throws CATALOGUE_NOT_FOUND or REQUEST_INVALID. */
export function readPhraseHints(given: { readonly catalogue?: string; readonly phrases?: readonly string[] }, store: CatalogueStore, reply: FastifyReply, parameter = 'phrases'): PhraseHints | undefined {
  const { catalogue, phrases = [] } = given
  if (catalogue === undefined) return phrases.length === 0 ? undefined : expectPhrases(phrases, store, parameter, reply.request.client)
  if (phrases.length > 0) throw new SpeechError('REQUEST_INVALID', 'a request has a catalogue or phrases, not both', { parameter })
  const lease = store.lease(catalogue)
  whenClosed(reply.raw, lease.release)
  return {
    phrases: async () => lease.listId,
    catalogue: lease.listId,
    describe: (index) => lease.catalogue.entries[index]!,
    searchable: async () => lease.catalogue,
  }
}

/** More words are a sentence. */
const MOST_WORDS_OF_A_PHRASE = 8

/** A prompt of OpenAI's route: what is longer than a phrase is prose, and steers nothing. */
export function phrasesOfPrompt(prompt: string | undefined): string[] {
  return (prompt ?? '').split(/[,\n]/).map((piece) => piece.replace(/\s+/g, ' ').trim())
    .filter((piece) => piece !== '' && piece.length <= MAX_PHRASE_CHARACTERS && piece.split(' ').length <= MOST_WORDS_OF_A_PHRASE)
}

export type ClientAlternative = Omit<RankedAlternative, 'phrases'> & { readonly phrases: string[] }
export type ClientPhraseScore = Omit<PhraseScore, 'phrase'> & { readonly phrase: string }

interface ForClients {
  readonly alternatives: ClientAlternative[]
  readonly phraseScores: ClientPhraseScore[]
}

/** Alternatives and phrase scores as clients see them: with ids, since indices mean nothing to them. */
export function withIds(report: Pick<Report, 'alternatives' | 'phraseScores'>, hints: PhraseHints | undefined): ForClients {
  const { alternatives, phraseScores } = report
  const idOf = (index: number): string => hints!.describe(index).id
  return {
    alternatives: alternatives.map((one) => ({ ...one, phrases: hints === undefined ? [] : one.phrases.map(idOf) })),
    phraseScores: hints === undefined ? [] : phraseScores.map((one) => ({ ...one, phrase: idOf(one.phrase) })),
  }
}

function expectPhrases(given: readonly string[], { inline }: CatalogueStore, parameter: string, client: string): PhraseHints {
  const read = readPhrases(given, parameter)
  const { phrases } = read
  return {
    phrases: async () => inline.list(read, client),
    catalogue: null,
    describe: (index) => ({ id: phrases[index]!, name: phrases[index]!, tags: [] }),
    searchable: () => inline.searchable(read, client),
  }
}
