/**
 * WebSocket subprotocols as bearers of an access key: a page cannot set the header `Authorization` of a WebSocket, so
 * the SDK of Deepgram offers two subprotocols in its place, `token` (or `bearer`) and the key.
 */
const SCHEMES = ['token', 'bearer']

/** The value that `Authorization` would have; undefined where no key is offered. */
export function offeredAuthorization(header: string | undefined): string | undefined {
  const offered = (header ?? '').split(',').map((name) => name.trim())
  const scheme = offered.findIndex((name) => SCHEMES.includes(name.toLowerCase()))
  const key = scheme === -1 ? undefined : offered[scheme + 1]
  return key === undefined || key === '' ? undefined : `Bearer ${key}`
}

/** The subprotocol that is agreed on: never the key, which would travel back in a header that proxies log. */
export function answeredProtocol(offered: readonly string[]): string | false {
  return offered.find((name) => SCHEMES.includes(name.toLowerCase())) ?? offered[0] ?? false
}
