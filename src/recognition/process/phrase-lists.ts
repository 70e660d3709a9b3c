/** The phrase lists of a recognition process, compiled once for each of its models by their recognizers. */
import type { CompiledPhrases, BeamRequest } from '../decoding/beam-contract.js'
import { SpeechError } from '../../domain/errors.js'
import type { PhraseList } from '../../domain/phrases.js'
import type { Recognizer } from '../recognizer.js'
import { runToCompletion, type InterruptibleWork } from '../../domain/interruptible-work.js'
import type { RecognitionRequest } from '../../domain/request.js'

/**
 * Bias score of a token at `biasStrength` 1, natural logarithm: there, lists of 10,000 phrases that are not said do no
 * harm (docs/benchmarks.md).
 */
const STRENGTH = 1
/** Lists that came with requests, and are cached. */
const MAX_RECENT = 16

type SearchOptions = Pick<RecognitionRequest, 'phrases' | 'nBest' | 'biasStrength'>

export class CompiledListCache {
  readonly #recognizers: readonly Recognizer[]
  /** By id, then by the recognizer. */
  readonly #lists = new Map<string, ReadonlyMap<Recognizer, CompiledPhrases>>()
  /** The same for lists of requests, the most recently used one last. */
  readonly #recent = new Map<string, Map<Recognizer, CompiledPhrases | undefined>>()

  constructor(recognizers: readonly Recognizer[]) {
    this.#recognizers = recognizers
  }

  /** Compiles a list for every model, and returns the indices of the phrases that none of them can spell. */
  *take(list: PhraseList): InterruptibleWork<number[]> {
    const compiled = new Map<Recognizer, CompiledPhrases>()
    for (const recognizer of this.#recognizers) {
      if (recognizer.compilePhrases !== undefined) compiled.set(recognizer, yield* recognizer.compilePhrases(list))
    }
    this.#lists.set(list.id, compiled)
    const [first, ...others] = [...compiled.values()].map(({ unspellable }) => new Set(unspellable))
    return [...first ?? []].filter((index) => others.every((other) => other.has(index)))
  }

  forget(id: string): void {
    this.#lists.delete(id)
  }

  /**
   * The beam search of a request on each recognizer; undefined when greedy decoding is enough. Throws
   * CATALOGUE_NOT_FOUND for an id that was never taken.
   */
  beamRequestOf(request: SearchOptions): ((recognizer: Recognizer) => BeamRequest) | undefined {
    const { phrases, nBest, biasStrength } = request
    if (phrases === undefined && nBest === 1) return undefined
    const compiledFor = phrases === undefined ? () => undefined : this.#find(phrases)
    return (recognizer) => ({ phrases: compiledFor(recognizer), nBest, strength: STRENGTH * biasStrength })
  }

  #find(phrases: string | PhraseList): (recognizer: Recognizer) => CompiledPhrases | undefined {
    if (typeof phrases !== 'string') return this.#own(phrases)
    const list = this.#lists.get(phrases)
    if (list === undefined) throw new SpeechError('CATALOGUE_NOT_FOUND', phrases)
    return (recognizer) => list.get(recognizer)
  }

  /** A list of a request is compiled for its first clip, and cached: clients send the same list again. */
  #own(list: PhraseList): (recognizer: Recognizer) => CompiledPhrases | undefined {
    const compiled = this.#recent.get(list.id) ?? new Map<Recognizer, CompiledPhrases | undefined>()
    this.#recent.delete(list.id)
    this.#recent.set(list.id, compiled)
    const [oldest] = this.#recent.keys()
    if (this.#recent.size > MAX_RECENT && oldest !== undefined) this.#recent.delete(oldest)
    return (recognizer) => {
      if (!compiled.has(recognizer)) compiled.set(recognizer, compile(recognizer, list))
      return compiled.get(recognizer)
    }
  }
}

/** Undefined for a model that cannot be biased: it decodes as always, and its transcript is searched all the same. */
function compile(recognizer: Recognizer, list: PhraseList): CompiledPhrases | undefined {
  return recognizer.compilePhrases && runToCompletion(recognizer.compilePhrases(list))
}
