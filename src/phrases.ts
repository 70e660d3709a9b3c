/**
 * What a catalogue or a request expects to be said, and what was heard of it. Plain data: lists cross to the recognition
 * processes, and readings come back, as they stand.
 */

/** One thing that may be said, in all its spellings. */
export interface Phrase {
  readonly spellings: readonly string[]
  /** At least 0; 1 is ordinary. */
  readonly weight: number
}

export interface PhraseList {
  /** `name@version` of a catalogue, or a digest for a list that came with a request. */
  readonly id: string
  readonly phrases: readonly Phrase[]
}

/** One reading of a whole upload. */
export interface Alternative {
  readonly text: string
  /** In [0, 1]. */
  readonly confidence: number
  /** Natural logarithm, of the whole reading. */
  readonly logProbability: number
  /** Indices into `PhraseList.phrases` that were heard as such. */
  readonly phrases: readonly number[]
}
