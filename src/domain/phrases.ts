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

/** As many as one may ask for, as are ranked, and as a search engine is given. */
export const MAX_N_BEST = 10

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

/** One of several transcripts, with what it has of the whole. */
export interface RankedAlternative extends Alternative {
  /** Calibrated probability that this one is right; all together at most 1. Null without a calibration. */
  readonly posterior: number | null
}

/** How well a clip fits one phrase. */
export interface PhraseScore {
  /** Its place in the list. */
  readonly phrase: number
  /** Natural logarithm of the probability that the clip says it and nothing else; a mean where it was heard several times. */
  readonly logProbability: number
  /** How much better the phrase fits than the likeliest transcript that nobody expected, natural logarithm, both without what the model would write over silence: near 0 or above, it was said; far below, something else was. */
  readonly logLikelihoodRatio: number
}

/** What a search found besides the transcript. */
export interface BeamSearchResult {
  /** What else it may have been, best first and the transcript itself among them. */
  readonly alternatives: readonly Alternative[]
  /** Best first. */
  readonly phraseScores: readonly PhraseScore[]
  /** What its phrases add to the log-probability of the transcript, natural logarithms. */
  readonly biasScore: number
  /** Mean log-probability of a token in the transcript without phrases: doubt about the audio, whatever they made of it. */
  readonly unbiasedMeanLogProbability: number
  /** Expected phrases made the transcript another one. */
  readonly changedByBiasing: boolean
}
