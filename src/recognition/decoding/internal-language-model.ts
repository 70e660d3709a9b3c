/**
 * What a decoder would write if it heard nothing. It has learned from transcripts what people write, and leans to that
 * where it does not hear well; but in a list of what can be asked for, each entry is as likely as its weight says. So a
 * share of the log-probability that the decoder gives a text over silence is taken off what it gives it over the clip:
 * internal language model estimation with the acoustics zeroed out (Meng et al. 2021, arXiv:2011.01991). What is left
 * is evidence of the audio. `npm run bench -- search --table words` shows what it is worth.
 */
import type { StartSearch } from './beam.js'
import type { TokenShapes } from './bias.js'
import { scorePhrases, type ExactOptions } from './exact.js'
import { PhraseTrie } from './phrase-trie.js'

/** All of it would be right if the model over silence were the one inside the decoder. */
const SHARE = 0.4

export type PriorOptions = Omit<ExactOptions, 'shapes' | 'hopeless'>

export class InternalLanguageModel {
  readonly #start: StartSearch
  readonly #shapes: TokenShapes
  /** By prompt: a language has words of its own. */
  readonly #known = new WeakMap<PhraseTrie, Map<string, ReadonlyMap<number, number>>>()

  /** `start` begins a search over silence. */
  constructor(start: StartSearch, shapes: TokenShapes) {
    this.#start = start
    this.#shapes = shapes
  }

  /** What is to be taken off, natural logarithms, for each phrase of a short list; scored once. */
  async ofPhrases(trie: PhraseTrie, options: PriorOptions): Promise<(phrase: number) => number> {
    const byPrompt = this.#known.get(trie) ?? new Map<string, ReadonlyMap<number, number>>()
    const prompt = options.prompt.join()
    const known = byPrompt.get(prompt) ?? await this.#score(trie, options)
    this.#known.set(trie, byPrompt.set(prompt, known))
    return (phrase) => SHARE * known.get(phrase)!
  }

  /** The same for each of some transcripts, whatever mark of punctuation stands at their end. */
  async ofTranscripts(transcripts: readonly (readonly number[])[], options: PriorOptions): Promise<number[]> {
    const words = transcripts.map((tokens) => tokens.slice(0, 1 + tokens.findLastIndex((token) => !this.#shapes.isPunctuation(token))))
    // Of equal ones a trie keeps the first.
    const first = words.map((tokens) => words.findIndex((other) => other.join() === tokens.join()))
    const scores = await this.#score(PhraseTrie.build(words.map((tokens, phrase) => ({ phrase, tokens }))), options)
    return first.map((phrase) => SHARE * (scores.get(phrase) ?? NO_WORDS))
  }

  async #score(trie: PhraseTrie, options: PriorOptions): Promise<ReadonlyMap<number, number>> {
    const scores = await scorePhrases(await this.#start(), trie, { ...options, shapes: this.#shapes, hopeless: Infinity })
    return new Map(scores.map(({ phrase, logProbability }) => [phrase, logProbability]))
  }
}

/** Silence has none. */
const NO_WORDS = 0
