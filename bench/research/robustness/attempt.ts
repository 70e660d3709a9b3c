/** One attempt to make the transcripts of doubtful clips better: one row of the table. */
import type { HeardClip, Timed } from './heard.js'

export interface Attempt {
  readonly kind: string
  readonly name: string
  /** What is taken instead of the hypothesis of the service, and the time beyond that of the service. */
  readonly attempt: (clip: HeardClip) => Promise<Timed>
}

export function whenDoubtful(attempt: Attempt['attempt']): Attempt['attempt'] {
  return async (clip) => clip.isDoubtful ? attempt(clip) : { hypothesis: clip.best, seconds: 0 }
}
