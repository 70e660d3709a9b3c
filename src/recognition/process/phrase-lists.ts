/**
 * The phrase lists that a recognition process has, compiled once for each of its models. How a list is compiled, and
 * what a model makes of it, is the recognizer's business.
 */
import type { CompiledPhrases, BeamRequest } from '../decoding/beam-contract.js'
import { SpeechError } from '../../domain/errors.js'
import type { PhraseList } from '../../domain/phrases.js'
import type { Recognizer } from '../recognizer.js'
import { runToCompletion, type InterruptibleWork } from '../../domain/interruptible-work.js'
import type { WorkerJob } from '../../domain/worker-protocol.js'

/** Natural logarithms a token at `biasStrength` 1: lists of 10,000 phrases that nobody says do no harm there (docs/benchmarks.md). */
const STRENGTH = 2
/** Lists that came with requests, and are remembered. */
const MOST_RECENT = 16

export class CompiledListCache {
  readonly #recognizers: readonly Recognizer[]
  /** By id, then by the recognizer. */
  readonly #lists = new Map<string, ReadonlyMap<Recognizer, CompiledPhrases>>()
  /** The same for lists of requests, the one asked for last at the end. */
  readonly #recent = new Map<string, Map<Recognizer, CompiledPhrases | undefined>>()

  constructor(recognizers: readonly Recognizer[]) {
    this.#recognizers = recognizers
  }

  /** Compiles a list for every model, and says which phrases none of them can spell. */
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

  /** What a job wishes for of each recognizer, if anything. Throws CATALOGUE_NOT_FOUND for an id that was never taken. */
  wishesOf({ phrases, nBest = 1, biasStrength = 1 }: Pick<WorkerJob, 'phrases' | 'nBest' | 'biasStrength'>): ((recognizer: Recognizer) => BeamRequest) | undefined {
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

  /** A list of the request's own is compiled when its first clip is heard, and remembered a while: a caller sends the same one again. */
  #own(list: PhraseList): (recognizer: Recognizer) => CompiledPhrases | undefined {
    const compiled = this.#recent.get(list.id) ?? new Map<Recognizer, CompiledPhrases | undefined>()
    this.#recent.delete(list.id)
    this.#recent.set(list.id, compiled)
    if (this.#recent.size > MOST_RECENT) this.#recent.delete(this.#recent.keys().next().value!)
    return (recognizer) => {
      if (!compiled.has(recognizer)) compiled.set(recognizer, compile(recognizer, list))
      return compiled.get(recognizer)
    }
  }
}

/** Undefined for a model that cannot be steered: it hears as it always does, and its words are searched all the same. */
function compile(recognizer: Recognizer, list: PhraseList): CompiledPhrases | undefined {
  return recognizer.compilePhrases && runToCompletion(recognizer.compilePhrases(list))
}
