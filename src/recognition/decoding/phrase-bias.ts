/**
 * Contextual biasing: the state of a hypothesis in the trie of phrases, and its bias score.
 *
 * A token that continues a phrase earns a bias score, a token inside a word three times as much, up to a limit for each
 * word and one for the whole phrase. The limit of a phrase falls with the logarithm of the number of phrases: the more
 * there are, the more probable it is that one resembles something else that was said. It rises with the pieces of its
 * words: a word of three or more pieces is rare, the model hardly ever writes it, and little else resembles it.
 *
 * The beam search ranks hypotheses by twice that score without the limits, so that it finds phrases which the model
 * would hardly write; the limits decide afterwards whether one of them is the transcript (beam-or-greedy.ts).
 *
 * When the path leaves the trie before the phrase is complete, the pending score is taken back and the path restarts at
 * the root (there are no suffix links). So phrases that do not occur do not change the ranking; they only take places
 * in the beam. A phrase begins where a word begins and ends where a word ends: "cat" is not found in "category". A
 * phrase earns its score once, and each further phrase of a transcript half as much as the one before. Without that, a
 * model that decodes noise would emit phrases for as long as each earns more than it costs.
 */
import { ROOT, type PhraseTrie } from './phrase-trie.js'

/** Word boundaries, from the tokenizer's pieces. */
export interface TokenShapes {
  /** Its piece begins with a space. */
  beginsWord(token: number): boolean
  /** It has no letter or digit: punctuation ends a word and is part of none. */
  isPunctuation(token: number): boolean
}

/** How long a path is: its limit depends on that. */
interface PathLength {
  readonly words: number
  /** Tokens of its words after the second of each. */
  readonly rare: number
}

export interface BiasState {
  readonly node: number
  /** Bias score of the current path, taken back when it leaves the trie; without the limit of a phrase. */
  readonly pending: number
  /** Tokens of the current word after its first. */
  readonly further: number
  readonly length: PathLength
  /** Bias score of complete phrases. */
  readonly committed: number
  /** The same without limits. */
  readonly committedInSearch: number
  /** The phrase that ends at the last token, if the word ends there too; −1. Its bias score is still pending. */
  readonly match: number
  /** The longest complete phrase that is a proper prefix of the current path: it remains if the path breaks off. */
  readonly prefixMatch: CompletePhrase | undefined
  /** Complete phrases, in their order. */
  readonly phrases: readonly number[]
}

interface CompletePhrase { readonly phrase: number; readonly biasScore: number; readonly length: PathLength }

/** Factor of the bias score for each further phrase. */
const FURTHER_PHRASE_FACTOR = 0.5

/** Factor of a token within a word: words of several pieces are those that are rare in the training data. */
const WITHIN_WORD_FACTOR = 3
/** Further tokens of a word that earn a score. */
const MOST_FURTHER_TOKENS = 4
/**
 * Limit of a phrase at `strength` 1, natural logarithm: the first number less the second times the logarithm of the
 * number of phrases, 5.2 for 35 phrases and 0.6 for 10,000. It is lower for phrases of one word, which more often
 * resemble something else, and higher for each token of a word after its second. Fitted on lists that are said, lists
 * that are not, and rare names (docs/benchmarks/search.md).
 */
const MOST_OF_A_PHRASE = { ofOne: 8, lessByLogarithm: 0.8, lessForOneWord: 1, moreForRareToken: 4 }

/** The score of the beam search, as a multiple of the score without limits. */
const SEARCH_FACTOR = 2

const NO_TOKENS = new Int32Array(0)

export const UNBIASED: BiasState = {
  node: ROOT, pending: 0, further: 0, length: { words: 0, rare: 0 }, committed: 0, committedInSearch: 0,
  match: -1, prefixMatch: undefined, phrases: [],
}

export class PhraseBias {
  readonly #trie: PhraseTrie
  readonly #shapes: TokenShapes
  readonly #strength: number
  readonly #weights: readonly number[]
  /** Limit of a phrase of several words without rare tokens, at `strength` 1; may be negative. */
  readonly #mostOfPhrase: number

