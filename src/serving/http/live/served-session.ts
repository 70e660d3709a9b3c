/**
 * A live session of a client: the streaming core over the workers, with hits, metrics, drift and the log. Every final
 * result is counted like the answer to an uploaded clip.
 */
import type { FastifyRequest } from 'fastify'
import { fromWire, SpeechError } from '../../../domain/errors.js'
import type { PhraseList } from '../../../domain/phrases.js'
import type { Report } from '../../../domain/report.js'
import { REQUEST_DEFAULTS, type RecognitionRequest } from '../../../domain/request.js'
import type { Completeness } from '../../../recognition/live/endpointing.js'
import type { FinalEvent, LiveEvent, LiveOptions, LivePorts, UtteranceAudio } from '../../../recognition/live/ports.js'
import { LiveSession } from '../../../recognition/live/session.js'
import { alternativesOf } from '../../../search/ranking/alternatives.js'
import type { AppDependencies, ServedModel } from '../dependencies.js'
import type { Ask, Found } from '../search/search.js'
import { logReport } from '../transcription/recognition.js'
import { LiveCounts } from './live-counts.js'

/** What a client asks for; a protocol reads it. */
export interface SessionRequest extends LiveOptions {
  readonly model: ServedModel
  readonly recognition: Partial<Omit<RecognitionRequest, 'model' | 'channel' | 'headerless' | 'phrases'>>
  readonly phrases?: (() => Promise<string | PhraseList>) | undefined
  readonly completenessOf?: ((text: string) => Completeness) | undefined
  /** Finds hits for each final result, and for partial ones where the client asks for it. */
  readonly search?: { readonly ask: Ask; readonly partials: boolean } | undefined
  /** Whether partial results have the times of their words, where `recognition.words` is on. */
  readonly partialWords?: boolean
  /** Told after all events until there, seconds of the stream. */
  readonly handled?: ((untilSeconds: number) => void) | undefined
}

/** Hits are null where nothing was asked for. */
export type ServedEvent =
  | Exclude<LiveEvent, { kind: 'partial' | 'final' }>
  | Extract<LiveEvent, { kind: 'partial' }> & { readonly found: Found | null }
  | FinalEvent & { readonly found: Found | null }

/** Of a partial result: it is replaced soon. */
const PARTIAL_DEADLINE_SECONDS = 2

export class ServedSession {
  #asked: SessionRequest
  readonly #request: FastifyRequest
  readonly #dependencies: AppDependencies
  readonly #emit: (event: ServedEvent) => void
  readonly #core: LiveSession
  readonly #counts: LiveCounts
  readonly #onFault: (fault: unknown) => void
  /** Events that need hits are told in their order. */
  #told: Promise<void> = Promise.resolve()

