/**
 * What is expected to be said, as a trie of tokens in flat arrays: 100,000 entries are millions of nodes, and objects
 * would be hundreds of megabytes. A node's children lie side by side, in the order of their tokens.
 */

/** One way to write a phrase, in tokens. */
export interface TokenSequence {
  /** Index of the phrase; several sequences may belong to one. */
  readonly phrase: number
  readonly tokens: readonly number[]
}

export const ROOT = 0

export class PhraseTrie {
  /** Token that leads to each node. */
  readonly #token: Int32Array
  /** Where its children begin; they end where those of the next node begin. */
  readonly #firstChild: Int32Array
  /** Phrase that ends here, or −1; where several do, the first. */
  readonly #phrase: Int32Array

  private constructor(token: Int32Array, firstChild: Int32Array, phrase: Int32Array) {
    this.#token = token
    this.#firstChild = firstChild
    this.#phrase = phrase
  }

  /** Sequences without tokens are left out. */
  static build(sequences: readonly TokenSequence[]): PhraseTrie {
    const sorted = sequences.filter(({ tokens }) => tokens.length > 0).sort((a, b) => compare(a.tokens, b.tokens) || a.phrase - b.phrase)
    const [token, firstChild, phrase] = [[-1], [] as number[], [-1]]
    // Breadth first, so that children of one node get neighbouring numbers: each waiting node is a range of `sorted`.
    let waiting = [{ from: 0, to: sorted.length }]
    for (let depth = 0; waiting.length > 0; depth++) {
      const next: typeof waiting = []
      for (const { from, to } of waiting) {
        firstChild.push(token.length)
        for (let begin = from; begin < to;) {
          const here = sorted[begin]!.tokens[depth]
          let end = begin
          while (end < to && sorted[end]!.tokens[depth] === here) end++
          // Sequences that end at this node come first in their range: they are the shortest.
          let longer = begin
          while (longer < end && sorted[longer]!.tokens.length === depth + 1) longer++
          token.push(here!)
          phrase.push(longer > begin ? sorted[begin]!.phrase : -1)
          next.push({ from: longer, to: end })
          begin = end
        }
      }
      waiting = next
    }
    firstChild.push(token.length)
    return new PhraseTrie(Int32Array.from(token), Int32Array.from(firstChild), Int32Array.from(phrase))
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

/** A prefix comes before what goes on from it. */
function compare(a: readonly number[], b: readonly number[]): number {
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index++) if (a[index] !== b[index]) return a[index]! - b[index]!
  return a.length - b.length
}
