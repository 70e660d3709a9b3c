/** The end of an answer, whoever brings it about. */
import type { ServerResponse } from 'node:http'

/** Acts when the connection is done with an answer; now for a client that has left, for nothing closes it any more. */
export function whenClosed(response: ServerResponse, act: () => void): void {
  if (response.destroyed) act()
  else response.once('close', act)
}
