/** Answers of a load → the figures that are printed and written: by status, latencies, refusals. */
import type { Answer, LoadResult } from './generator.js'
import { median, percentile, sum } from '../../fixtures/kit/statistics.js'
import { fixed } from '../harness/table.js'
import { requireMeasured } from '../harness/endings.js'

export interface LoadSummary {
  readonly requests: number
  readonly accepted: number
  /** "200", "429 QUEUE_FULL", "ECONNRESET" … → how many. */
  readonly byOutcome: Readonly<Record<string, number>>
  readonly clipsPerSecond: number
  readonly audioSecondsPerSecond: number
  readonly p50Ms: number
  readonly p95Ms: number
  readonly p99Ms: number
  readonly refused: number
  readonly refusalMedianMs: number
  /** Refusals (429 and 503) that said when to come back. */
  readonly withRetryAfter: number
  /** Neither transcript nor refusal. */
  readonly failed: number
  readonly dropped: number
}

export function summarizeLoad({ answers, elapsedSeconds, dropped }: LoadResult): LoadSummary {
  requireMeasured({ requests: answers.length })
  const accepted = answers.filter(({ status }) => status === 200)
  const refused = answers.filter(isRefusal)
  const latencies = accepted.map(({ latencyMs }) => latencyMs)
  return {
    requests: answers.length, accepted: accepted.length, byOutcome: countByOutcome(answers),
    clipsPerSecond: accepted.length / elapsedSeconds,
    audioSecondsPerSecond: sum(accepted.map(({ audioSeconds }) => audioSeconds)) / elapsedSeconds,
    p50Ms: median(latencies), p95Ms: percentile(latencies, 0.95), p99Ms: percentile(latencies, 0.99),
    refused: refused.length, refusalMedianMs: median(refused.map(({ latencyMs }) => latencyMs)),
    withRetryAfter: refused.filter(({ retryAfter }) => retryAfter !== null).length,
    failed: answers.length - accepted.length - refused.length, dropped,
  }
}

/** The service answered that it cannot take the request now, and said so with a code of its own. */
export function isRefusal({ status, errorCode }: Pick<Answer, 'status' | 'errorCode'>): boolean {
  return (status === 429 || status === 503) && errorCode !== ''
}

/** A connection that ended without an answer. */
const CLOSED: readonly (string | null)[] = ['ECONNRESET', 'EPIPE', 'ECONNREFUSED']

/**
 * Requests that the service may have accepted and that got neither a transcript nor a reason: the connection broke, or
 * the server failed. A refusal is an answer. Nothing was accepted where nobody listens any more, nor after the service
 * told another request that it is shutting down: from then on a connection may simply be closed.
 */
export function lostOf<A extends Lossy>(answers: readonly A[]): A[] {
  const drainingSinceMs = Math.min(...answers.flatMap((answer) =>
    answer.errorCode === 'SHUTTING_DOWN' ? [answer.startedAtMs + answer.latencyMs] : []))
  return answers.filter((answer) => {
    if (answer.failure === 'ECONNREFUSED') return false
    if (answer.failure === null) return answer.status >= 500 && !isRefusal(answer)
    return !CLOSED.includes(answer.failure) || answer.startedAtMs < drainingSinceMs
  })
}

type Lossy = Pick<Answer, 'status' | 'errorCode' | 'failure' | 'startedAtMs' | 'latencyMs'>

export function countByOutcome(
  answers: readonly Pick<Answer, 'status' | 'failure' | 'errorCode'>[],
): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { status, failure, errorCode } of answers) {
    const outcome = failure ?? `${status} ${errorCode}`.trim()
    counts[outcome] = (counts[outcome] ?? 0) + 1
  }
  return counts
}

export function sayOutcomes(byOutcome: Readonly<Record<string, number>>): string {
  return Object.entries(byOutcome).map(([outcome, count]) => `${count} × ${outcome}`).join(', ')
}

export function printLoad(summary: LoadSummary): void {
  const { requests, byOutcome, dropped, clipsPerSecond, audioSecondsPerSecond, refused, withRetryAfter } = summary
  const ms = (value: number): string => `${fixed(value, 0)} ms`
  const notSent = dropped > 0 ? `; ${dropped} not sent, too many were under way` : ''
  console.log(`${requests} requests: ${sayOutcomes(byOutcome)}${notSent}`)
  console.log(`accepted: ${fixed(clipsPerSecond)} clips/s, ${fixed(audioSecondsPerSecond)} audio s/s, ` +
    `p50 ${ms(summary.p50Ms)}, p95 ${ms(summary.p95Ms)}, p99 ${ms(summary.p99Ms)}`)
  const median = fixed(summary.refusalMedianMs)
  if (refused > 0) console.log(`refused: median ${median} ms, Retry-After on ${withRetryAfter} of ${refused}`)
}
