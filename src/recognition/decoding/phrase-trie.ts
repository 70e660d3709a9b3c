/**
 * What is expected to be said, as a trie of tokens in flat arrays: 100,000 entries are millions of nodes, and objects
 * would be hundreds of megabytes. A node's children lie side by side, in the order of their tokens.
 */

import { runToCompletion, type InterruptibleWork } from '../../domain/interruptible-work.js'

/** One way to write a phrase, in tokens. */
export interface TokenSequence {
  /** Index of the phrase; several sequences may belong to one. */
  readonly phrase: number
  readonly tokens: readonly number[]
}

export const ROOT = 0

const SEQUENCES_OF_A_STEP = 2_000

export class PhraseTrie {
  /** Token that leads to each node. */
  readonly #token: Int32Array
  /** Where its children begin; they end where those of the next node begin. */
  readonly #firstChild: Int32Array
  /** Phrase that ends here, or −1; where several do, the first. */
  readonly #phrase: Int32Array

  /** Tokens of the longest sequence. */
  readonly depth: number

  private constructor(token: Int32Array, firstChild: Int32Array, phrase: Int32Array, depth: number) {
    this.depth = depth
    this.#token = token
    this.#firstChild = firstChild
    this.#phrase = phrase
  }

  /** Sequences without tokens are left out. */
  static build(sequences: readonly TokenSequence[]): PhraseTrie {
    return runToCompletion(PhraseTrie.buildInSteps(sequences))
  }

  /** As `build`, in steps of some milliseconds. */
  static* buildInSteps(sequences: readonly TokenSequence[]): InterruptibleWork<PhraseTrie> {
    const [token, firstChild, phrase] = [[-1], [] as number[], [-1]]
    // Breadth first, so that children of one node get neighbouring numbers: each waiting node is what goes on from it.
    let waiting = [sequences.filter(({ tokens }) => tokens.length > 0)]
    let work = 0
    let depth = 0
    for (; waiting.length > 0; depth++) {
      const next: typeof waiting = []
      for (const group of waiting) {
        firstChild.push(token.length)
        for (const [here, through] of byToken(group, depth)) {
          const longer = through.filter(({ tokens }) => tokens.length > depth + 1)
          token.push(here)
          phrase.push(longer.length === through.length ? -1 : firstToEnd(through, depth + 1))
          next.push(longer)
        }
        work += 1 + group.length
        if (work > SEQUENCES_OF_A_STEP) { work = 0; yield }
      }
      waiting = next
    }
    firstChild.push(token.length)
    return new PhraseTrie(Int32Array.from(token), Int32Array.from(firstChild), Int32Array.from(phrase), depth - 1)
  }

  get nodes(): number { return this.#token.length }
  get bytes(): number { return this.#token.byteLength + this.#firstChild.byteLength + this.#phrase.byteLength }

  /** The node that a token leads to, or −1. */
  step(node: number, token: number): number {
    let [low, high] = [this.#firstChild[node]!, this.#firstChild[node + 1]!]
    const end = high
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#token[middle]! < token) low = middle + 1
      else high = middle
    }
    return low < end && this.#token[low] === token ? low : -1
  }

  childCount(node: number): number {
    return this.#firstChild[node + 1]! - this.#firstChild[node]!
  }

  childTokens(node: number): Int32Array {
    return this.#token.subarray(this.#firstChild[node]!, this.#firstChild[node + 1]!)
  }

  /** Phrase that ends at a node, or −1. */
  phraseAt(node: number): number {
    return this.#phrase[node]!
  }
}

/** Sequences by their token at a place, in the order of the tokens. */
function byToken(sequences: TokenSequence[], place: number): (readonly [number, TokenSequence[]])[] {
  // Most nodes have one sequence: they are what takes the time.
  if (sequences.length === 1) return [[sequences[0]!.tokens[place]!, sequences]]
  const groups = new Map<number, TokenSequence[]>()
  for (const sequence of sequences) {
    const here = sequence.tokens[place]!
    const group = groups.get(here)
    if (group === undefined) groups.set(here, [sequence])
    else group.push(sequence)
  }
  return [...groups].sort(([a], [b]) => a - b)
}

function firstToEnd(sequences: readonly TokenSequence[], length: number): number {
  return sequences.reduce((first, { phrase, tokens }) => tokens.length === length ? Math.min(first, phrase) : first, Infinity)
}
