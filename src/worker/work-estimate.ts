/**
 * How long a job will keep a worker: seconds of work per second of audio, as a ratio of two exponentially weighted
 * means, for each model of its own. A ratio of means and not a mean of ratios: a clip of one sample costs almost
 * nothing, and infinitely much per second. Where a cascade asks a larger model about some clips, an answer takes ten
 * times as long as another: the mean is what a line of several will wait, and no more is asked of it.
 */

/** Weight of the newest observation; of the first ones more, so that all of them weigh the same and the very first does not speak for long. */
const WEIGHT = 0.1
/** Shorter clips cost no less than this much audio: the way to the worker and back, the first token. */
const LEAST_AUDIO_SECONDS = 0.5

interface Means { workSeconds: number; audioSeconds: number; count: number }

export class WorkEstimate {
  readonly #means = new Map<string, Means>()

  observe(model: string, audioSeconds: number, workSeconds: number): void {
    const audio = Math.max(LEAST_AUDIO_SECONDS, audioSeconds)
    const means = this.#means.get(model) ?? { workSeconds: 0, audioSeconds: 0, count: 0 }
    this.#means.set(model, means)
    const weight = Math.max(WEIGHT, 1 / ++means.count)
    means.workSeconds += weight * (workSeconds - means.workSeconds)
    means.audioSeconds += weight * (audio - means.audioSeconds)
  }

  /** 0 before anything was observed. */
  workSeconds(model: string, audioSeconds: number): number {
    const means = this.#means.get(model)
    return means === undefined ? 0 : Math.max(LEAST_AUDIO_SECONDS, audioSeconds) * means.workSeconds / means.audioSeconds
  }
}
