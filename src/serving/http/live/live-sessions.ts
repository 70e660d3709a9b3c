/** The open live sessions: how many there may be, and how they end when the service shuts down. */
import type { FastifyRequest } from 'fastify'
import { SpeechError } from '../../../domain/errors.js'
import type { LiveOutcome, LiveProtocol } from '../../../domain/live.js'
import { LIVE_PROTOCOLS } from '../../../domain/live.js'
import type { MetricRegistry } from '../../../monitoring/metrics/registry.js'
import { SharedCapacity } from '../../shared-capacity.js'

/** A session as the registry sees it. */
export interface OpenSession {
  /** Finishes the utterance that is being said, then closes. Resolves when that is done. */
  drain(): Promise<void>
}

const RETRY_AFTER_SECONDS = 5

export class LiveSessions {
  readonly #most: number
  readonly #registry: MetricRegistry
  readonly #capacity: SharedCapacity
  readonly #open = new Map<OpenSession, LiveProtocol>()
  #isDraining = false

  /** `most`: of all clients; each may have its fair share. */
  constructor(most: number, registry: MetricRegistry) {
    this.#most = most
    this.#registry = registry
    this.#capacity = new SharedCapacity(most)
    registry.beforeScrape('asr_live_sessions', () => {
      for (const protocol of LIVE_PROTOCOLS) {
        const count = [...this.#open.values()].filter((one) => one === protocol).length
        registry.gauge('asr_live_sessions').set({ protocol }, count)
      }
    })
  }

  get count(): number { return this.#open.size }

  /** Why a client may not open another session now. */
  refusal({ client }: Pick<FastifyRequest, 'client'>): SpeechError | undefined {
    if (this.#isDraining) return new SpeechError('SHUTTING_DOWN')
    if (this.#most === 0) {
      return new SpeechError('PARAMETER_UNSUPPORTED', 'live sessions are off (EARSHOT_LIVE_SESSIONS)')
    }
    if (this.#capacity.fits(client, 1)) return undefined
    const detail = `${this.#open.size} live sessions are open (EARSHOT_LIVE_SESSIONS)`
    return new SpeechError('QUEUE_FULL', detail, { retryAfterSeconds: RETRY_AFTER_SECONDS })
  }

  /** Counts a session until the returned function is called. */
  add(
    session: OpenSession, protocol: LiveProtocol, { client }: Pick<FastifyRequest, 'client'>,
  ): (end: SessionEnd) => void {
    this.#capacity.acquire(client, 1)
    this.#open.set(session, protocol)
    const since = performance.now()
    return ({ outcome, audioSeconds }) => {
      if (!this.#open.delete(session)) return
      this.#capacity.release(client, 1)
      this.#registry.counter('asr_live_sessions_total').inc({ protocol, outcome })
      this.#registry.counter('asr_live_session_seconds_total').inc((performance.now() - since) / 1000)
      this.#registry.counter('asr_live_audio_seconds_total').inc(audioSeconds)
    }
  }

  /** Refuses new sessions. Resolves when all are finished, or after `graceSeconds`. */
  async drain(graceSeconds: number): Promise<void> {
    this.#isDraining = true
    const finished = Promise.all([...this.#open.keys()].map((session) => session.drain()))
    const timer = new AbortController()
    const grace = new Promise<void>((resolve) => {
      const timeout = setTimeout(resolve, graceSeconds * 1000)
      timer.signal.addEventListener('abort', () => { clearTimeout(timeout) })
    })
    await Promise.race([finished, grace])
    timer.abort()
  }
}

export interface SessionEnd { readonly outcome: LiveOutcome; readonly audioSeconds: number }
