/** Where a label and the transcript of a clip differ, and which of both the audio supports. */

export interface LabelDifference {
  /** Of the first word of the label in this place, or of the word before which some are missing, from 0. */
  readonly at: number
  /** Words of the label, lower case without punctuation; empty where the transcript has more. */
  readonly label: readonly string[]
  /** Words of the transcript in their place; empty where the label has more. */
  readonly heard: readonly string[]
  /**
   * Log-likelihood ratio, natural logarithm: of the transcript to the transcript with the words of the label in this
   * place. Above 5, the audio hardly allows the label; at 0 or below, the recognizer has no reason to object.
   */
  readonly logLikelihoodRatio: number
}
