/**
 * The served catalogues, by name, in memory.
 *
 * A new version is parsed, validated, indexed and published to every recognition process while the previous one still
 * answers; then it replaces the previous one atomically. Requests in progress keep the version that they started with,
 * which is removed when the last of them has ended. A failure before the replacement changes nothing.
 */
import { SpeechError } from '../../domain/errors.js'
import type { PhraseList } from '../../domain/phrases.js'
import { listId, makeCatalogue, type Catalogue } from './catalogue.js'
import { InlineLists } from './inline.js'
import { parseCatalogue, type CatalogueFormat } from './parse.js'
import { validate, type ValidationReport } from './validation.js'

/** Publishes phrase lists to the recognition processes. */
export interface Publisher {
  publish(list: PhraseList): Promise<{ readonly seconds: number; readonly unspellable: readonly number[] }>
  forget(id: string): void
}

export interface StoreLimits {
  readonly maxCatalogues: number
  /** Total of all catalogues. */
  readonly maxCatalogueEntries: number
}

/** A served catalogue, and facts about it. */
export interface Stored {
  readonly catalogue: Catalogue
  readonly loadedAt: Date
  /** Longest time that a recognition process took to compile it, seconds. */
  readonly compileSeconds: number
  readonly report: ValidationReport
}

/** A version that a request uses: it is kept until `release` is called, once. */
export interface Lease {
  readonly catalogue: Catalogue
  /** Id of its phrase list in the recognition processes. */
  readonly listId: string
  release(): void
}

const CATALOGUE_NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/

export class CatalogueStore {
  /** Lists that come with requests. */
  readonly inline = new InlineLists()
  readonly #publisher: Publisher
  readonly #limits: StoreLimits
  readonly #stored = new Map<string, Stored>()
  /** Number of requests that use a version, by the id of its list. */
  readonly #leases = new Map<string, number>()
  /** Names of configured catalogues that are not loaded yet. */
  readonly #awaited = new Set<string>()
  #nextVersion = 1
  /** Name of the catalogue that is being loaded. */
  #loading: string | undefined

  constructor(publisher: Publisher, limits: StoreLimits) {
    this.#publisher = publisher
    this.#limits = limits
  }

  /** Whether a version of this catalogue is being loaded. */
  isLoading(name: string): boolean {
    return this.#loading === name
  }

  get awaited(): readonly string[] { return [...this.#awaited] }

  /** The service is not ready before these are loaded. */
  await(names: readonly string[]): void {
    for (const name of names) this.#awaited.add(name)
  }

  /** Sorted by name. */
  list(): Stored[] {
    return [...this.#stored.values()].sort((a, b) => a.catalogue.name < b.catalogue.name ? -1 : 1)
  }

  /** Throws CATALOGUE_NOT_FOUND. */
  get(name: string): Stored {
    const stored = this.#stored.get(name)
    if (stored === undefined) {
      throw new SpeechError('CATALOGUE_NOT_FOUND', `"${name.slice(0, 64)}"`, { parameter: 'catalogue' })
    }
    return stored
  }

  /**
   * Loads a new version. Throws CATALOGUE_INVALID, CATALOGUE_TOO_LARGE, CATALOGUE_NOT_TAKEN, and QUEUE_FULL while
   * another one is loaded, since each may need hundreds of megabytes.
   */
  async put(name: string, bytes: Uint8Array, format: CatalogueFormat): Promise<Stored> {
    if (!CATALOGUE_NAME.test(name)) {
      const detail = 'the name of a catalogue is lower-case letters, digits, "-" and "_", at most 64'
      throw new SpeechError('REQUEST_INVALID', detail, { parameter: 'name' })
    }
    if (this.#loading !== undefined) {
      throw new SpeechError('QUEUE_FULL', 'another catalogue is being loaded', { retryAfterSeconds: 2 })
    }
    this.#loading = name
    try {
      return await this.#load(name, bytes, format)
    } finally {
      this.#loading = undefined
    }
  }

  /** Throws CATALOGUE_NOT_FOUND. */
  delete(name: string): void {
    const { catalogue } = this.get(name)
    this.#stored.delete(name)
    this.#forgetUnlessUsed(listId(catalogue))
  }

  /** Throws CATALOGUE_NOT_FOUND. */
  lease(name: string): Lease {
    const { catalogue } = this.get(name)
    const id = listId(catalogue)
    this.#leases.set(id, (this.#leases.get(id) ?? 0) + 1)
    return { catalogue, listId: id, release: () => { this.#release(id) } }
  }

  async #load(name: string, bytes: Uint8Array, format: CatalogueFormat): Promise<Stored> {
    const entries = await parseCatalogue(bytes, format)
    this.#checkLimits(name, entries.length)
    const { catalogue, list } = await makeCatalogue(name, this.#nextVersion++, entries)
    const { seconds, unspellable } = await this.#publisher.publish(list)
    const report = await validate(entries, catalogue.index.names, unspellable)
    const stored = { catalogue, loadedAt: new Date(), compileSeconds: seconds, report }
    const before = this.#stored.get(name)
    this.#stored.set(name, stored)
    this.#awaited.delete(name)
    if (before !== undefined) this.#forgetUnlessUsed(listId(before.catalogue))
    return stored
  }

  #checkLimits(name: string, entries: number): void {
    const { maxCatalogues, maxCatalogueEntries } = this.#limits
    const others = this.list().filter(({ catalogue }) => catalogue.name !== name)
    if (others.length >= maxCatalogues) {
      const detail = `there are ${others.length} others, EARSHOT_MAX_CATALOGUES is ${maxCatalogues}`
      throw new SpeechError('CATALOGUE_TOO_LARGE', detail)
    }
    const sum = others.reduce((total, { catalogue }) => total + catalogue.entries.length, entries)
    if (sum <= maxCatalogueEntries) return
    const detail = `all catalogues together would have ${sum} entries, `
      + `EARSHOT_MAX_CATALOGUE_ENTRIES is ${maxCatalogueEntries}`
    throw new SpeechError('CATALOGUE_TOO_LARGE', detail)
  }

  #release(id: string): void {
    const held = (this.#leases.get(id) ?? 0) - 1
    if (held > 0) this.#leases.set(id, held)
    else this.#leases.delete(id)
    this.#forgetUnlessUsed(id)
  }

  /** Removes the list from the recognition processes if it is neither served nor used by a request. */
  #forgetUnlessUsed(id: string): void {
    const isServed = [...this.#stored.values()].some(({ catalogue }) => listId(catalogue) === id)
    if (!isServed && !this.#leases.has(id)) this.#publisher.forget(id)
  }
}
