/**
 * What the tables of bench/search.ts share: clips, a recognizer or a service to start, and lists made ready as a worker
 * does.
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
  readonly recognizer: Recognizer
  /** 1 is the default. */
  readonly biasStrength: number
  /** Of the service that `swap` starts. */
  readonly model: string
  readonly workers: number
}

export interface OpenedList {
  /** As an option of the pipeline. */
  readonly wishes: (nBest: number) => Pick<TranscribeOptions, 'beamFor'>
  readonly nodes: number
  readonly bytes: number
  readonly compileMs: number
}

/** Names as a catalogue of that many entries would spell them. */
export function openList(names: readonly string[], { recognizer, biasStrength }: SearchBench): OpenedList {
  const since = performance.now()
  const lists = new CompiledListCache([recognizer])
  const id = 'bench@1'
  const most = maxSpellings(names.length)
  runToCompletion(lists.take({ id, phrases: names.map((name) => toPhrase({ name, aliases: [], weight: 1 }, most)) }))
  const compileMs = performance.now() - since
  const wishes = (nBest: number): Pick<TranscribeOptions, 'beamFor'> => ({
    beamFor: lists.beamRequestOf({ ...REQUEST_DEFAULTS, phrases: id, nBest, biasStrength }),
  })
  const { trie } = wishes(1).beamFor!(recognizer)!.phrases!
  return { wishes, nodes: trie.nodes, bytes: trie.bytes, compileMs }
}
