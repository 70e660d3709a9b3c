/**
 * Which jobs a worker runs at the same time: short ones, whose decoder steps are then batched. Their encoders are not,
 * and hold the thread for a moment, so a job joins others only if it is not much longer than any of them: a clip next
 * to a longer one must not be slower than if the longer one had waited.
 *
 * A job whose worker died runs alone at its next attempt. So the one that killed it is found, and only that one fails.
 */

export interface Sharer {
  readonly audioSeconds: number
  /** Expected work of a worker, seconds. */
  readonly workSeconds: number
  /** Workers that died while they ran it. */
  readonly deaths: number
}

/** Longer clips run in pieces, and pause between them. */
export const MAX_SHARED_AUDIO_SECONDS = 15
/** Work of about 3 s of speech for the default model: with a third of it for the encoder, nobody notices. */
const SMALL_SECONDS = 0.1
/** Largest ratio between the work of a larger job that joins and that of one that runs. */
const MAX_RATIO = 2

/** Whether a worker that runs `others` may run this job too. */
export function mayJoin(job: Sharer, others: Iterable<Sharer>): boolean {
  for (const other of others) {
    if (!isShareable(job) || !isShareable(other)) return false
    if (job.workSeconds > Math.max(SMALL_SECONDS, MAX_RATIO * other.workSeconds)) return false
  }
  return true
}

function isShareable({ audioSeconds, deaths }: Sharer): boolean {
  return audioSeconds <= MAX_SHARED_AUDIO_SECONDS && deaths === 0
}
