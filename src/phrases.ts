/** What is expected to be said, as a catalogue or a request gives it. */

/** One thing that may be said, in all its spellings. */
export interface Phrase {
  readonly spellings: readonly string[]
  /** Multiplies the bonus: 1 is ordinary, 0 none. */
  readonly weight: number
}

export interface PhraseList {
  /** Name and version of a catalogue, or a digest of a list in a request. */
  readonly id: string
  readonly phrases: readonly Phrase[]
}

/** One of several transcripts. */
export interface Alternative {
  readonly text: string
  /** exp(mean token log-probability), in [0, 1]. */
  readonly confidence: number
  /** Natural logarithm, summed over the tokens. */
  readonly logProbability: number
  /** Indices of the phrases of the list that were heard in it. */
  readonly phrases: readonly number[]
}

/** How well a clip fits one phrase. */
export interface PhraseEvidence {
  /** Its place in the list. */
  readonly phrase: number
  /** Natural logarithm of the probability that the clip says it and nothing else; a mean where it was heard several times. */
  readonly logProbability: number
  /** The same less that of the likeliest transcript that nobody expected: near 0 or above, it was said; far below, something else was. */
  readonly margin: number
}
