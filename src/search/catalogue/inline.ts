/**
 * Phrases that come with a request: a small catalogue of its own, whose ids are the phrases. Its list is named after
 * its content, so that a recognition process may know it again.
 *
 * Checking them is cheap. Their spellings and the index that ranks them take up to a tenth of a second, so both are
 * made in turns, when they are asked for, and remembered: a caller sends the same list again.
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

export const MOST_PHRASES = 200
export const MOST_PHRASE_CHARACTERS = 100
const DIGEST_CHARACTERS = 16

export interface InlinePhrases {
  readonly id: string
  /** Clean, sorted, none twice. */
  readonly phrases: readonly string[]
}

/** Throws REQUEST_INVALID, naming `parameter`. */
export function readPhrases(given: readonly string[], parameter: string): InlinePhrases {
  if (given.length > MOST_PHRASES) throw new SpeechError('REQUEST_INVALID', `${parameter} has ${given.length} phrases, of at most ${MOST_PHRASES}; a catalogue can have more`, { parameter })
  const phrases = [...new Set(given.map((phrase) => {
    const read = cleanText(phrase, MOST_PHRASE_CHARACTERS)
    if ('fault' in read) throw new SpeechError('REQUEST_INVALID', `a phrase of ${parameter} ${read.fault}`, { parameter })
    return read.text
  }))].sort()
  const id = createHash('sha256').update(JSON.stringify(phrases)).digest('base64url').slice(0, DIGEST_CHARACTERS)
  return { id, phrases }
}

/** A step for each phrase. */
function* listPhrases({ id, phrases }: InlinePhrases): InterruptibleWork<PhraseList> {
  const listed: Phrase[] = []
  for (const name of phrases) {
    listed.push(toPhrase({ name, aliases: [], weight: 1 }))
    yield
  }
  return { id, phrases: listed }
}

/** A step for each phrase and round. */
export function* searchPhrases(phrases: readonly string[]): InterruptibleWork<Searchable> {
  const names: Name[] = []
  for (const [entry, phrase] of phrases.entries()) {
    names.push(toName(entry, phrase))
    yield
  }
  return { index: yield* NameIndex.build(names), weights: new Float64Array(phrases.length).fill(1) }
}

/** Of all lists together, about. */
const MOST_BYTES = 32 * 1024 * 1024
/** What an index takes for each character of a phrase, and a spelling beyond its characters, about. */
const INDEX_BYTES_OF_A_CHARACTER = 120
const BYTES_OF_A_SPELLING = 48
/** That wait to be made, or are being made. */
const MOST_OF_A_CLIENT = 16

interface Remembered {
  readonly inline: InlinePhrases
  list: Promise<PhraseList> | undefined
  searchable: Promise<Searchable> | undefined
  bytes: number
}

/** The lists that requests brought lately. */
export class InlineLists {
  readonly #mostBytes: number
  readonly #queues = new PerClientQueue()
  /** By digest, the one asked for last at the end. */
  readonly #remembered = new Map<string, Remembered>()
  #bytes = 0

  constructor(mostBytes = MOST_BYTES) {
    this.#mostBytes = mostBytes
  }

  get bytes(): number { return this.#bytes }
  get size(): number { return this.#remembered.size }

  /**
   * Two requests that bring one list at the same time share the work. Lists of one client are made one after the other.
   * Throws QUEUE_FULL for a client that waits for too many.
   */
  list(inline: InlinePhrases, client: string): Promise<PhraseList> {
    const isKnown = this.#remembered.get(inline.id)?.list !== undefined
    if (!isKnown && this.#queues.lengthOf(client) >= MOST_OF_A_CLIENT) throw new SpeechError('QUEUE_FULL', `${MOST_OF_A_CLIENT} lists of phrases of this client are being made`)
    const remembered = this.#recall(inline)
    remembered.list ??= this.#make(remembered, 'list', client, async () => {
      const list = await runSliced(listPhrases(remembered.inline))
      this.#weigh(remembered, list.phrases.flatMap(({ spellings }) => spellings).reduce((sum, { length }) => sum + 2 * length + BYTES_OF_A_SPELLING, 0))
      return list
    })
    return remembered.list
  }

  /** As `list`, but for whoever has been heard already: it is never refused. */
  searchable(inline: InlinePhrases, client: string): Promise<Searchable> {
    const remembered = this.#recall(inline)
    remembered.searchable ??= this.#make(remembered, 'searchable', client, async () => {
      const searchable = await runSliced(searchPhrases(remembered.inline.phrases))
      this.#weigh(remembered, searchable.index.names.reduce((sum, { words }) => sum + words.length * INDEX_BYTES_OF_A_CHARACTER, 0))
      return searchable
    })
    return remembered.searchable
  }

  /** What fails is not remembered: the next request tries again. */
  async #make<T>(remembered: Remembered, part: 'list' | 'searchable', client: string, work: () => Promise<T>): Promise<T> {
    try {
      return await this.#queues.run(client, work)
    } catch (thrown) {
      remembered[part] = undefined
      const { inline: { id }, list, searchable } = remembered
      if (list === undefined && searchable === undefined && this.#remembered.get(id) === remembered) this.#remembered.delete(id)
      throw thrown
    }
  }

  #recall(inline: InlinePhrases): Remembered {
    const remembered = this.#remembered.get(inline.id) ?? { inline, list: undefined, searchable: undefined, bytes: 0 }
    this.#remembered.delete(inline.id)
    this.#remembered.set(inline.id, remembered)
    return remembered
  }

  /** Forgets those that were asked for longest ago, until there is room. */
  #weigh(remembered: Remembered, bytes: number): void {
    // Forgotten while it was made, or known under a new entry since.
    if (this.#remembered.get(remembered.inline.id) !== remembered) return
    remembered.bytes += bytes
    this.#bytes += bytes
    for (const [id, oldest] of this.#remembered) {
      if (this.#bytes <= this.#mostBytes) break
      this.#remembered.delete(id)
      this.#bytes -= oldest.bytes
    }
  }
}
