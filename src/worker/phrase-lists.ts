/**
 * The phrase lists that a recognition process has, compiled once for each of its models. How a list is compiled, and
 * what a model makes of it, is the recognizer's business.
 */
import { SpeechError } from '../errors.js'
import type { PhraseList } from '../phrases.js'
import type { Recognizer } from '../recognizer.js'
import type { WorkerJob } from './protocol.js'

/** A list as one model hears with it. */
export interface CompiledPhrases {
  /** Indices of phrases of which no spelling can be written in the tokens of the model. */
  readonly unspellable: readonly number[]
}

/** A model that can be steered. */
interface Steerable {
  compilePhrases(list: PhraseList): CompiledPhrases
}

/** What of a job concerns phrases and readings, as the pipeline takes it. */
export interface PhraseOptions {
  readonly phrases: CompiledPhrases | undefined
  readonly nBest: number | undefined
  readonly biasStrength: number | undefined
}

export class PhraseLists {
  readonly #recognizers: readonly Recognizer[]
  /** By id, then by the recognizer. */
  readonly #lists = new Map<string, ReadonlyMap<Recognizer, CompiledPhrases>>()

  constructor(recognizers: readonly Recognizer[]) {
    this.#recognizers = recognizers
  }

  /** Compiles a list for every model, and says which phrases none of them can spell. */
  take(list: PhraseList): number[] {
    const compiled = new Map(this.#recognizers.flatMap((recognizer) => {
      const phrases = compile(recognizer, list)
      return phrases === undefined ? [] : [[recognizer, phrases] as const]
    }))
    this.#lists.set(list.id, compiled)
    const [first, ...others] = [...compiled.values()].map(({ unspellable }) => new Set(unspellable))
    return [...first ?? []].filter((index) => others.every((other) => other.has(index)))
  }

  forget(id: string): void {
    this.#lists.delete(id)
  }

  /** Throws CATALOGUE_NOT_FOUND for an id that was never taken. */
  optionsOf({ phrases, nBest, biasStrength }: WorkerJob, recognizer: Recognizer): PhraseOptions {
    return { phrases: phrases === undefined ? undefined : this.#find(phrases, recognizer), nBest, biasStrength }
  }

  #find(phrases: string | PhraseList, recognizer: Recognizer): CompiledPhrases | undefined {
    if (typeof phrases !== 'string') return compile(recognizer, phrases)
    const list = this.#lists.get(phrases)
    if (list === undefined) throw new SpeechError('CATALOGUE_NOT_FOUND', phrases)
    return list.get(recognizer)
  }
}

/** Undefined for a model that cannot be steered: it hears as it always does, and its words are searched all the same. */
function compile(recognizer: Recognizer & Partial<Steerable>, list: PhraseList): CompiledPhrases | undefined {
  return recognizer.compilePhrases?.(list)
}
