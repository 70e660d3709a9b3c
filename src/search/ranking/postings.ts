/**
 * An inverted index in flat arrays: which names have a key. Lists in objects would take several times the memory and
 * hold up the process while they are collected; here they are counted first, and then filled where they belong.
 *
 * A list has a limit. What lies beyond it is cut off, or the whole list is dropped and only its length known, whichever
 * the reader of the list makes of one that is too long.
 */
import type { InterruptibleWork } from '../../domain/interruptible-work.js'

export interface PostingsOptions {
  readonly most: number
  readonly beyond: 'cut' | 'drop'
}

/** Keys are spread over so many maps: one of a million entries takes a tenth of a second when it grows. */
const SHARDS = 256
const KEYS_OF_A_STEP = 50_000
const FIRST_KEYS = 1_024

export class Postings {
  readonly #options: PostingsOptions
  /** Number of each key, from 0. */
  readonly #numbers = Array.from({ length: SHARDS }, () => new Map<string, number>())
  #size = 0
  /** By the number of a key: how many values it has, how many are in place, and where they begin. */
  #counts = new Uint32Array(FIRST_KEYS)
  #filled = new Uint32Array()
  #starts = new Uint32Array()
  #values = new Uint32Array()

  constructor(options: PostingsOptions) {
    this.#options = options
  }

  /** Different keys. */
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

  /** Between both rounds. */
  * makeRoom(): InterruptibleWork<void> {
    this.#starts = new Uint32Array(this.#size)
    this.#filled = new Uint32Array(this.#size)
    let total = 0
    for (let number = 0; number < this.#size; number++) {
      this.#starts[number] = total
      total += this.#kept(number)
      if (number % KEYS_OF_A_STEP === KEYS_OF_A_STEP - 1) yield
    }
    this.#values = new Uint32Array(total)
  }

  /** Second round, in the order in which the values are to stand. */
  fill(key: string, value: number): void {
    const number = this.find(key)
    if (this.#filled[number]! === this.#kept(number)) return
    this.#values[this.#starts[number]! + this.#filled[number]!++] = value
  }

  /** Number of a key, or −1. */
  find(key: string): number {
    return this.#numbers[shardOf(key)]!.get(key) ?? -1
  }

  /** How many values a key has, those among them that were not kept. */
  countOf(number: number): number {
    return this.#counts[number]!
  }

  /** What was kept of a key, by its number; nothing for −1. */
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
