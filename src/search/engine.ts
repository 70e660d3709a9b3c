/**
 * The caller's own search engine, asked for hits. It never fails and never takes long: what goes wrong is a word in
 * the answer, and the transcript goes out without hits. After some failures in a row nobody is kept waiting for it
 * at all: a circuit breaker (library cockatiel) lets one request try again every few seconds.
 */
import { circuitBreaker, ConsecutiveBreaker, handleAll, isBrokenCircuitError } from 'cockatiel'
import type { Alternative } from '../phrases.js'
import { FORMATS, type EngineFormat, type EngineHit } from './engine-formats.js'

export const ENGINE_FAILURES = ['timeout', 'unreachable', 'refused', 'answer_too_large', 'answer_unreadable', 'resting'] as const
export type EngineFailure = (typeof ENGINE_FAILURES)[number]

export interface EngineSettings {
  readonly format: EngineFormat
  readonly url: string
  /** Of a document: where its name stands. */
  readonly field: string
  /** Header `Authorization`. */
  readonly authorization: string | undefined
  readonly timeoutSeconds: number
}

export type EngineAnswer = { readonly hits: readonly EngineHit[] } | { readonly failure: EngineFailure }

const MOST_ANSWER_BYTES = 1_048_576
const FAILURES_IN_A_ROW = 5
const REST_MS = 10_000

class EngineError extends Error {
  readonly failure: EngineFailure

  constructor(failure: EngineFailure, cause?: unknown) {
    super(failure, { cause })
    this.failure = failure
  }
}

export class SearchEngine {
  readonly #settings: EngineSettings
  readonly #breaker

  constructor(settings: EngineSettings, restMs = REST_MS) {
    this.#settings = settings
    this.#breaker = circuitBreaker(handleAll, { halfOpenAfter: restMs, breaker: new ConsecutiveBreaker(FAILURES_IN_A_ROW) })
  }

  /** `alternatives`: at least one. */
  async find(alternatives: readonly Alternative[], limit: number): Promise<EngineAnswer> {
    try {
      return { hits: await this.#breaker.execute(() => this.#ask(alternatives, limit)) }
    } catch (thrown) {
      if (thrown instanceof EngineError) return { failure: thrown.failure }
      if (isBrokenCircuitError(thrown)) return { failure: 'resting' }
      throw thrown
    }
  }

  async #ask(alternatives: readonly Alternative[], limit: number): Promise<EngineHit[]> {
    const { format, url, field, authorization, timeoutSeconds } = this.#settings
    const question = FORMATS[format].ask(url, field, alternatives, limit)
    const signal = AbortSignal.timeout(timeoutSeconds * 1000)
    try {
      const response = await fetch(question.url, {
        signal,
        redirect: 'manual',
        headers: { accept: 'application/json', ...authorization !== undefined && { authorization }, ...question.body !== undefined && { 'content-type': 'application/json' } },
        ...question.body !== undefined && { method: 'POST', body: question.body },
      })
      if (!response.ok) {
        await response.body?.cancel()
        throw new EngineError('refused')
      }
      const hits = FORMATS[format].read(parse(await readBounded(response)), field)
      if (hits === undefined) throw new EngineError('answer_unreadable')
      return hits.slice(0, limit)
    } catch (thrown) {
      if (thrown instanceof EngineError) throw thrown
      throw new EngineError(signal.aborted ? 'timeout' : 'unreachable', thrown)
    }
  }
}

/** An engine that sends for ever, or too much, is cut off. */
async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length
    if (bytes > MOST_ANSWER_BYTES) throw new EngineError('answer_too_large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new EngineError('answer_unreadable', cause)
  }
}
