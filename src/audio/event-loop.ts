/** Long work of one request lets the event loop run, so that the worker learns when the request is cancelled. */
import { setImmediate as yieldToEvents } from 'node:timers/promises'

/** Called between pieces of work. Lets other events run when it is time; rejects when nobody needs the result. */
export type YieldIfDue = () => Promise<void>

const MAX_BLOCKING_MS = 20

/** `interrupt` throws when nobody needs the result. */
export function yieldsToEvents(interrupt: () => void): YieldIfDue {
  let since = performance.now()
  return async () => {
    interrupt()
    if (performance.now() - since < MAX_BLOCKING_MS) return
    await yieldToEvents()
    since = performance.now()
  }
}
