/**
 * Estimates how long a worker needs for a job: seconds of work per second of audio, as a ratio of two exponentially
 * weighted means, separately for each kind of job. A ratio of means and not a mean of ratios: a clip of one sample
 * costs almost nothing, but infinitely much per second. Where a cascade escalates some clips to a larger model, one
 * answer takes ten times as long as another; the mean still predicts how long a queue of several jobs will take.
 *
 * The work of a job is its share of the worker. Jobs that run at the same time take less together than one after the
 * other, so under load the shares, and the estimates with them, get smaller by as much as batching gains. Long jobs run
 * alone and are estimated by themselves.
 */

/** What the cost of a job depends on besides the length of its audio. */
export interface WorkKind {
  readonly model: string
  /** With more than one alternative or with phrases, a beam search replaces greedy decoding. */
  readonly nBest: number
  readonly phrases: 'none' | 'catalogue' | 'own'
  readonly words: boolean
  /** It never shares a worker (`sharing.ts`). */
  readonly isLong: boolean
}

/** The cheapest kind: one transcript without phrase hints. */
export function plainKind(model: string, isLong = false): WorkKind {
  return { model, nBest: 1, phrases: 'none', words: false, isLong }
}

/** Weight of the newest observation. The first ones weigh more, so that all of them count equally. */
const WEIGHT = 0.1
/** A shorter clip costs as much as this: the way to the worker and back, the first token. */
const MIN_AUDIO_SECONDS = 0.5
/** Cost of a beam search in greedy decodes; used until the first one is observed. */
const BEAM_SEARCH_FACTOR = 3
/** Used until the first pause is observed. */
const INITIAL_SLICE_SECONDS = 0.3

interface Means { workSeconds: number; audioSeconds: number; count: number }

export class WorkEstimate {
  readonly #means = new Map<string, Means>()
  #meanSliceSeconds = INITIAL_SLICE_SECONDS

  /** Mean time slice: how long a worker runs a long job before it can pause. */
  get meanSliceSeconds(): number { return this.#meanSliceSeconds }

  observe(kind: WorkKind, audioSeconds: number, workSeconds: number): void {
    const audio = Math.max(MIN_AUDIO_SECONDS, audioSeconds)
    const name = nameOf(kind)
    const means = this.#means.get(name) ?? { workSeconds: 0, audioSeconds: 0, count: 0 }
    this.#means.set(name, means)
    const weight = Math.max(WEIGHT, 1 / ++means.count)
    means.workSeconds += weight * (workSeconds - means.workSeconds)
    means.audioSeconds += weight * (audio - means.audioSeconds)
  }

  observeSlice(seconds: number): void {
    this.#meanSliceSeconds += WEIGHT * (seconds - this.#meanSliceSeconds)
  }

  /**
   * Seconds. For a kind that was never observed, by jobs of the other length, then by a plain job of the same model; 0
   * before any was observed.
   */
  workSeconds(kind: WorkKind, audioSeconds: number): number {
    const means = this.#means.get(nameOf(kind)) ?? this.#means.get(nameOf({ ...kind, isLong: !kind.isLong }))
    if (means !== undefined) return Math.max(MIN_AUDIO_SECONDS, audioSeconds) * means.workSeconds / means.audioSeconds
    const plain = plainKind(kind.model, kind.isLong)
    if (nameOf(kind) === nameOf(plain)) return 0
    return (isBeamSearch(kind) ? BEAM_SEARCH_FACTOR : 1) * this.workSeconds(plain, audioSeconds)
  }
}

function isBeamSearch({ nBest, phrases }: WorkKind): boolean {
  return nBest > 1 || phrases !== 'none'
}

/** A limited number of names for each model: n-best lists fall into three groups. */
function nameOf({ model, nBest, phrases, words, isLong }: WorkKind): string {
  const list = nBest === 1 ? 'one' : nBest <= 4 ? 'some' : 'many'
  return `${model} ${list} ${phrases} ${words ? 'words' : 'text'} ${isLong ? 'long' : 'short'}`
}
