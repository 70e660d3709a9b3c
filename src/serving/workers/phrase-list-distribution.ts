/**
 * Distributes phrase lists to all recognition processes: a list is published when every worker that takes jobs has
 * compiled it. A worker that starts later gets all lists before its first job, so a job may name a published list on
 * any worker.
 *
 * Compiling a list of 100,000 phrases takes seconds, so only a few workers do it at a time, and the others keep running
 * jobs. A worker gets its list when it has ended a job, and gets jobs while it compiles only if no other one is idle.
 *
 * Old lists stay until they are forgotten: jobs in progress still name them.
 */
import { fromWire, SpeechError } from '../../domain/errors.js'
import type { PhraseList } from '../../domain/phrases.js'
import type { PhrasesMessage, WorkerHandle } from './worker-handle.js'

/** The result of publishing a list. */
export interface Published {
  /** Longest time that a worker took to compile it. */
  readonly seconds: number
  /** Phrases that no model can spell, by index. */
  readonly unspellable: readonly number[]
}

interface Waiting {
  resolve(published: Published): void
  reject(error: SpeechError): void
  readonly timer: NodeJS.Timeout
}

interface Publication {
  readonly list: PhraseList
  /** What the workers have answered so far. */
  answered: Published | undefined
  /** Workers that died while they compiled it: a list that kills two would kill all. */
  deaths: number
  /** Undefined once it is published. */
  waiting: Waiting | undefined
}

const MAX_DEATHS = 2
/** Part of the workers that take jobs, at least one: a list is published after four compilations in a row. */
const CONCURRENT_SHARE = 1 / 4

export class PhraseListDistribution {
  readonly #workers: Iterable<WorkerHandle>
  readonly #timeoutSeconds: number
  readonly #publications = new Map<string, Publication>()

  /** Each worker has to compile a list within `timeoutSeconds`. */
  constructor(workers: Iterable<WorkerHandle>, timeoutSeconds: number) {
    this.#workers = workers
    this.#timeoutSeconds = timeoutSeconds
  }

  /**
   * Resolves when every worker that takes jobs has the list, at least one. Rejects with CATALOGUE_NOT_TAKEN; then no
   * worker keeps it.
   */
  publish(list: PhraseList): Promise<Published> {
    return new Promise((resolve, reject) => {
      const late = (): void => { this.#fail(list.id, notTaken(`not within ${this.#timeoutSeconds} s`)) }
      const timer = setTimeout(late, this.#timeoutSeconds * 1000)
      this.#publications.set(list.id, { list, answered: undefined, deaths: 0, waiting: { resolve, reject, timer } })
      this.offer()
    })
  }

  /** If the list is being published, `publish` rejects. */
  forget(id: string): void {
    const waiting = this.#publications.get(id)?.waiting
    this.#publications.delete(id)
    for (const worker of this.#workers) worker.forget(id)
    if (waiting === undefined) return
    clearTimeout(waiting.timer)
    waiting.reject(notTaken('it was removed in the meantime'))
  }

  /**
   * Called whenever a worker has loaded its models or ended a job: starting workers get all lists that they lack, a few
   * of the others get one. `endedJob`: the worker that has just ended a job; it may be running others.
   */
  offer(endedJob?: WorkerHandle): void {
    const workers = [...this.#workers]
    const working = workers.filter(({ state }) => state === 'idle' || state === 'busy')
    const compiling = working.filter(({ isCompiling }) => isCompiling).length
    const free = Math.max(0, Math.ceil(working.length * CONCURRENT_SHARE) - compiling)
    for (const worker of workers.filter(({ state }) => state === 'starting')) {
      for (const list of this.#missingIn(worker)) worker.give(list)
    }
    const next = working.filter((worker) => (worker.state === 'idle' || worker === endedJob) && !worker.isCompiling)
      .flatMap((worker) => this.#missingIn(worker).slice(0, 1).map((list) => ({ worker, list })))
    for (const { worker, list } of next.slice(0, free)) worker.give(list)
  }

  answered(message: PhrasesMessage): void {
    const publication = this.#publications.get(message.id)
    if (message.kind === 'phrases_failed') {
      this.#fail(message.id, notTaken(message.error.message, fromWire(message.error)))
    } else if (publication !== undefined) {
      const { seconds, unspellable } = message
      // All workers load the same models, so they find the same phrases unspellable.
      publication.answered = { seconds: Math.max(publication.answered?.seconds ?? 0, seconds), unspellable }
      publication.waiting?.timer.refresh()
    }
    this.#resolvePublished()
    this.offer()
  }

  gone(worker: WorkerHandle): void {
    for (const id of worker.awaited) {
      const publication = this.#publications.get(id)
      if (publication?.waiting !== undefined && ++publication.deaths === MAX_DEATHS) {
        this.#fail(id, notTaken(`${MAX_DEATHS} workers ended while they compiled it`))
      }
    }
    this.#resolvePublished()
    this.offer()
  }

  close(): void {
    for (const id of [...this.#publications.keys()]) this.#fail(id, new SpeechError('SHUTTING_DOWN'))
  }

  #missingIn(worker: WorkerHandle): PhraseList[] {
    return [...this.#publications.values()].map(({ list }) => list).filter(({ id }) => !worker.wasGiven(id))
  }

  #resolvePublished(): void {
    const working = [...this.#workers].filter(({ state }) => state === 'idle' || state === 'busy')
    for (const publication of this.#publications.values()) {
      const { list, answered, waiting } = publication
      if (waiting === undefined || answered === undefined) continue
      if (working.some((worker) => !worker.hasTaken(list.id))) continue
      clearTimeout(waiting.timer)
      publication.waiting = undefined
      waiting.resolve(answered)
    }
  }

  /** A published list stays published: on a worker without it, the jobs that name it fail. */
  #fail(id: string, error: SpeechError): void {
    const waiting = this.#publications.get(id)?.waiting
    if (waiting === undefined) return
    waiting.reject(error)
    this.forget(id)
  }
}

function notTaken(detail: string, cause?: SpeechError): SpeechError {
  return new SpeechError('CATALOGUE_NOT_TAKEN', detail, cause && { cause })
}
