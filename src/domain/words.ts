/** A word of a transcript and when it was said; and when two transcripts have the same words. */

/** Times in seconds. Words of one transcript do not overlap, and a pause belongs to none. */
export interface Word {
  /** With the marks that stand at it; without the space around it. */
  readonly text: string
  readonly startSeconds: number
  readonly endSeconds: number
  /** exp(mean log-probability) of its tokens, in [0, 1]. */
  readonly confidence: number
  /** Natural logarithm, summed over its tokens. */
  readonly logProbability: number
}

/** A word, and how far it is to be believed. */
export interface WordWithCorrectness extends Word {
  /** Calibrated probability that it was said; null without a calibration. */
  readonly correctness: number | null
}

/** Letters and digits alone: a capital or a full stop more or less is the same words. */
export function comparableText(text: string): string {
  return text.toLowerCase().replace(/[^\p{Letter}\p{Mark}\p{Number}]+/gu, ' ').trim()
}