  constructor(
    asked: SessionRequest, request: FastifyRequest, dependencies: AppDependencies,
    emit: (event: ServedEvent) => void, onFault: (fault: SpeechError) => void,
  ) {
    this.#asked = asked
    this.#request = request
    this.#dependencies = dependencies
    this.#emit = emit
    this.#counts = new LiveCounts(dependencies.telemetry.registry)
    const ports: LivePorts = {
      detect: (windows) => dependencies.pool.detect(windows),
      recognize: (utterance, signal) => this.#recognize(utterance, signal),
      recognizePartly: (utterance, signal) => this.#recognizePartly(utterance, signal),
      ...asked.handled && { handled: (until: number) => { this.#inOrder(async () => asked.handled?.(until)) } },
      completenessOf: (text) => this.#asked.completenessOf?.(text) ?? 'unknown',
    }
    this.#onFault = (fault) => {
      onFault(fault instanceof SpeechError ? fault : new SpeechError('INTERNAL', undefined, { cause: fault }))
    }
    this.#core = new LiveSession(asked, ports, (event) => { this.#tell(event) }, this.#onFault)
  }

  get receivedSeconds(): number { return this.#core.receivedSeconds }
  get backlogSeconds(): number { return this.#core.backlogSeconds }
  get pendingSeconds(): number { return this.#core.pendingSeconds }
  get isSpeaking(): boolean { return this.#core.isSpeaking }

  /** From now on; the format stays. */
  reconfigure(asked: SessionRequest): void {
    this.#asked = { ...asked, format: this.#asked.format }
    this.#core.reconfigure(this.#asked)
  }

  push(piece: Uint8Array): void { this.#core.push(piece) }
  clear(): void { this.#core.clear() }
  cancel(): void { this.#core.cancel() }

  /** Resolves when the result is told. */
  async commit(): Promise<void> {
    await this.#core.commit()
    await this.#told
  }

  /** Resolves after the last event is told. */
  async finish(): Promise<void> {
    await this.#core.finish()
    await this.#told
  }

  async #recognize(utterance: UtteranceAudio, signal: AbortSignal): Promise<Report> {
    const { pool, telemetry } = this.#dependencies
    const job = { ...await this.#jobFor(utterance), isAdmitted: true }
    const { outcome, workSeconds, elapsedSeconds } = await pool.run(job, signal)
    telemetry.workerRan(workSeconds, elapsedSeconds)
    if (!outcome.ok) throw fromWire(outcome.error)
    return outcome.report
  }

  async #recognizePartly(utterance: UtteranceAudio, signal: AbortSignal): Promise<Report | null> {
    const { pool, telemetry } = this.#dependencies
    const { partialWords = false, recognition: { words = false } } = this.#asked
    const partial = { isPartial: true, words: words && partialWords, deadlineSeconds: PARTIAL_DEADLINE_SECONDS }
    const job = { ...await this.#jobFor(utterance), ...partial }
    const answered = await pool.runIfFree(this.#asked.search?.partials === true ? job : { ...job, nBest: 1 }, signal)
    if (answered === null) {
      this.#counts.partialSkipped()
      return null
    }
    telemetry.workerRan(answered.workSeconds, answered.elapsedSeconds)
    if (!answered.outcome.ok) throw fromWire(answered.outcome.error)
    return answered.outcome.report
  }

  async #jobFor({ audio, format, seconds }: UtteranceAudio) {
    const { recognition, model, phrases } = this.#asked
    return {
      ...REQUEST_DEFAULTS, ...recognition, model: model.name, headerless: format, phrases: await phrases?.(),
      client: this.#request.client, audio, audioSeconds: seconds,
    }
  }

  /** In their order: a final result whose hits take longer must not be overtaken. */
  #tell(event: LiveEvent): void {
    this.#counts.observe(event)
    this.#inOrder(async () => {
      if (event.kind === 'final') this.#answered(event)
      if (event.kind === 'failed') this.#failed(event.error)
      const { search } = this.#asked
      if (event.kind !== 'final' && event.kind !== 'partial') return this.#emit(event)
      const isSearched = search !== undefined && (event.kind === 'final' || search.partials)
      const found = isSearched ? await search.ask(alternativesOf(event.report), event.report.phraseScores) : null
      return this.#emit({ ...event, found })
    })
  }

  /** A search that fails ends the session, like recognition that cannot go on. */
  #inOrder(work: () => Promise<void>): void {
    this.#told = this.#told.then(work).catch((thrown: unknown) => { this.#onFault(thrown) })
  }

  #failed({ code }: SpeechError): void {
    const { name: model } = this.#asked.model
    this.#dependencies.telemetry.failed(code, { model, keyName: this.#request.keyName, secondsSinceUpload: 0 })
  }

  #answered({ report, waitSeconds, startSeconds, endSeconds }: FinalEvent): void {
    const { telemetry, drift, config } = this.#dependencies
    const { keyName, log } = this.#request
    const bytes = Math.round((endSeconds - startSeconds) * this.#asked.format.sampleRate * BYTES_OF_SAMPLE)
    telemetry.recognized(report, {
      model: this.#asked.model.name, keyName, secondsSinceUpload: waitSeconds,
      deadlineSeconds: config.deadlineSeconds, audioBytes: bytes,
    })
    drift.observe(report, undefined)
    logReport(report, { log }, config.logTranscripts)
  }
}

/** About: of 16-bit samples; the metric of upload sizes has wide buckets. */
const BYTES_OF_SAMPLE = 2
