/**
 * One recognition process seen from the server: started, idle (it may hold paused jobs), busy with some, gone.
 * The pool makes all decisions. However the process ends, `onGone` is called once.
 */
import type { ChildProcess } from 'node:child_process'
import type { WireError } from '../../domain/errors.js'
import type { PhraseList } from '../../domain/phrases.js'
import type { DetectionRequest } from '../../domain/stream-detection.js'
import { Heartbeat } from './heartbeat.js'
import { launchWorker } from './launch-worker.js'
import { ListSender } from './list-sender.js'
import type { PoolOptions } from './pool-options.js'
import type { DoneMessage, FromWorker, LoadedModel, ToWorker, WorkerJob } from '../../domain/worker-protocol.js'

export type WorkerState = 'starting' | 'idle' | 'busy' | 'gone'
export type PhrasesMessage = Extract<FromWorker, { kind: 'phrases_ready' | 'phrases_failed' }>

export type DetectionMessage = Extract<FromWorker, { kind: 'detected' }>

export interface WorkerEvents {
  /** Its models are loaded. It is ready when it has compiled the lists that it gets now. */
  onLoaded(worker: WorkerHandle): void
  onReady(worker: WorkerHandle): void
  onDone(worker: WorkerHandle, message: DoneMessage): void
  /** A job of it is paused; it can get another one. */
  onPaused(worker: WorkerHandle, id: number): void
  /** It has compiled a list, or could not. */
  onPhrases(worker: WorkerHandle, message: PhrasesMessage): void
  onDetected(message: DetectionMessage): void
  /** `error`: the last message of the worker, if it could send one. */
  onGone(worker: WorkerHandle, description: string, error: WireError | undefined): void
  onStderr(worker: WorkerHandle, line: string): void
}

const BEAT_SECONDS = 2
/** A worker without a job answers in milliseconds; on a loaded machine, in a second or two. */
const BEATS_ALLOWED = 4

type WorkerOptions =
  Pick<PoolOptions, 'entry' | 'settings' | 'checked' | 'modelBytes' | 'startSeconds' | 'heartbeatSeconds'>

export class WorkerHandle {
  state: WorkerState = 'starting'
  models: readonly LoadedModel[] = []
  residentBytes = 0
  /** It was ready once. */
  wasReady = false
  /** Killed because it took too long: its end is not a crash. */
  timedOut = false
  /** It has a replacement: it ends the jobs that it has and gets no new ones. */
  isLeaving = false
  /** It was asked to end. */
  isRetired = false
  /** Ids of the phrase lists that it is compiling. */
  readonly awaited = new Set<string>()
  /** Ids of all lists that it was given and that are not forgotten. */
  readonly #given = new Set<string>()
  /** Ids of the jobs that it runs. */
  readonly #running = new Set<number>()
  #isLoaded = false
  readonly #bornAt = performance.now()
  readonly #exited: Promise<void>
  #exit!: () => void
  readonly #startTimer: NodeJS.Timeout
  readonly #heartbeat: Heartbeat
  /** Undefined when the system refused to start one. */
  readonly #child: ChildProcess | undefined
  readonly #lists: ListSender
  readonly #events: WorkerEvents
  #failure: WireError | undefined

