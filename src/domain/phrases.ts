/** Phrases for biasing, and what beam search finds. Plain data that crosses between the processes. */

/** Something that may be said, in all its spellings. */
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

/** Most alternatives that a request gets, that are ranked, and that an external search engine is given. */
export const MAX_N_BEST = 10

/** A phrase from this probability on is what a clip says; also the default threshold of hits. */
export const PHRASE_THRESHOLD = 0.35

/** One of several transcripts. */
export interface Alternative {
  readonly text: string
  /** exp(mean token log-probability), in [0, 1]. */
  readonly confidence: number
  /** Natural logarithm, summed over the tokens. */
  readonly logProbability: number
  /** Indices of the phrases of the list that it contains. */
  readonly phrases: readonly number[]
}

/** One of several transcripts as it was decoded: it may become the hypothesis. */
export interface Candidate extends Alternative {
  readonly tokens: readonly number[]
  /** Of each token, and of the end of the text. */
  readonly logProbabilities: readonly number[]
  /** What biasing adds to its log-probability, natural logarithm. */
  readonly biasScore: number
  /** The phrase that is all of it; −1: it is none. */
  readonly wholePhrase: number
}

/** One of several transcripts, with its share of the probability. */
export interface RankedAlternative extends Alternative {
  /** Calibrated probability that it is right; the sum over all is at most 1. Null without a calibration. */
  readonly posterior: number | null
}

/** How well a clip fits one phrase. */
export interface PhraseScore {
  /** Index in the list. */
  readonly phrase: number
  /** Natural logarithm of the probability that the clip says it and nothing else; the mean over decoding passes. */
  readonly logProbability: number
  /**
   * Natural logarithm of the likelihood ratio of the phrase to the most probable transcript without a phrase, both
   * without the internal language model. At about 0 or above the phrase was said; far below, something else was.
   */
  readonly logLikelihoodRatio: number
  /** Calibrated probability that the clip says it and nothing else, in [0, 1]. */
  readonly probability: number
}

/** What beam search finds besides the transcript. */
export interface BeamSearchResult {
  /** N-best list of different words, best first; the transcript itself is the first. */
  readonly alternatives: readonly Candidate[]
  /** Best first. */
  readonly phraseScores: readonly PhraseScore[]
  /** What biasing adds to the log-probability of the transcript, natural logarithm. */
  readonly biasScore: number
  /** Whether every phrase was scored, or only those that the beam search found. */
  readonly phraseScoring: 'exact' | 'beam'
  /** The phrase that is the whole transcript; −1: it is none. */
  readonly wholePhrase: number
  /** Log-probability of each token of the transcript without biasing: the model's doubt about the audio. */
  readonly unbiasedLogProbabilities: readonly number[]
  /** The transcript without biasing; null where biasing did not change it. */
  readonly unbiasedText: string | null
}
