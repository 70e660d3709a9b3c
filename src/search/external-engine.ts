/**
 * Queries the external search engine of the operator for hits. It never throws and its time is limited: a failure is a
 * reason in the answer, and the transcript is sent without hits. After several failures in a row, requests do not wait
 * for it: a circuit breaker (library cockatiel) lets one request try again every few seconds.
 */
import { circuitBreaker, ConsecutiveBreaker, handleAll, isBrokenCircuitError } from 'cockatiel'
import type { SearchEngineChoice } from '../domain/choices.js'
import type { Alternative } from '../domain/phrases.js'
import { FORMATS, type ExternalEngineFormat, type ExternalEngineHit } from './external-engine-formats.js'

/** `resting`: the circuit breaker is open. `busy`: too many requests are in progress. */
export const EXTERNAL_ENGINE_FAILURES = [
  'timeout', 'unreachable', 'refused', 'answer_too_large', 'answer_unreadable', 'resting', 'busy',
] as const
export type ExternalEngineFailure = (typeof EXTERNAL_ENGINE_FAILURES)[number]

export interface ExternalEngineSettings {
  readonly searchEngine: SearchEngineChoice
  readonly searchUrl: string
  /** Field of a document that contains its name. */
  readonly searchField: string
  /** Header `Authorization`. */
  readonly searchAuthorization: string | undefined
  readonly searchSeconds: number
}

export type ExternalEngineAnswer =
  | { readonly hits: readonly ExternalEngineHit[] }
  | { readonly failure: ExternalEngineFailure }

const MAX_ANSWER_BYTES = 1_048_576
/** Each request may hold an answer of the maximum size; a search engine that answers in time has few. */
const MAX_CONCURRENT = 64
const FAILURES_IN_A_ROW = 5
const OPEN_MS = 10_000

class ExternalEngineError extends Error {
  readonly failure: ExternalEngineFailure

  constructor(failure: ExternalEngineFailure, cause?: unknown) {
    super(failure, { cause })
    this.failure = failure
  }
}

/** Undefined if none is configured. */
export function openExternalSearchEngine(settings: ExternalEngineSettings): ExternalSearchEngine | undefined {
  return settings.searchEngine === 'none' ? undefined : new ExternalSearchEngine(settings, settings.searchEngine)
}

export class ExternalSearchEngine {
  readonly #format: ExternalEngineFormat
  readonly #settings: ExternalEngineSettings
  readonly #breaker
  #inProgress = 0

  constructor(settings: ExternalEngineSettings, format: ExternalEngineFormat, openMs = OPEN_MS) {
    this.#settings = settings
    this.#format = format
    this.#breaker = circuitBreaker(handleAll, {
      halfOpenAfter: openMs, breaker: new ConsecutiveBreaker(FAILURES_IN_A_ROW),
    })
  }

  /** `alternatives`: at least one. */
  async find(alternatives: readonly Alternative[], limit: number): Promise<ExternalEngineAnswer> {
    if (this.#inProgress >= MAX_CONCURRENT) return { failure: 'busy' }
    this.#inProgress++
    try {
      return { hits: await this.#breaker.execute(() => this.#query(alternatives, limit)) }
    } catch (thrown) {
      if (thrown instanceof ExternalEngineError) return { failure: thrown.failure }
      if (isBrokenCircuitError(thrown)) return { failure: 'resting' }
      throw thrown
    } finally {
      this.#inProgress--
    }
  }

  async #query(alternatives: readonly Alternative[], limit: number): Promise<ExternalEngineHit[]> {
    const { searchUrl, searchField, searchAuthorization: authorization, searchSeconds } = this.#settings
    const { request, read } = FORMATS[this.#format]
    const { url, body } = request(searchUrl, searchField, alternatives, limit)
    const signal = AbortSignal.timeout(searchSeconds * 1000)
    try {
      const response = await fetch(url, {
        signal,
        redirect: 'manual',
        headers: {
          accept: 'application/json',
          ...authorization !== undefined && { authorization },
          ...body !== undefined && { 'content-type': 'application/json' },
        },
        ...body !== undefined && { method: 'POST', body },
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

/** Throws `answer_too_large` beyond the limit; the caller limits the time. */
async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length
    if (bytes > MAX_ANSWER_BYTES) throw new ExternalEngineError('answer_too_large')
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
