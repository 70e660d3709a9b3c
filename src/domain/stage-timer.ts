/**
 * Stage timings of one request. Durations only, never time stamps, so that two processes need not share a clock. A
 * stage that is timed twice adds up (a long upload is decoded clip by clip).
 */
import type { Stage } from './report.js'

export interface StageTimer {
  time<T>(stage: Stage, work: () => T): T
  timeAsync<T>(stage: Stage, work: () => Promise<T>): Promise<T>
  /** Seconds spent so far in each stage that was entered. */
  readonly seconds: Readonly<Partial<Record<Stage, number>>>
}

export function startStageTimer(): StageTimer {
  const seconds: Partial<Record<Stage, number>> = {}
  const add = (stage: Stage, since: number): void => {
    seconds[stage] = (seconds[stage] ?? 0) + (performance.now() - since) / 1000
  }
  return {
    seconds,
    time(stage, work) {
      const since = performance.now()
      try { return work() } finally { add(stage, since) }
    },
    async timeAsync(stage, work) {
      const since = performance.now()
      try { return await work() } finally { add(stage, since) }
    },
  }
}
