/**
 * Phrase lists in all recognition processes: each is given to every worker, and counts as published when every worker
 * that takes jobs has compiled it. A worker that starts later gets all lists before it takes its first job, so a job
 * may name a published list on whatever worker it runs.
 *
 * A list of 100,000 phrases is seconds of work, so few workers have one at a time: the others go on hearing. A worker
 * gets its list between two jobs, and jobs before it has answered only where no other is idle.
 *
 * Old lists stay until they are forgotten: jobs under way still name them.
 */
import { fromWire, SpeechError } from '../../domain/errors.js'
import type { PhraseList } from '../../domain/phrases.js'
import type { PhrasesMessage, WorkerHandle } from './worker-handle.js'

/** What the workers made of a list. */
export interface Published {
  /** Longest time that a worker took to compile it. */
  readonly seconds: number
  /** Phrases that no model can spell, by index. */
  readonly unspellable: readonly number[]
}

interface Publication {
  readonly list: PhraseList
  /** What the workers have answered so far. */
  answered: Published | undefined
  /** Workers that died while they had it to compile: what kills two would kill all. */
  deaths: number
  /** Undefined once it is published. */
  waiting: { resolve(published: Published): void; reject(error: SpeechError): void; readonly timer: NodeJS.Timeout } | undefined
}

const MOST_DEATHS = 2
/** Of the workers that take jobs, and at least one: whoever waits for a list waits for four of them at most. */
const SHARE_AT_A_TIME = 1 / 4

export class PhraseListDistribution {
  readonly #workers: Iterable<WorkerHandle>
  readonly #patienceSeconds: number
  readonly #publications = new Map<string, Publication>()

  /** One worker after another has to compile a list within `patienceSeconds`. */
  constructor(workers: Iterable<WorkerHandle>, patienceSeconds: number) {
    this.#workers = workers
    this.#patienceSeconds = patienceSeconds
  }

  /** Resolves when every worker that takes jobs has it, the first one at least. Throws CATALOGUE_NOT_TAKEN; then no worker keeps it. */
  publish(list: PhraseList): Promise<Published> {
    return new Promise((resolve, reject) => {
      const why = `not within ${this.#patienceSeconds} s`
      const timer = setTimeout(() => { this.#fail(list.id, new SpeechError('CATALOGUE_NOT_TAKEN', why)) }, this.#patienceSeconds * 1000)
      this.#publications.set(list.id, { list, answered: undefined, deaths: 0, waiting: { resolve, reject, timer } })
      this.offer()
    })
  }

  /** One that is being published is not taken then: `publish` rejects. */
  forget(id: string): void {
    const waiting = this.#publications.get(id)?.waiting
    this.#publications.delete(id)
    for (const worker of this.#workers) worker.forget(id)
    if (waiting === undefined) return
    clearTimeout(waiting.timer)
    waiting.reject(new SpeechError('CATALOGUE_NOT_TAKEN', 'it was removed meanwhile'))
  }

  /** Whenever a worker has loaded its models or ended a job: those that start get all they lack, a few of the others one list. */
  offer(): void {
    const workers = [...this.#workers]
    const working = workers.filter(({ state }) => state === 'idle' || state === 'busy')
    const room = Math.ceil(working.length * SHARE_AT_A_TIME) - working.filter(({ isCompiling }) => isCompiling).length
    for (const worker of workers.filter(({ state }) => state === 'starting')) for (const list of this.#lackingIn(worker)) worker.give(list)
    const lacking = working.filter(({ state, isCompiling }) => state === 'idle' && !isCompiling).flatMap((worker) => this.#lackingIn(worker).slice(0, 1).map((list) => ({ worker, list })))
    for (const { worker, list } of lacking.slice(0, Math.max(0, room))) worker.give(list)
  }

  answered(message: PhrasesMessage): void {
    const publication = this.#publications.get(message.id)
    if (message.kind === 'phrases_failed') this.#fail(message.id, new SpeechError('CATALOGUE_NOT_TAKEN', message.error.message, { cause: fromWire(message.error) }))
    else if (publication !== undefined) {
      // All workers load the same models, so they find the same.
      publication.answered = { seconds: Math.max(publication.answered?.seconds ?? 0, message.seconds), unspellable: message.unspellable }
      publication.waiting?.timer.refresh()
    }
    this.#settle()
    this.offer()
  }

  gone(worker: WorkerHandle): void {
    for (const id of worker.awaited) {
      const publication = this.#publications.get(id)
      if (publication?.waiting !== undefined && ++publication.deaths === MOST_DEATHS) {
        this.#fail(id, new SpeechError('CATALOGUE_NOT_TAKEN', `${MOST_DEATHS} workers ended while they compiled it`))
      }
    }
    this.#settle()
    this.offer()
  }

  close(): void {
    for (const id of [...this.#publications.keys()]) this.#fail(id, new SpeechError('SHUTTING_DOWN', undefined, { retryAfterSeconds: 1 }))
  }

  #lackingIn(worker: WorkerHandle): PhraseList[] {
    return [...this.#publications.values()].map(({ list }) => list).filter(({ id }) => !worker.wasGiven(id))
  }

  #settle(): void {
    for (const publication of this.#publications.values()) {
      const { list, answered, waiting } = publication
      if (waiting === undefined || answered === undefined) continue
      if ([...this.#workers].some((worker) => (worker.state === 'idle' || worker.state === 'busy') && !worker.hasTaken(list.id))) continue
      clearTimeout(waiting.timer)
      publication.waiting = undefined
      waiting.resolve(answered)
    }
  }

  /** A list that is published already is not taken back: a worker that cannot have it says so to the jobs that name it. */
  #fail(id: string, error: SpeechError): void {
    const waiting = this.#publications.get(id)?.waiting
    if (waiting === undefined) return
    waiting.reject(error)
    this.forget(id)
  }
}
