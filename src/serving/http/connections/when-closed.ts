/** The end of an answer, whichever side causes it. */
import type { ServerResponse } from 'node:http'

/** Calls `act` when the connection is done with an answer; at once if the client has already disconnected. */
export function whenClosed(response: ServerResponse, act: () => void): void {
  if (response.destroyed) act()
  else response.once('close', act)
}
