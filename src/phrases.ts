/**
 * What a catalogue or a request expects to be said. Plain data: a list crosses to the recognition processes as it stands.
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