  /** It has to be ready within `startSeconds`, or it is killed as overdue. */
  constructor(options: WorkerOptions, events: WorkerEvents) {
    const { entry, settings, checked, modelBytes, startSeconds, heartbeatSeconds = BEAT_SECONDS } = options
    this.#events = events
    this.#exited = new Promise((resolve) => { this.#exit = resolve })
    this.#startTimer = setTimeout(() => { this.killTimedOut() }, startSeconds * 1000)
    this.#heartbeat = new Heartbeat(heartbeatSeconds, {
      beatsAllowed: () => {
        if (this.state !== 'idle') return undefined
        return this.isCompiling ? startSeconds / heartbeatSeconds : BEATS_ALLOWED
      },
      ping: () => { this.#send({ kind: 'ping' }) },
      onSilence: () => { this.killTimedOut() },
    })
    this.#child = launchWorker(entry, modelBytes, {
      onMessage: (message) => { this.#receive(message) },
      onEnd: (description) => { this.#end(description) },
      onStderr: (line) => { events.onStderr(this, line) },
    })
    this.#lists = new ListSender(this.#child)
    this.#send({ kind: 'start', settings, checked })
  }

  get processId(): number | undefined { return this.#child?.pid }
  get ageSeconds(): number { return (performance.now() - this.#bornAt) / 1000 }
  get isCompiling(): boolean { return this.awaited.size > 0 }
  /** Whether it can run jobs: it is ready, and neither being killed nor ending. */
  get isWorking(): boolean {
    return (this.state === 'idle' || this.state === 'busy') && !this.timedOut && !this.isRetired
      && this.#failure === undefined
  }

  /** Whether it gets new jobs. */
  get takesJobs(): boolean { return this.isWorking && !this.isLeaving }

  assign(id: number, job: WorkerJob): void {
    this.#begin(id)
    this.#send({ kind: 'job', id, job })
  }

  /** Continues a paused job. */
  resume(id: number): void {
    this.#begin(id)
    this.#send({ kind: 'resume', id })
  }

  /** Beside its jobs. */
  detect(id: number, request: DetectionRequest): void {
    this.#send({ kind: 'detect', id, request })
  }

  /** Sends a list, but not before the models are loaded: `onLoaded` asks for all lists. */
  give(list: PhraseList): void {
    if (!this.#isLoaded) return
    this.awaited.add(list.id)
    this.#given.add(list.id)
    this.#lists.give(list)
  }

  wasGiven(id: string): boolean { return this.#given.has(id) }
  hasTaken(id: string): boolean { return this.#given.has(id) && !this.awaited.has(id) }

  forget(id: string): void {
    if (this.#given.delete(id)) this.#lists.forget(id)
  }

  /** Asks the worker to end the decode at its next step. */
  cancel(id: number): void {
    this.#send({ kind: 'cancel', id })
  }

  /** Lets an idle process release its models and leave, kills any other; resolves when it has ended. */
  async retire(patienceSeconds: number): Promise<void> {
    if (this.state === 'gone') return
    if (this.state !== 'idle') this.#kill()
    else if (!this.isRetired) this.#send({ kind: 'stop' })
    this.isRetired = true
    const timer = setTimeout(() => { this.#kill() }, patienceSeconds * 1000)
    await this.#exited
    clearTimeout(timer)
  }

  killTimedOut(): void {
    this.timedOut = true
    this.#kill()
  }

  #begin(id: number): void {
    this.#running.add(id)
    this.state = 'busy'
  }

  /** A job is done or paused. */
  #endSlice(id: number): void {
    this.#running.delete(id)
    if (this.#running.size === 0) this.state = 'idle'
  }

  #kill(): void {
    this.#child?.kill('SIGKILL')
  }

  #receive(message: FromWorker): void {
    switch (message.kind) {
      case 'ready':
        this.#isLoaded = true
        this.models = message.models
        this.#events.onLoaded(this)
        this.#checkReady()
        break
      case 'phrases_ready':
      case 'phrases_failed':
        this.awaited.delete(message.id)
        this.#events.onPhrases(this, message)
        this.#checkReady()
        break
      case 'failed':
        this.#failure = message.error
        this.#kill()
        break
      case 'paused':
        if (this.timedOut) break
        this.#endSlice(message.id)
        this.#events.onPaused(this, message.id)
        break
      case 'detected':
        this.#events.onDetected(message)
        break
      case 'pong':
        this.#heartbeat.answered()
        break
      case 'done':
        if (this.timedOut) break // too late: it is being killed
        this.#endSlice(message.id)
        this.residentBytes = message.residentBytes
        this.#events.onDone(this, message)
        break
    }
  }

  #checkReady(): void {
    if (this.state !== 'starting' || !this.#isLoaded || this.awaited.size > 0) return
    clearTimeout(this.#startTimer)
    this.state = 'idle'
    this.wasReady = true
    this.#events.onReady(this)
  }

  #send(message: ToWorker): void {
    // A failed write to a process that has just died is ignored: its exit is reported.
    if (this.#child?.connected) this.#child.send(message, () => undefined)
  }

  #end(description: string): void {
    if (this.state === 'gone') return
    this.state = 'gone'
    clearTimeout(this.#startTimer)
    this.#heartbeat.stop()
    this.#exit()
    this.#events.onGone(this, description, this.#failure)
  }
}
