/** Long work of one request lets the event loop run, so that the worker learns when the request is cancelled. */
import { setImmediate as yieldToEvents } from 'node:timers/promises'

/** Called between pieces of work; rejects when the result is no longer needed. */
export type Rest = () => Promise<void>

const MAX_BLOCKING_MS = 20

export function restBetweenPieces(interrupt: () => void): Rest {
  let since = performance.now()
  return async () => {
    if (performance.now() - since < MAX_BLOCKING_MS) return
    await yieldToEvents()
    interrupt()
    since = performance.now()
  }
}
