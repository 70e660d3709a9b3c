/**
 * Where a hypothesis stands among the phrases that are expected, and what that is worth to it.
 *
 * A token that goes on along a phrase earns a bias score. When the path leaves the trie before the phrase is complete, all
 * that it earned is taken back (as in the context graphs of Aho-Corasick biasing), so a list of phrases that nobody
 * says costs nothing but beams. A phrase ends where a word ends: "cat" has not been said in "category".
 * Phrases begin where words begin. Each further phrase of a transcript earns half of what the one before did: else a
 * model that hears noise would say phrases for as long as each earns more than it costs.
 */
import { PhraseTrie, ROOT } from './phrase-trie.js'

/** What a token does to words; from the tokenizer's pieces. */
export interface TokenShapes {
  /** It begins a word: its piece begins with a space. */
  beginsWord(token: number): boolean
  /** It has no letter or digit: punctuation ends a word and belongs to none. */
  isPunctuation(token: number): boolean
}

export interface BiasState {
  readonly node: number
  /** Earned on the path at hand, taken back when it breaks. */
  readonly pending: number
  /** Of phrases that are complete. */
  readonly earned: number
  /** The phrase that was complete at the last token, if the word ends there; −1. Its bias score is in `pending` still. */
  readonly completed: number
  /** A shorter phrase at the beginning of the path at hand: what stays if it breaks. */
  readonly passed: { readonly phrase: number; readonly biasScore: number } | undefined
  /** Phrases that were heard, in their order. */
  readonly phrases: readonly number[]
}

/** Share of the bias score that each further phrase earns. */
const FURTHER = 0.5

/** A token within a word earns so many times as much as one that begins it: words of several pieces are those that the model seldom read. */
const WITHIN_WORD = 3

export const UNBIASED: BiasState = { node: ROOT, pending: 0, earned: 0, completed: -1, passed: undefined, phrases: [] }

export class PhraseBias {
  readonly #trie: PhraseTrie
  readonly #shapes: TokenShapes
  readonly #strength: number
  readonly #weights: readonly number[]

  /** `strength`: natural logarithms a token; `weights` of the phrases multiply it. */
  constructor(trie: PhraseTrie, shapes: TokenShapes, strength: number, weights: readonly number[]) {
    this.#trie = trie
    this.#shapes = shapes
    this.#strength = strength
    this.#weights = weights
  }

  /** Total bonus of a state. */
  worth({ pending, earned, phrases }: BiasState): number {
    return pending * FURTHER ** phrases.length + earned
  }

  /** Tokens that go on along the phrase at hand; none at the root, whose children may be thousands. */
  continuations({ node }: BiasState): Int32Array {
    return node === ROOT ? NONE : this.#trie.childTokens(node)
  }

  get strength(): number { return this.#strength }

  after(state: BiasState, token: number): BiasState {
    const beginsWord = this.#shapes.beginsWord(token)
    const onward = state.node === ROOT ? -1 : this.#trie.step(state.node, token)
    if (onward !== -1) {
      const passed = beginsWord && state.completed !== -1 ? { phrase: state.completed, biasScore: state.pending } : state.passed
      return this.#enter(onward, { ...state, passed, pending: state.pending + this.#strength * (beginsWord ? 1 : WITHIN_WORD) })
    }
    const left = this.#leave(state, beginsWord || this.#shapes.isPunctuation(token))
    const begun = beginsWord ? this.#trie.step(ROOT, token) : -1
    return begun === -1 ? left : this.#enter(begun, { ...left, pending: this.#strength })
  }

  /** The end of the text ends a word. */
  atEnd(state: BiasState): BiasState {
    return this.#leave(state, true)
  }

  /** At the end of a text that is these tokens. */
  ofText(tokens: readonly number[]): BiasState {
    return this.atEnd(tokens.reduce((state, token) => this.after(state, token), UNBIASED))
  }

  #enter(node: number, state: BiasState): BiasState {
    return { ...state, node, completed: this.#trie.phraseAt(node) }
  }

  /** Back to the root; what was pending is earned if a phrase was complete and its word ends here. */
  #leave({ pending, earned, completed, passed, phrases }: BiasState, wordEnds: boolean): BiasState {
    const heard = completed !== -1 && wordEnds ? { phrase: completed, biasScore: pending } : passed
    if (heard === undefined) return { ...UNBIASED, earned, phrases }
    return { ...UNBIASED, earned: earned + heard.biasScore * this.#weights[heard.phrase]! * FURTHER ** phrases.length, phrases: [...phrases, heard.phrase] }
  }
}

const NONE = new Int32Array(0)
