/**
 * How long a job will keep a worker: seconds of work per second of audio, as a ratio of two exponentially weighted
 * means, for each kind of job of its own. A ratio of means and not a mean of ratios: a clip of one sample costs almost
 * nothing, and infinitely much per second. Where a cascade asks a larger model about some clips, an answer takes ten
 * times as long as another: the mean is what a line of several will wait, and no more is asked of it.
 */

/** What the cost of a job depends on besides the length of its audio. */
export interface WorkKind {
  readonly model: string
  /** Alternatives that are wanted, and phrases that are expected: a beam search instead of the greedy loop. */
  readonly nBest: number
  readonly phrases: 'none' | 'catalogue' | 'own'
  readonly words: boolean
}

/** The cheapest kind: one transcript, and nothing that is expected. */
export function plainKind(model: string): WorkKind {
  return { model, nBest: 1, phrases: 'none', words: false }
}

/** Weight of the newest observation; of the first ones more, so that all of them weigh the same and the very first does not speak for long. */
const WEIGHT = 0.1
/** Shorter clips cost no less than this much audio: the way to the worker and back, the first token. */
const LEAST_AUDIO_SECONDS = 0.5
/** A search costs about so many times a greedy decode; counts until the first one was observed. */
const SEARCH_FACTOR = 3
/** Counts until the first pause was observed. */
const FIRST_PIECE_SECONDS = 0.3

interface Means { workSeconds: number; audioSeconds: number; count: number }

export class WorkEstimate {
  readonly #means = new Map<string, Means>()
  #pieceSeconds = FIRST_PIECE_SECONDS

  /** How long a worker works on a long job before it can pause, on average. */
  get pieceSeconds(): number { return this.#pieceSeconds }

  observe(kind: WorkKind, audioSeconds: number, workSeconds: number): void {
    const audio = Math.max(LEAST_AUDIO_SECONDS, audioSeconds)
    const name = nameOf(kind)
    const means = this.#means.get(name) ?? { workSeconds: 0, audioSeconds: 0, count: 0 }
    this.#means.set(name, means)
    const weight = Math.max(WEIGHT, 1 / ++means.count)
    means.workSeconds += weight * (workSeconds - means.workSeconds)
    means.audioSeconds += weight * (audio - means.audioSeconds)
  }

  observePiece(seconds: number): void {
    this.#pieceSeconds += WEIGHT * (seconds - this.#pieceSeconds)
  }

  /** Seconds. Of a kind that was never observed: by a plain job of the same model; 0 before anything was. */
  workSeconds(kind: WorkKind, audioSeconds: number): number {
    const means = this.#means.get(nameOf(kind))
    if (means !== undefined) return Math.max(LEAST_AUDIO_SECONDS, audioSeconds) * means.workSeconds / means.audioSeconds
    const plain = plainKind(kind.model)
    if (nameOf(kind) === nameOf(plain)) return 0
    return (isSearch(kind) ? SEARCH_FACTOR : 1) * this.workSeconds(plain, audioSeconds)
  }
}

function isSearch({ nBest, phrases }: WorkKind): boolean {
  return nBest > 1 || phrases !== 'none'
}

/** A closed set for each model: alternatives in three groups. */
function nameOf({ model, nBest, phrases, words }: WorkKind): string {
  return `${model} ${nBest === 1 ? 'one' : nBest <= 4 ? 'some' : 'many'} ${phrases} ${words ? 'words' : 'text'}`
}
