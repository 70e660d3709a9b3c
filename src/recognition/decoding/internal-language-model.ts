/**
 * Estimation of the internal language model of an encoder-decoder, with the acoustics zeroed out: its log-probabilities
 * over silence (Meng et al. 2021, arXiv:2011.01991).
 *
 * A decoder learns from transcripts what people write, and follows that where the audio is unclear. In a list of
 * phrases, however, each entry is as probable as its weight says. A share of the log-probability over silence is
 * therefore subtracted from that over the clip; what is left is due to the audio. The effect is measured by
 * `npm run bench -- search --table words`.
 */
import type { StartBeamSearch } from './beam-search.js'
import { scorePhrases, type ExactOptions } from './exact-phrase-scores.js'
import type { TokenShapes } from './phrase-bias.js'
import { PhraseTrie } from './phrase-trie.js'

/** 1 would be right if decoding silence gave exactly the internal language model. */
const SCALE = 0.4
/** Log-probability of a transcript that has no words. */
const NO_WORDS = 0

export type LanguageModelOptions = Omit<ExactOptions, 'shapes' | 'pruneBelow'>

/** Log-probabilities by phrase. */
type Scores = ReadonlyMap<number, number>

export class InternalLanguageModel {
  readonly #start: StartBeamSearch
  readonly #shapes: TokenShapes
  /** By trie, then by prompt: the scores depend on the language. */
  readonly #cached = new WeakMap<PhraseTrie, Map<string, Scores>>()

  /** `start` starts a beam search over silence. */
  constructor(start: StartBeamSearch, shapes: TokenShapes) {
    this.#start = start
    this.#shapes = shapes
  }

  /** Natural logarithm to subtract, by phrase of a short list; computed once for each list and prompt. */
  async ofPhrases(trie: PhraseTrie, options: LanguageModelOptions): Promise<(phrase: number) => number> {
    const byPrompt = this.#cached.get(trie) ?? new Map<string, Scores>()
    const prompt = options.prompt.join()
    const scores = byPrompt.get(prompt) ?? await this.#score(trie, options)
    this.#cached.set(trie, byPrompt.set(prompt, scores))
    return (phrase) => SCALE * scores.get(phrase)!
  }

  /** Natural logarithm to subtract, by transcript; punctuation at the end is ignored. */
  async ofTranscripts(transcripts: readonly (readonly number[])[], options: LanguageModelOptions): Promise<number[]> {
    const trimmed = transcripts.map((tokens) => this.#withoutFinalPunctuation(tokens))
    // A trie keeps the first of several equal sequences.
    const first = trimmed.map((tokens) => trimmed.findIndex((other) => other.join() === tokens.join()))
    const scores = await this.#score(PhraseTrie.build(trimmed.map((tokens, phrase) => ({ phrase, tokens }))), options)
    return first.map((phrase) => SCALE * (scores.get(phrase) ?? NO_WORDS))
  }

  #withoutFinalPunctuation(tokens: readonly number[]): readonly number[] {
    return tokens.slice(0, 1 + tokens.findLastIndex((token) => !this.#shapes.isPunctuation(token)))
  }

  async #score(trie: PhraseTrie, options: LanguageModelOptions): Promise<Scores> {
    const exactOptions = { ...options, shapes: this.#shapes, pruneBelow: Infinity }
    const scores = await scorePhrases(await this.#start(options.prompt), trie, exactOptions)
    return new Map(scores.map(({ phrase, logProbability }) => [phrase, logProbability]))
  }
}
