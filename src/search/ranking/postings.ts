/**
 * An inverted index in flat arrays: key → values. Lists of objects would take several times the memory and slow down
 * garbage collection; here values are counted in a first round and stored in a second.
 *
 * Lists have a maximum length. A longer list is cut off, or dropped so that only its length is known.
 */
import type { InterruptibleWork } from '../../domain/interruptible-work.js'

export interface PostingsOptions {
  readonly most: number
  readonly beyond: 'cut' | 'drop'
}

/** Keys are distributed over several maps, since a map of a million entries takes a tenth of a second to grow. */
const SHARDS = 256
const KEYS_PER_STEP = 50_000
const INITIAL_KEYS = 1_024

export class Postings {
  readonly #options: PostingsOptions
  /** Number of each key, from 0. */
  readonly #numbers = Array.from({ length: SHARDS }, () => new Map<string, number>())
  #size = 0
  /** By the number of a key: how many values it has, how many are stored, and the index of the first. */
  #counts = new Uint32Array(INITIAL_KEYS)
  #filled = new Uint32Array()
  #starts = new Uint32Array()
  #values = new Uint32Array()

  constructor(options: PostingsOptions) {
    this.#options = options
  }

  /** Number of distinct keys. */
  get size(): number { return this.#size }

  /** First round: once for each value that `fill` will be called with. */
  count(key: string): void {
    let number = this.find(key)
    if (number === -1) {
      number = this.#size++
      this.#numbers[shardOf(key)]!.set(key, number)
      if (number === this.#counts.length) this.#counts = widened(this.#counts)
    }
    this.#counts[number]!++
  }

  /** Allocates the lists, between both rounds. */
  * allocate(): InterruptibleWork<void> {
    this.#starts = new Uint32Array(this.#size)
    this.#filled = new Uint32Array(this.#size)
    let total = 0
    for (let number = 0; number < this.#size; number++) {
      this.#starts[number] = total
      total += this.#kept(number)
      if (number % KEYS_PER_STEP === KEYS_PER_STEP - 1) yield
    }
    this.#values = new Uint32Array(total)
  }

  /** Second round, in the order of the values. */
  fill(key: string, value: number): void {
    const number = this.find(key)
    if (this.#filled[number]! === this.#kept(number)) return
    this.#values[this.#starts[number]! + this.#filled[number]!++] = value
  }

  /** Number of a key, or −1. */
  find(key: string): number {
    return this.#numbers[shardOf(key)]!.get(key) ?? -1
  }

  /** Number of values of a key, including those that were not kept. */
  countOf(number: number): number {
    return this.#counts[number]!
  }

  /** Values that were kept of a key, by its number; empty for −1. */
  valuesOf(number: number): Uint32Array {
    const start = this.#starts[number] ?? 0
    return this.#values.subarray(start, start + (this.#filled[number] ?? 0))
  }

  #kept(number: number): number {
    const { most, beyond } = this.#options
    const count = this.#counts[number]!
    return count <= most ? count : beyond === 'cut' ? most : 0
  }
}

function widened(counts: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const wider = new Uint32Array(2 * counts.length)
  wider.set(counts)
  return wider
}

/** FNV-1a (Fowler, Noll, Vo) over code units. */
function shardOf(key: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193)
  return (hash ^ (hash >>> 16)) & (SHARDS - 1)
}
