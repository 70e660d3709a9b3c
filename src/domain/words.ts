/** Words with times, and the comparison of transcripts by their words. */

/** Times in seconds. Words of one transcript do not overlap, and a pause belongs to none. */
export interface Word {
  /** With its punctuation, without the space around it. */
  readonly text: string
  readonly startSeconds: number
  readonly endSeconds: number
  /** exp(mean log-probability) of its tokens, in [0, 1]. */
  readonly confidence: number
  /** Natural logarithm, summed over its tokens. */
  readonly logProbability: number
}

/** A word with its calibrated confidence. */
export interface WordWithCorrectness extends Word {
  /** Calibrated probability that it is right; null without a calibration of the model for words. */
  readonly correctness: number | null
}

/** Lower-case letters and digits alone: texts that differ in case and punctuation compare as equal. */
export function comparableText(text: string): string {
  return text.toLowerCase().replace(/[^\p{Letter}\p{Mark}\p{Number}]+/gu, ' ').trim()
}
