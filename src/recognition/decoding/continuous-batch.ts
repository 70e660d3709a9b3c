/**
 * Continuous batching (Yu et al. 2022, "Orca", OSDI): the sequences that are being decoded in this process take their
 * next steps together. They join and leave between runs, and no sequence waits for others to come.
 *
 * A run in company is short, so that a clip that has ended is answered and a new one joins. A sequence alone runs
 * longer, since nobody waits. Prompts of several tokens run alone: the rows of a run feed the same number of tokens.
 */
import type { Chosen, Sequence } from '../../engine/runtime/greedy-graph.js'

/** Most tokens of a run that others of the process wait for. */
const TOKENS_IN_COMPANY = 8

/** A graph that runs several sequences, `GreedyGraph` with the masks of its model. */
export interface SequenceRunner {
  run(group: readonly Sequence[], maxTokens: number): Promise<readonly Chosen[]>
  fits(group: readonly Sequence[], sequence: Sequence): boolean
  /** Called when no clip is recognized any more. */
  rest(): void
}

interface Request {
  readonly sequence: Sequence
  readonly maxTokens: number
  resolve(chosen: Chosen): void
  reject(cause: unknown): void
}

export class ContinuousBatch {
  readonly #runner: SequenceRunner
  readonly #maxSize: number
  /** In the order in which they came. */
  #requests: Request[] = []
  #isWorking = false
  /** Clips that are being recognized, those included that are not decoded yet. */
  #clips = 0

  /** `maxSize`: most sequences of a run. */
  constructor(runner: SequenceRunner, maxSize: number) {
    this.#runner = runner
    this.#maxSize = maxSize
  }

  /** Recognizes one clip: while others are recognized too, runs are short. */
  async withClip<T>(recognize: () => Promise<T>): Promise<T> {
    this.#clips++
    try {
      return await recognize()
    } finally {
      if (--this.#clips === 0) this.#runner.rest()
    }
  }

  /** Feeds the next tokens of a sequence and chooses at least one and at most `maxTokens`. */
  run(sequence: Sequence, maxTokens: number): Promise<Chosen> {
    return new Promise((resolve, reject) => {
      this.#requests.push({ sequence, maxTokens, resolve, reject })
      if (!this.#isWorking) void this.#work()
    })
  }

  async #work(): Promise<void> {
    this.#isWorking = true
    // A turn of the event loop, in which the sequences of the last run ask for their next one.
    for (await turn(); this.#requests.length > 0; await turn()) await this.#runGroup(this.#takeGroup())
    this.#isWorking = false
  }

  #takeGroup(): Request[] {
    const [first, ...others] = this.#requests as [Request, ...Request[]]
    const group = [first]
    for (const request of others) {
      const isSingle = first.sequence.next.length === 1 && request.sequence.next.length === 1
      if (isSingle && group.length < this.#maxSize
        && this.#runner.fits(group.map(({ sequence }) => sequence), request.sequence)) group.push(request)
    }
    this.#requests = this.#requests.filter((request) => !group.includes(request))
    return group
  }

  async #runGroup(group: readonly Request[]): Promise<void> {
    const wanted = Math.min(...group.map(({ maxTokens }) => maxTokens))
    const maxTokens = this.#clips > 1 || group.length > 1 ? Math.min(TOKENS_IN_COMPANY, wanted) : wanted
    try {
      const chosen = await this.#runner.run(group.map(({ sequence }) => sequence), maxTokens)
      for (const [index, { resolve }] of group.entries()) resolve(chosen[index]!)
    } catch (cause) {
      for (const { reject } of group) reject(cause)
    }
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => { setImmediate(resolve) })
}
