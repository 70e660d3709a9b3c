/**
 * Requests to the service, with the access key if it needs one. URLs are relative to the page, because a proxy may add
 * a path.
 */
import { askForKey, keyHeaders, refusalOf } from './key.js'

const TIMEOUT_MS = 40_000

/** The service answered with an error; `message` says what and why. */
export class RequestFailed extends Error {}

/** The page asks for a key now; the request is to be sent again when there is one. */
export class KeyNeeded extends RequestFailed {}

/** @typedef {Readonly<Record<string, string | readonly string[] | undefined>>} Parameters */

/**
 * @param {string} path without a slash at its start
 * @param {Parameters} [parameters] of the query
 * @returns {Promise<any>} the JSON of the answer
 */
export async function get(path, parameters = {}) {
  return bodyOf(await send(path, parameters), (response) => response.json())
}

/** @param {string} path @param {Parameters} parameters @returns {Promise<ArrayBuffer>} */
export async function getBytes(path, parameters) {
  return bodyOf(await send(path, parameters), (response) => response.arrayBuffer())
}

/** @param {string} path @param {unknown} body @returns {Promise<any>} */
export async function post(path, body) {
  const headers = { 'content-type': 'application/json' }
  const response = await send(path, {}, { method: 'POST', headers, body: JSON.stringify(body) })
  return bodyOf(response, (one) => one.json())
}

/**
 * The body may be cut off, or come from a proxy that answers with a page of its own.
 * @template T
 * @param {Response} response @param {(response: Response) => Promise<T>} read
 */
async function bodyOf(response, read) {
  try {
    return await read(response)
  } catch (reason) {
    throw new RequestFailed(`the answer cannot be read (${reason instanceof Error ? reason.message : reason})`)
  }
}

/**
 * @param {string} path @param {Parameters} parameters
 * @param {{ method?: string, headers?: Record<string, string>, body?: string }} [options]
 */
async function send(path, parameters, { headers, ...options } = {}) {
  const url = new URL(path, document.baseURI)
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of typeof value === 'string' ? [value] : value ?? []) url.searchParams.append(name, one)
  }
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  const response = await fetch(url, {
    ...options, cache: 'no-store', headers: { ...headers, ...keyHeaders() }, signal,
  }).catch((reason) => { throw new RequestFailed(`the service does not answer (${reason.message})`) })
  if (response.ok) return response
  const body = await response.json().catch(() => null) // a proxy may refuse with a body that is not JSON
  const refusal = refusalOf(body)
  if (refusal !== null) {
    askForKey(refusal)
    throw new KeyNeeded('an access key is needed')
  }
  throw new RequestFailed(body?.error?.message ?? `status ${response.status}`)
}
