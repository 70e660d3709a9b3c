/**
 * Phrases that come with a request: a small catalogue, whose ids are the phrases. The id of its list is a digest of its
 * content, so that a recognition process can recognize a list that it has already.
 *
 * Validation is cheap. The spellings, and the index that ranks the phrases, take up to a tenth of a second, so both are
 * made in time slices on demand, and cached: clients send the same list again.
 */
import { createHash } from 'node:crypto'
import { SpeechError } from '../../domain/errors.js'
import type { Phrase, PhraseList } from '../../domain/phrases.js'
import { NameIndex, toName, type Name } from '../ranking/name-index.js'
import type { Searchable } from '../ranking/ranking.js'
import type { InterruptibleWork } from '../../domain/interruptible-work.js'
import { PerClientQueue } from './per-client-queue.js'
import { cleanText } from './entry.js'
import { toPhrase } from './spellings.js'
import { runSliced } from './time-slices.js'

export const MAX_PHRASES = 200
export const MAX_PHRASE_CHARACTERS = 100
const DIGEST_CHARACTERS = 16

export interface InlinePhrases {
  readonly id: string
  /** Normalized, sorted, unique. */
  readonly phrases: readonly string[]
}

/** Throws REQUEST_INVALID with the name of `parameter`. */
export function readPhrases(given: readonly string[], parameter: string): InlinePhrases {
  if (given.length > MAX_PHRASES) {
    const detail = `${parameter} has ${given.length} phrases, of at most ${MAX_PHRASES}; a catalogue can have more`
    throw new SpeechError('REQUEST_INVALID', detail, { parameter })
  }
  const phrases = [...new Set(given.map((phrase) => cleanPhrase(phrase, parameter)))].sort()
  const id = createHash('sha256').update(JSON.stringify(phrases)).digest('base64url').slice(0, DIGEST_CHARACTERS)
  return { id, phrases }
}

/** Throws REQUEST_INVALID with the name of `parameter`. */
export function cleanPhrase(phrase: string, parameter: string): string {
  const read = cleanText(phrase, MAX_PHRASE_CHARACTERS)
  if ('text' in read) return read.text
  throw new SpeechError('REQUEST_INVALID', `a phrase of ${parameter} ${read.fault}`, { parameter })
}

/** One step per phrase. */
function* listPhrases({ id, phrases }: InlinePhrases): InterruptibleWork<PhraseList> {
  const listed: Phrase[] = []
  for (const name of phrases) {
    listed.push(toPhrase({ name, aliases: [], weight: 1 }))
    yield
  }
  return { id, phrases: listed }
}

/** One step per phrase and round. */
export function* searchPhrases(phrases: readonly string[]): InterruptibleWork<Searchable> {
  const names: Name[] = []
  for (const [entry, phrase] of phrases.entries()) {
    names.push(toName(entry, phrase))
    yield
  }
  return { index: yield* NameIndex.build(names), weights: new Float64Array(phrases.length).fill(1) }
}

/** Approximate memory of all lists together. */
const MAX_BYTES = 32 * 1024 * 1024
/** Approximate memory of an index per character of a phrase, and of a spelling besides its characters. */
const INDEX_BYTES_PER_CHARACTER = 120
const BYTES_PER_SPELLING = 48
/** Lists of one client that wait or are being made. */
const MAX_LISTS_PER_CLIENT = 16

interface Cached {
  readonly inline: InlinePhrases
  list: Promise<PhraseList> | undefined
  searchable: Promise<Searchable> | undefined
  bytes: number
}

/** A cache of the lists of recent requests. */
export class InlineLists {
  readonly #maxBytes: number
  readonly #queues = new PerClientQueue()
  /** By digest, the most recently used last. */
  readonly #cache = new Map<string, Cached>()
  #bytes = 0

  constructor(maxBytes = MAX_BYTES) {
    this.#maxBytes = maxBytes
  }

  get bytes(): number { return this.#bytes }
  get size(): number { return this.#cache.size }

  /**
   * Concurrent requests with the same list share the work. Lists of one client are made one after the other. Throws
   * QUEUE_FULL if too many lists of a client wait.
   */
  list(inline: InlinePhrases, client: string): Promise<PhraseList> {
    const isKnown = this.#cache.get(inline.id)?.list !== undefined
    if (!isKnown && this.#queues.lengthOf(client) >= MAX_LISTS_PER_CLIENT) {
      throw new SpeechError('QUEUE_FULL', `${MAX_LISTS_PER_CLIENT} lists of phrases of this client are being made`)
    }
    const cached = this.#lookUp(inline)
    cached.list ??= this.#make(cached, 'list', client, async () => {
      const list = await runSliced(listPhrases(cached.inline))
      const spellings = list.phrases.flatMap((phrase) => phrase.spellings)
      this.#addBytes(cached, spellings.reduce((sum, { length }) => sum + 2 * length + BYTES_PER_SPELLING, 0))
      return list
    })
    return cached.list
  }

  /** Called after recognition, so it is never refused. */
  searchable(inline: InlinePhrases, client: string): Promise<Searchable> {
    const cached = this.#lookUp(inline)
    cached.searchable ??= this.#make(cached, 'searchable', client, async () => {
      const searchable = await runSliced(searchPhrases(cached.inline.phrases))
      const { names } = searchable.index
      this.#addBytes(cached, names.reduce((sum, { words }) => sum + words.length * INDEX_BYTES_PER_CHARACTER, 0))
      return searchable
    })
    return cached.searchable
  }

  /** Failures are not cached: the next request tries again. */
  async #make<T>(cached: Cached, part: 'list' | 'searchable', client: string, work: () => Promise<T>): Promise<T> {
    try {
      return await this.#queues.run(client, work)
    } catch (thrown) {
      cached[part] = undefined
      const { inline: { id }, list, searchable } = cached
      const isEmpty = list === undefined && searchable === undefined
      if (isEmpty && this.#cache.get(id) === cached) this.#cache.delete(id)
      throw thrown
    }
  }

  #lookUp(inline: InlinePhrases): Cached {
    const cached = this.#cache.get(inline.id) ?? { inline, list: undefined, searchable: undefined, bytes: 0 }
    this.#cache.delete(inline.id)
    this.#cache.set(inline.id, cached)
    return cached
  }

  /** Removes the least recently used lists until the limit is met. */
  #addBytes(cached: Cached, bytes: number): void {
    // It was removed while it was made, and may have a new entry.
    if (this.#cache.get(cached.inline.id) !== cached) return
    cached.bytes += bytes
    this.#bytes += bytes
    for (const [id, oldest] of this.#cache) {
      if (this.#bytes <= this.#maxBytes) break
      this.#cache.delete(id)
      this.#bytes -= oldest.bytes
    }
  }
}
