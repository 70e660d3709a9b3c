/**
 * How long a new request would wait: an exponentially weighted mean of what a request costs, per request and per
 * second of audio, spread over the workers. Good enough for `Retry-After` and for refusing what cannot make it.
 */

/** Weight of the newest observation. */
const WEIGHT = 0.1

export class WaitEstimate {
  #secondsPerJob = 0
  #secondsPerAudioSecond = 0

  observe(audioSeconds: number, workSeconds: number): void {
    this.#secondsPerJob = blend(this.#secondsPerJob, workSeconds)
    if (audioSeconds > 0) this.#secondsPerAudioSecond = blend(this.#secondsPerAudioSecond, workSeconds / audioSeconds)
  }

  /** By jobs or by audio, whichever is longer. */
  waitSeconds(audioSeconds: number, jobs: number, workers: number): number {
    return Math.max(jobs * this.#secondsPerJob, audioSeconds * this.#secondsPerAudioSecond) / workers
  }
}

function blend(mean: number, value: number): number {
  return mean === 0 ? value : mean + WEIGHT * (value - mean)
}
