/**
 * Subprotocols of a WebSocket (RFC 6455, 1.9) as bearers of an access key: a page cannot set the header `Authorization`
 * of a WebSocket. OpenAI's client offers `realtime, openai-insecure-api-key.KEY` (openai-node,
 * `src/realtime/websocket.ts`), and that of Deepgram `token, KEY`, or `bearer, KEY`.
 */
import type { IncomingHttpHeaders } from 'node:http'

const KEY_PREFIX = 'openai-insecure-api-key.'
const SCHEMES = ['token', 'bearer']

/** The value of `Authorization`; where a WebSocket has none, it is made of the key among its subprotocols. */
export function authorizationOf(headers: IncomingHttpHeaders): string | undefined {
  const { authorization, upgrade, 'sec-websocket-protocol': offered = '' } = headers
  if (authorization !== undefined || upgrade?.toLowerCase() !== 'websocket') return authorization
  const names = offered.split(',').map((one) => one.trim())
  const prefixed = names.find((name) => name.startsWith(KEY_PREFIX))?.slice(KEY_PREFIX.length)
  const scheme = names.findIndex(isScheme)
  const key = prefixed ?? (scheme === -1 ? undefined : names[scheme + 1])
  return key === undefined ? undefined : `Bearer ${key}`
}

/**
 * The subprotocol that is agreed on, without which browsers close the connection: the name of a scheme, or the first
 * that holds no key. False where all hold keys: an answer with a key would show it to whoever logs answers.
 */
export function chooseSubprotocol(offered: ReadonlySet<string>): string | false {
  const names = [...offered]
  return names.find(isScheme) ?? names.find((name) => !name.startsWith(KEY_PREFIX)) ?? false
}

function isScheme(name: string): boolean {
  return SCHEMES.includes(name.toLowerCase())
}
