/** A word of a transcript and when it was said. */

/** Times in seconds. Words of one transcript do not overlap, and a pause belongs to none. */
export interface Word {
  /** With the marks that stand at it; without the space around it. */
  readonly text: string
  readonly startSeconds: number
  readonly endSeconds: number
  /** exp(mean log-probability) of its tokens, in [0, 1]. */
  readonly confidence: number
}
