/** How long users wait: from the end of their speech to the final, and from its start to the first partial result. */
import { percentile } from '../../fixtures/kit/statistics.js'
import type { Turn } from './conversations.js'

/** Of one recording that came as one final after a pause, ms. */
export interface Wait {
  /** From the end of the speech, as the report of the file has it. */
  readonly finalMs: number
  /** From the end of the speech, as the session has it, to the decision. */
  readonly pauseMs: number
  /** From the sample at which the session decided, when it was sent, to the final. */
  readonly beyondMs: number
  /** From the start of the speech; NaN without a partial result. */
  readonly firstPartialMs: number
}

export interface Waits {
  readonly finals: number
  /** Recordings without a final, or with more than one. */
  readonly others: number
  readonly partials: number
  readonly final: Spread
  readonly pause: Spread
  readonly beyond: Spread
  readonly firstPartial: Spread
}

export interface Spread { readonly p50: number; readonly p95: number }

/** Undefined where the recording came as none or several finals, or where no pause ended it. */
export function waitOf({ part, startedAtMs, utterances }: Turn): Wait | undefined {
  const spoken = utterances.filter(({ final }) => final!.text !== '')
  const [utterance] = spoken
  const final = utterance?.final
  if (final === undefined || spoken.length !== 1 || utterance?.stopSeconds === undefined) return undefined
  if (final.reason !== 'pause' && final.reason !== 'complete') return undefined
  const since = (seconds: number, atMs: number): number => atMs - startedAtMs - 1000 * seconds
  return {
    finalMs: since(part.speech.endSeconds, final.atMs), pauseMs: 1000 * final.pauseSeconds,
    beyondMs: since(utterance.stopSeconds, final.atMs),
    firstPartialMs: since(part.speech.startSeconds, utterance.partials[0]?.atMs ?? NaN),
  }
}

export function waitsOf(turns: readonly Turn[]): Waits {
  const waits = turns.map(waitOf).filter((wait) => wait !== undefined)
  const spread = (value: (wait: Wait) => number): Spread => {
    const values = waits.map(value).filter((one) => !Number.isNaN(one))
    return { p50: percentile(values, 0.5), p95: percentile(values, 0.95) }
  }
  return {
    finals: waits.length, others: turns.length - waits.length,
    partials: turns.flatMap(({ utterances }) => utterances.flatMap(({ partials }) => partials)).length,
    final: spread((wait) => wait.finalMs), pause: spread((wait) => wait.pauseMs),
    beyond: spread((wait) => wait.beyondMs), firstPartial: spread((wait) => wait.firstPartialMs),
  }
}