  /** `strength`: natural logarithm for each token; `weights` of the phrases multiply it. */
  constructor(trie: PhraseTrie, shapes: TokenShapes, strength: number, weights: readonly number[]) {
    this.#trie = trie
    this.#shapes = shapes
    this.#strength = strength
    this.#weights = weights
    const { ofOne, lessByLogarithm } = MOST_OF_A_PHRASE
    this.#mostOfPhrase = ofOne - lessByLogarithm * Math.log(Math.max(1, weights.length))
  }

  /** Bias score of a state, pending score included. */
  scoreOf({ pending, length, committed, phrases }: BiasState): number {
    return this.#limited(pending, length) * FURTHER_PHRASE_FACTOR ** phrases.length + committed
  }

  /** Score of a state in the beam search. */
  searchScoreOf({ pending, committedInSearch, phrases }: BiasState): number {
    return SEARCH_FACTOR * (pending * FURTHER_PHRASE_FACTOR ** phrases.length + committedInSearch)
  }

  /** What the state would earn in the beam search by this token. */
  gainOf(state: BiasState, token: number): number {
    return this.searchScoreOf(this.after(state, token)) - this.searchScoreOf(state)
  }

  /** Tokens that continue the current path; none at the root, which may have thousands of children. */
  continuations({ node }: BiasState): Int32Array {
    return node === ROOT ? NO_TOKENS : this.#trie.childTokens(node)
  }

  after(state: BiasState, token: number): BiasState {
    const beginsWord = this.#shapes.beginsWord(token)
    const child = state.node === ROOT ? -1 : this.#trie.step(state.node, token)
    if (child !== -1) {
      const prefixMatch = beginsWord && state.match !== -1
        ? { phrase: state.match, biasScore: state.pending, length: state.length }
        : state.prefixMatch
      return this.#enter(child, { ...this.#extended(state, beginsWord), prefixMatch })
    }
    const failed = this.#leave(state, beginsWord || this.#shapes.isPunctuation(token))
    const first = beginsWord ? this.#trie.step(ROOT, token) : -1
    if (first === -1) return failed
    return this.#enter(first, this.#extended(failed, true))
  }

  /** The path is one token longer. */
  #extended(state: BiasState, beginsWord: boolean): BiasState {
    const { words, rare } = state.length
    if (beginsWord) {
      return { ...state, further: 0, length: { words: words + 1, rare }, pending: state.pending + this.#strength }
    }
    const further = state.further + 1
    if (further > MOST_FURTHER_TOKENS) return { ...state, further }
    const length = { words, rare: rare + (further > 1 ? 1 : 0) }
    return { ...state, further, length, pending: state.pending + this.#strength * WITHIN_WORD_FACTOR }
  }

  /** The end of the text ends a word. */
  atEnd(state: BiasState): BiasState {
    return this.#leave(state, true)
  }

  /** State at the end of a whole transcript. */
  afterTranscript(tokens: readonly number[]): BiasState {
    return this.atEnd(tokens.reduce((state, token) => this.after(state, token), UNBIASED))
  }

  #enter(node: number, state: BiasState): BiasState {
    return { ...state, node, match: this.#trie.phraseAt(node) }
  }

  /** Failure transition to the root: the pending score is committed if a phrase is complete, else taken back. */
  #leave(state: BiasState, wordEnds: boolean): BiasState {
    const { pending, length, committed, committedInSearch, match, prefixMatch, phrases } = state
    const complete = match !== -1 && wordEnds ? { phrase: match, biasScore: pending, length } : prefixMatch
    const unchanged = { ...UNBIASED, committed, committedInSearch, phrases }
    if (complete === undefined) return unchanged
    const { phrase, biasScore } = complete
    if (phrases.includes(phrase)) return unchanged
    const factor = this.#weights[phrase]! * FURTHER_PHRASE_FACTOR ** phrases.length
    return {
      ...UNBIASED,
      committed: committed + this.#limited(biasScore, complete.length) * factor,
      committedInSearch: committedInSearch + biasScore * factor,
      phrases: [...phrases, phrase],
    }
  }

  #limited(biasScore: number, { words, rare }: PathLength): number {
    const { lessForOneWord, moreForRareToken } = MOST_OF_A_PHRASE
    const most = this.#mostOfPhrase - (words > 1 ? 0 : lessForOneWord) + moreForRareToken * rare
    return Math.min(biasScore, this.#strength * Math.max(0, most))
  }
}
