/** What the tables of bench/search.ts share: clips, a recognizer, and lists made ready for it as a worker does. */
import { toPhrase } from '../../src/catalogue/spellings.js'
import type { CompiledPhrases, SearchWish } from '../../src/decoding/search.js'
import type { Recognizer } from '../../src/recognizer.js'
import { PhraseLists } from '../../src/worker/phrase-lists.js'
import type { SpeechClip } from '../clips.js'

export interface SearchBench {
  readonly clips: readonly SpeechClip[]
  readonly recognizer: Recognizer
  /** 1 is the default. */
  readonly biasStrength: number
}

export interface OpenedList {
  readonly wish: (nBest: number) => SearchWish
  readonly compiled: CompiledPhrases
  readonly compileMs: number
}

/** Names as a catalogue of that many entries would spell them. */
export function openList(names: readonly string[], { recognizer, biasStrength }: SearchBench): OpenedList {
  const since = performance.now()
  const lists = new PhraseLists([recognizer])
  const id = 'bench@1'
  lists.take({ id, phrases: names.map((name) => toPhrase({ name, aliases: [], weight: 1 })) })
  const wish = (nBest: number): SearchWish => lists.wishOf({ phrases: id, nBest, biasStrength }, recognizer)!
  return { wish, compiled: wish(1).phrases!, compileMs: performance.now() - since }
}
