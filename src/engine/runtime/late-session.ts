/**
 * A session that is opened when it is first needed: a service that never searches, and is never asked when words were
 * said, does not pay for the graphs of that.
 */
import type { Session } from './session.js'

export interface LateSession {
  session(): Promise<Session>
  release(): Promise<void>
}

/** Whatever `open` throws is thrown to those who wait for it; the next one tries again. */
export function openWhenNeeded(open: () => Promise<Session>): LateSession {
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
