/**
 * A session that is opened when it is first needed: a service that never runs a beam search, and is never asked for
 * word times, does not load the graphs for these.
 */
import type { Session } from './session.js'

export interface LazySession {
  session(): Promise<Session>
  release(): Promise<void>
}

/** An error of `open` is thrown to all callers that wait for it; the next call opens again. */
export function openLazily(open: () => Promise<Session>): LazySession {
  let opening: Promise<Session> | undefined
  return {
    session() {
      opening ??= open().catch((cause: unknown) => {
        opening = undefined
        throw cause
      })
      return opening
    },
    async release() { await (await opening)?.release() },
  }
}
