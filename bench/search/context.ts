/**
 * What the tables of bench/search.ts share: clips, a recognizer, and lists compiled as a worker does.
 */
import { maxSpellings, toPhrase } from '../../src/search/catalogue/spellings.js'
import { REQUEST_DEFAULTS } from '../../src/domain/request.js'
import type { TranscribeOptions } from '../../src/recognition/options.js'
import type { Recognizer } from '../../src/recognition/recognizer.js'
import { runToCompletion } from '../../src/domain/interruptible-work.js'
import { CompiledListCache } from '../../src/recognition/process/phrase-lists.js'
import type { SpeechClip } from '../harness/clips.js'

export interface SearchBench {
  readonly clips: readonly SpeechClip[]
  /** Clips of each source, also of what a table makes itself. */
  readonly limit: number
  /** The default model, and the larger one of a cascade. */
  readonly recognizers: readonly [Recognizer, ...Recognizer[]]
  /** Of the pipeline, without a list. */
  readonly options: TranscribeOptions
  /** 1 is the default. */
  readonly biasStrength: number
}

/** Options of the pipeline for n-best lists with these names, as a catalogue of that many entries would spell them. */
export function biasedBy(
  names: readonly string[], { recognizers, biasStrength }: Pick<SearchBench, 'recognizers' | 'biasStrength'>,
): (nBest: number) => Pick<TranscribeOptions, 'beamFor'> {
  const lists = new CompiledListCache(recognizers)
  const id = 'bench@1'
  const most = maxSpellings(names.length)
  runToCompletion(lists.take({ id, phrases: names.map((name) => toPhrase({ name, aliases: [], weight: 1 }, most)) }))
  return (nBest) => ({ beamFor: lists.beamRequestOf({ ...REQUEST_DEFAULTS, phrases: id, nBest, biasStrength }) })
}
