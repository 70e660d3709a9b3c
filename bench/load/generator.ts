/**
 * A generator of load, closed or open, bounded in time, in number and in requests under way.
 *
 * Closed: a number of clients, each of which waits for its answer before it asks again; finds the capacity. Open:
 * requests arrive at a rate, whether or not the server keeps up; only that shows an overload. Its latency counts from
 * the time at which a request was due, so that a generator that falls behind does not flatter the server.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Agent } from 'node:http'
import type { Upload } from '../harness/clips.js'
import { startProgress } from '../harness/progress.js'
import { ask, errorCode, keepAliveAgent } from '../../fixtures/kit/exchange.js'

export type Arrivals = { readonly clients: number } | { readonly perSecond: number }

export interface LoadPlan {
  /** Full address of the transcription route. */
  readonly url: string
  /** Sent in turn. */
  readonly uploads: readonly Upload[]
  readonly arrivals: Arrivals
  readonly maxSeconds: number
  /** No limit by default. */
  readonly maxRequests?: number
  /** Of an open loop: arrivals beyond this number under way are dropped and counted. */
  readonly maxUnderWay?: number
  readonly timeoutMs?: number
  /** Ends the load early; what is under way is still awaited. */
  readonly until?: AbortSignal
  /** Loopback address to send from: a client of its own to the service. */
  readonly localAddress?: string
}

/** One request that ended; without its body, so that a long run stays small. */
export interface Answer {
  readonly status: number
  readonly failure: string | null
  readonly errorCode: string
  readonly retryAfter: string | null
  readonly startedAtMs: number
  readonly latencyMs: number
  readonly audioSeconds: number
}

export interface LoadResult {
  readonly answers: readonly Answer[]
  /** From the first request to the last answer. */
  readonly elapsedSeconds: number
  /** Arrivals that were not sent because too many were under way. */
  readonly dropped: number
}

/** Wait of a client that was refused; without it, refusals would only measure how fast a client can spin. */
const PAUSE_AFTER_REFUSAL_MS = 100
const TICK_MS = 5
const MAX_UNDER_WAY = 2000

export async function generateLoad(plan: LoadPlan): Promise<LoadResult> {
  const agent = keepAliveAgent(plan.localAddress)
  const since = performance.now()
  const answers: Answer[] = []
  const progress = startProgress('seconds of load', plan.maxSeconds)
  const clock = setInterval(() => { progress.step(1) }, 1_000).unref()
  try {
    const dropped = 'clients' in plan.arrivals
      ? await closedLoop(plan, plan.arrivals.clients, agent, answers)
      : await openLoop(plan, plan.arrivals.perSecond, agent, answers)
    return { answers, elapsedSeconds: (performance.now() - since) / 1000, dropped }
  } finally {
    clearInterval(clock)
    progress.end()
    agent.destroy()
  }
}

async function closedLoop(plan: LoadPlan, clients: number, agent: Agent, answers: Answer[]): Promise<number> {
  const endsAt = performance.now() + plan.maxSeconds * 1000
  let sent = 0
  const goesOn = (): boolean =>
    sent < (plan.maxRequests ?? Infinity) && performance.now() < endsAt && !plan.until?.aborted
  async function client(): Promise<void> {
    while (goesOn()) {
      const answer = await post(plan, agent, sent++, performance.now())
      answers.push(answer)
      if (answer.failure === 'ECONNREFUSED') return // the server has gone
      if (answer.status === 429 || answer.status === 503) await sleep(PAUSE_AFTER_REFUSAL_MS)
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  return 0
}

async function openLoop(plan: LoadPlan, perSecond: number, agent: Agent, answers: Answer[]): Promise<number> {
  const since = performance.now()
  const total = Math.min(plan.maxRequests ?? Infinity, Math.floor(plan.maxSeconds * perSecond))
  const underWay = new Set<Promise<void>>()
  let dropped = 0
  for (let arrived = 0; arrived < total && !plan.until?.aborted;) {
    for (; arrived < total && since + arrived * 1000 / perSecond <= performance.now(); arrived++) {
      if (underWay.size >= (plan.maxUnderWay ?? MAX_UNDER_WAY)) { dropped++; continue }
      const request = post(plan, agent, arrived, since + arrived * 1000 / perSecond).then((answer) => {
        answers.push(answer)
        underWay.delete(request)
      })
      underWay.add(request)
    }
    await sleep(TICK_MS)
  }
  await Promise.all(underWay)
  return dropped
}

async function post(plan: LoadPlan, agent: Agent, index: number, dueAtMs: number): Promise<Answer> {
  const { body, seconds } = plan.uploads[index % plan.uploads.length]!
  const exchange = await ask(plan.url, {
    method: 'POST', body, agent, ...(plan.timeoutMs !== undefined && { timeoutMs: plan.timeoutMs }),
  })
  const { status, failure, retryAfter, startedAtMs, latencyMs } = exchange
  return {
    status, failure, errorCode: errorCode(exchange), retryAfter, startedAtMs,
    latencyMs: latencyMs + startedAtMs - dueAtMs, audioSeconds: seconds,
  }
}
