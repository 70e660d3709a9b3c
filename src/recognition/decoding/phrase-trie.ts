/**
 * The phrases of a list as a trie of tokens, in flat arrays: 100,000 entries have millions of nodes, which would take
 * hundreds of megabytes as objects. The children of a node are neighbours, in the order of their tokens.
 */
import { runToCompletion, type InterruptibleWork } from '../../domain/interruptible-work.js'

/** One spelling of a phrase, in tokens. */
export interface TokenSequence {
  /** Index of the phrase; several sequences may belong to one. */
  readonly phrase: number
  readonly tokens: readonly number[]
}

export const ROOT = 0

/** Sequences between two yields: some milliseconds. */
const SEQUENCES_PER_STEP = 2_000

export class PhraseTrie {
  /** The token of each node. */
  readonly #token: Int32Array
  /** Its first child; its children end where those of the next node begin. */
  readonly #firstChild: Int32Array
  /** The phrase that ends at it, that of the first of several sequences; −1: none. */
  readonly #phrase: Int32Array

  /** Number of tokens of the longest sequence. */
  readonly depth: number

  private constructor(token: Int32Array, firstChild: Int32Array, phrase: Int32Array, depth: number) {
    this.depth = depth
    this.#token = token
    this.#firstChild = firstChild
    this.#phrase = phrase
  }

  /** Sequences without tokens are ignored. */
  static build(sequences: readonly TokenSequence[]): PhraseTrie {
    return runToCompletion(PhraseTrie.buildInSteps(sequences))
  }

  /** As `build`, in steps of some milliseconds. */
  static* buildInSteps(sequences: readonly TokenSequence[]): InterruptibleWork<PhraseTrie> {
    const [token, firstChild, phrase] = [[-1], [] as number[], [-1]]
    // Breadth first, so that the children of a node are neighbours. Each node of a level is the sequences through it.
    let level = [sequences.filter(({ tokens }) => tokens.length > 0)]
    let work = 0
    let depth = 0
    for (; level.length > 0; depth++) {
      const next: typeof level = []
      for (const group of level) {
        firstChild.push(token.length)
        for (const [tokenHere, through] of groupByToken(group, depth)) {
          const longer = through.filter(({ tokens }) => tokens.length > depth + 1)
          token.push(tokenHere)
          phrase.push(longer.length === through.length ? -1 : firstOfLength(through, depth + 1))
          next.push(longer)
        }
        work += 1 + group.length
        if (work > SEQUENCES_PER_STEP) { work = 0; yield }
      }
      level = next
    }
    firstChild.push(token.length)
    return new PhraseTrie(Int32Array.from(token), Int32Array.from(firstChild), Int32Array.from(phrase), depth - 1)
  }

  get nodes(): number { return this.#token.length }
  get bytes(): number { return this.#token.byteLength + this.#firstChild.byteLength + this.#phrase.byteLength }

  /** The child of a node for this token, or −1. */
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
    return this.#token.subarray(this.#firstChild[node], this.#firstChild[node + 1])
  }

  /** The phrase that ends at a node, or −1. */
  phraseAt(node: number): number {
    return this.#phrase[node]!
  }
}

/** Sequences grouped by their token at an index, in the order of the tokens. */
function groupByToken(sequences: TokenSequence[], index: number): (readonly [number, TokenSequence[]])[] {
  // The fast path for most nodes, which have one sequence.
  const [only] = sequences
  if (only !== undefined && sequences.length === 1) return [[only.tokens[index]!, sequences]]
  const groups = new Map<number, TokenSequence[]>()
  for (const sequence of sequences) {
    const token = sequence.tokens[index]!
    const group = groups.get(token)
    if (group === undefined) groups.set(token, [sequence])
    else group.push(sequence)
  }
  return [...groups].sort(([a], [b]) => a - b)
}

/** The phrase of the first sequence with this number of tokens. */
function firstOfLength(sequences: readonly TokenSequence[], length: number): number {
  return sequences.find(({ tokens }) => tokens.length === length)!.phrase
}
