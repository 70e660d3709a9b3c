/**
 * Subprotocols of a WebSocket (RFC 6455, 1.9). Pages cannot send headers with one, so OpenAI's client sends the key
 * among the subprotocols: `realtime, openai-insecure-api-key.KEY` (openai-node, `src/realtime/websocket.ts`).
 */
import type { IncomingHttpHeaders } from 'node:http'

const KEY_PREFIX = 'openai-insecure-api-key.'

/** The value of `Authorization`; where a WebSocket has none, it is made of the key among its subprotocols. */
export function authorizationOf(headers: IncomingHttpHeaders): string | undefined {
  const { authorization, upgrade, 'sec-websocket-protocol': offered } = headers
  if (authorization !== undefined || upgrade?.toLowerCase() !== 'websocket') return authorization
  const key = offered?.split(',').map((one) => one.trim()).find((one) => one.startsWith(KEY_PREFIX))
  return key === undefined ? undefined : `Bearer ${key.slice(KEY_PREFIX.length)}`
}

/**
 * The first that was offered and holds no key; browsers close a connection without one. False where all hold keys: an
 * answer with a key would show it to whoever logs answers.
 */
export function chooseSubprotocol(offered: ReadonlySet<string>): string | false {
  return [...offered].find((one) => !one.startsWith(KEY_PREFIX)) ?? false
}
