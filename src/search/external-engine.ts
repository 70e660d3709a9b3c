/**
 * The caller's own search engine, asked for hits. It never fails and never takes long: what goes wrong is a word in
 * the answer, and the transcript goes out without hits. After some failures in a row nobody is kept waiting for it
 * at all: a circuit breaker (library cockatiel) lets one request try again every few seconds.
 */
import { circuitBreaker, ConsecutiveBreaker, handleAll, isBrokenCircuitError } from 'cockatiel'
import type { SearchEngineChoice } from '../domain/choices.js'
import type { Alternative } from '../domain/phrases.js'
import { FORMATS, type ExternalEngineFormat, type ExternalEngineHit } from './external-engine-formats.js'

export const EXTERNAL_ENGINE_FAILURES = ['timeout', 'unreachable', 'refused', 'answer_too_large', 'answer_unreadable', 'resting', 'busy'] as const
export type ExternalEngineFailure = (typeof EXTERNAL_ENGINE_FAILURES)[number]

export interface ExternalEngineSettings {
  readonly searchEngine: SearchEngineChoice
  readonly searchUrl: string
  /** Of a document: where its name stands. */
  readonly searchField: string
  /** Header `Authorization`. */
  readonly searchAuthorization: string | undefined
  readonly searchSeconds: number
}

export type ExternalEngineAnswer = { readonly hits: readonly ExternalEngineHit[] } | { readonly failure: ExternalEngineFailure }

const MOST_ANSWER_BYTES = 1_048_576
/** Each may hold an answer of the largest size; an engine that answers in time has few. */
const MOST_AT_A_TIME = 64
const FAILURES_IN_A_ROW = 5
const REST_MS = 10_000

class ExternalEngineError extends Error {
  readonly failure: ExternalEngineFailure

  constructor(failure: ExternalEngineFailure, cause?: unknown) {
    super(failure, { cause })
    this.failure = failure
  }
}

/** Undefined where the operator has none. */
export function openExternalSearchEngine(settings: ExternalEngineSettings): ExternalSearchEngine | undefined {
  return settings.searchEngine === 'none' ? undefined : new ExternalSearchEngine(settings, settings.searchEngine)
}

export class ExternalSearchEngine {
  readonly #format: ExternalEngineFormat
  readonly #settings: ExternalEngineSettings
  readonly #breaker
  #asking = 0

  constructor(settings: ExternalEngineSettings, format: ExternalEngineFormat, restMs = REST_MS) {
    this.#settings = settings
    this.#format = format
    this.#breaker = circuitBreaker(handleAll, { halfOpenAfter: restMs, breaker: new ConsecutiveBreaker(FAILURES_IN_A_ROW) })
  }

  /** `alternatives`: at least one. */
  async find(alternatives: readonly Alternative[], limit: number): Promise<ExternalEngineAnswer> {
    if (this.#asking >= MOST_AT_A_TIME) return { failure: 'busy' }
    this.#asking++
    try {
      return { hits: await this.#breaker.execute(() => this.#ask(alternatives, limit)) }
    } catch (thrown) {
      if (thrown instanceof ExternalEngineError) return { failure: thrown.failure }
      if (isBrokenCircuitError(thrown)) return { failure: 'resting' }
      throw thrown
    } finally {
      this.#asking--
    }
  }

  async #ask(alternatives: readonly Alternative[], limit: number): Promise<ExternalEngineHit[]> {
    const { searchUrl, searchField, searchAuthorization: authorization, searchSeconds } = this.#settings
    const { ask, read } = FORMATS[this.#format]
    const question = ask(searchUrl, searchField, alternatives, limit)
    const signal = AbortSignal.timeout(searchSeconds * 1000)
    try {
      const response = await fetch(question.url, {
        signal,
        redirect: 'manual',
        headers: { accept: 'application/json', ...authorization !== undefined && { authorization }, ...question.body !== undefined && { 'content-type': 'application/json' } },
        ...question.body !== undefined && { method: 'POST', body: question.body },
      })
      if (!response.ok) {
        await response.body?.cancel()
        throw new ExternalEngineError('refused')
      }
      const hits = read(parse(await readBounded(response)), searchField, limit)
      if (hits === undefined) throw new ExternalEngineError('answer_unreadable')
      return hits
    } catch (thrown) {
      if (thrown instanceof ExternalEngineError) throw thrown
      throw new ExternalEngineError(signal.aborted ? 'timeout' : 'unreachable', thrown)
    }
  }
}

/** An engine that sends for ever, or too much, is cut off. */
async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length
    if (bytes > MOST_ANSWER_BYTES) throw new ExternalEngineError('answer_too_large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new ExternalEngineError('answer_unreadable', cause)
  }
}
