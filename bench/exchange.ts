/**
 * One HTTP request and what became of it, over node:http. A failed connection is a finding here, not an exception:
 * `status` is 0 then and `failure` says why. Latency runs from the call to the last byte of the answer.
 */
import http from 'node:http'

export interface Question {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly body?: Buffer
  /** Of the body; WAV unless told otherwise. */
  readonly contentType?: string
  /** Beside the type and the length of the body. */
  readonly headers?: Readonly<Record<string, string>>
  readonly agent: http.Agent
  readonly timeoutMs?: number
}

export interface Exchange {
  /** 0 when there was no answer. */
  readonly status: number
  /** System error code, or `TIMEOUT`; null when there was an answer. */
  readonly failure: string | null
  readonly retryAfter: string | null
  readonly body: string
  /** On the clock of `performance.now()`. */
  readonly startedAtMs: number
  readonly latencyMs: number
}

const DEFAULT_TIMEOUT_MS = 120_000

/** `localAddress`: the loopback address to send from. */
export function keepAliveAgent(localAddress?: string): http.Agent {
  return new http.Agent({ keepAlive: true, maxSockets: Infinity, ...localAddress !== undefined && { localAddress } })
}

/** Never rejects. */
export function ask(url: string, { method = 'GET', body, contentType = 'audio/wav', headers: more = {}, agent, timeoutMs = DEFAULT_TIMEOUT_MS }: Question): Promise<Exchange> {
  const startedAtMs = performance.now()
  return new Promise((resolve) => {
    const end = (outcome: Pick<Exchange, 'status' | 'failure' | 'retryAfter' | 'body'>): void => {
      clearTimeout(timer)
      resolve({ ...outcome, startedAtMs, latencyMs: performance.now() - startedAtMs })
    }
    const fail = (error: NodeJS.ErrnoException): void => {
      end({ status: 0, failure: error.code ?? error.message, retryAfter: null, body: '' })
    }
    const headers = body === undefined ? more : { 'content-type': contentType, 'content-length': body.length, ...more }
    const request = http.request(url, { method, agent, headers }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.once('error', fail)
      response.once('end', () => {
        end({ status: response.statusCode!, failure: null, retryAfter: response.headers['retry-after'] ?? null, body: Buffer.concat(chunks).toString('utf8') })
      })
    })
    const timer = setTimeout(() => request.destroy(Object.assign(new Error('no answer in time'), { code: 'TIMEOUT' })), timeoutMs)
    request.on('error', fail)
    request.end(body)
  })
}

/** The stable error code of a refusal; empty for anything else, a refusal that is no JSON of our envelope included. */
export function errorCode({ status, body }: Pick<Exchange, 'status' | 'body'>): string {
  const answer = status < 400 ? undefined : parsed(body)
  const error: unknown = isObject(answer) ? answer['error'] : undefined
  const code: unknown = isObject(error) ? error['code'] : undefined
  return typeof code === 'string' ? code : ''
}

/** Undefined where the text is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined
    throw thrown
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
