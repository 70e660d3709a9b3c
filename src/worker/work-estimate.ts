/**
 * How long a job will keep a worker: seconds of work per second of audio, as a ratio of two exponentially weighted
 * means, for each model of its own. A ratio of means and not a mean of ratios: a clip of one sample costs almost
 * nothing, and infinitely much per second.
 */

/** Weight of the newest observation. */
const WEIGHT = 0.1
/** Shorter clips cost no less than this much audio: the way to the worker and back, the first token. */
const LEAST_AUDIO_SECONDS = 0.5

interface Means { workSeconds: number; audioSeconds: number }

export class WorkEstimate {
  readonly #means = new Map<string, Means>()

  observe(model: string, audioSeconds: number, workSeconds: number): void {
    const audio = Math.max(LEAST_AUDIO_SECONDS, audioSeconds)
    const means = this.#means.get(model)
    if (means === undefined) {
      this.#means.set(model, { workSeconds, audioSeconds: audio })
      return
    }
    means.workSeconds += WEIGHT * (workSeconds - means.workSeconds)
    means.audioSeconds += WEIGHT * (audio - means.audioSeconds)
  }

  /** 0 before anything was observed. */
  workSeconds(model: string, audioSeconds: number): number {
    const means = this.#means.get(model)
    return means === undefined ? 0 : Math.max(LEAST_AUDIO_SECONDS, audioSeconds) * means.workSeconds / means.audioSeconds
  }
}
