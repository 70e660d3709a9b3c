/**
 * The catalogues that are served, by name, in memory.
 *
 * A new version is read, checked, indexed and given to every recognition process while the one before still answers;
 * only then they change places, in one step. Requests under way finish on the version that they began with, which is
 * forgotten when the last of them has ended. Whatever fails before the change leaves everything as it was.
 */
import { SpeechError } from '../../domain/errors.js'
import type { PhraseList } from '../../domain/phrases.js'
import { listId, makeCatalogue, type Catalogue } from './catalogue.js'
import { InlineLists } from './inline.js'
import { parseCatalogue, type CatalogueFormat } from './parse.js'
import { validate, type ValidationReport } from './validation.js'

/** The recognition processes, as the store sees them. */
export interface Publisher {
  publish(list: PhraseList): Promise<{ readonly seconds: number; readonly unspellable: readonly number[] }>
  forget(id: string): void
}

export interface StoreLimits {
  readonly maxCatalogues: number
  /** Of all catalogues together. */
  readonly maxCatalogueEntries: number
}

/** A catalogue that answers, and what is known of it. */
export interface Stored {
  readonly catalogue: Catalogue
  readonly loadedAt: Date
  /** Longest time that a recognition process took to compile it. */
  readonly compileSeconds: number
  readonly report: ValidationReport
}

/** A version held by a request: it is not forgotten before it is released, once. */
export interface Lease {
  readonly catalogue: Catalogue
  /** What its list is called in the recognition processes. */
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
  /** Requests that hold a version, by its list. */
  readonly #leases = new Map<string, number>()
  /** Names that are to be there from the start and are not yet. */
  readonly #awaited = new Set<string>()
  #nextVersion = 1
  /** Name of the one that is being taken in. */
  #taking: string | undefined

  constructor(publisher: Publisher, limits: StoreLimits) {
    this.#publisher = publisher
    this.#limits = limits
  }

  /** Whether a version of this catalogue is being taken in. */
  isTaking(name: string): boolean {
    return this.#taking === name
  }

  get awaited(): readonly string[] { return [...this.#awaited] }

  /** The service is not ready before it has these. */
  await(names: readonly string[]): void {
    for (const name of names) this.#awaited.add(name)
  }

  /** By name. */
  list(): Stored[] {
    return [...this.#stored.values()].sort((a, b) => a.catalogue.name < b.catalogue.name ? -1 : 1)
  }

  /** Throws CATALOGUE_NOT_FOUND. */
  get(name: string): Stored {
    const stored = this.#stored.get(name)
    if (stored === undefined) throw new SpeechError('CATALOGUE_NOT_FOUND', `"${name.slice(0, 64)}"`, { parameter: 'catalogue' })
    return stored
  }

  /** Takes in a new version. Throws CATALOGUE_INVALID, CATALOGUE_TOO_LARGE, CATALOGUE_NOT_TAKEN, and QUEUE_FULL while another is taken in: each may need hundreds of megabytes. */
  async put(name: string, bytes: Uint8Array, format: CatalogueFormat): Promise<Stored> {
    if (!CATALOGUE_NAME.test(name)) throw new SpeechError('REQUEST_INVALID', 'the name of a catalogue is lower-case letters, digits, "-" and "_", at most 64', { parameter: 'name' })
    if (this.#taking !== undefined) throw new SpeechError('QUEUE_FULL', 'another catalogue is being taken in', { retryAfterSeconds: 2 })
    this.#taking = name
    try {
      return await this.#take(name, bytes, format)
    } finally {
      this.#taking = undefined
    }
  }

  /** Throws CATALOGUE_NOT_FOUND. */
  delete(name: string): void {
    const { catalogue } = this.get(name)
    this.#stored.delete(name)
    this.#forgetUnlessHeld(listId(catalogue))
  }

  /** Throws CATALOGUE_NOT_FOUND. */
  lease(name: string): Lease {
    const { catalogue } = this.get(name)
    const id = listId(catalogue)
    this.#leases.set(id, (this.#leases.get(id) ?? 0) + 1)
    return { catalogue, listId: id, release: () => { this.#release(id) } }
  }

  async #take(name: string, bytes: Uint8Array, format: CatalogueFormat): Promise<Stored> {
    const entries = await parseCatalogue(bytes, format)
    this.#checkRoom(name, entries.length)
    const { catalogue, list } = await makeCatalogue(name, this.#nextVersion++, entries)
    const { seconds, unspellable } = await this.#publisher.publish(list)
    const report = await validate(entries, catalogue.index.names, unspellable)
    const stored = { catalogue, loadedAt: new Date(), compileSeconds: seconds, report }
    const before = this.#stored.get(name)
    this.#stored.set(name, stored)
    this.#awaited.delete(name)
    if (before !== undefined) this.#forgetUnlessHeld(listId(before.catalogue))
    return stored
  }

  #checkRoom(name: string, entries: number): void {
    const { maxCatalogues, maxCatalogueEntries } = this.#limits
    const others = this.list().filter(({ catalogue }) => catalogue.name !== name)
    if (others.length >= maxCatalogues) throw new SpeechError('CATALOGUE_TOO_LARGE', `there are ${others.length} others, EARSHOT_MAX_CATALOGUES is ${maxCatalogues}`)
    const sum = others.reduce((total, { catalogue }) => total + catalogue.entries.length, entries)
    if (sum > maxCatalogueEntries) throw new SpeechError('CATALOGUE_TOO_LARGE', `all catalogues together would have ${sum} entries, EARSHOT_MAX_CATALOGUE_ENTRIES is ${maxCatalogueEntries}`)
  }

  #release(id: string): void {
    const held = this.#leases.get(id)! - 1
    if (held > 0) this.#leases.set(id, held)
    else this.#leases.delete(id)
    this.#forgetUnlessHeld(id)
  }

  /** Neither served nor held by a request. */
  #forgetUnlessHeld(id: string): void {
    const isServed = [...this.#stored.values()].some(({ catalogue }) => listId(catalogue) === id)
    if (!isServed && !this.#leases.has(id)) this.#publisher.forget(id)
  }
}
