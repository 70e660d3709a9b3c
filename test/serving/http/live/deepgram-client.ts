/** A client of the Deepgram protocol that keeps every message. */
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { WebSocket, type ClientOptions } from 'ws'

export interface DeepgramMessage { readonly type: string; readonly [field: string]: unknown }

export interface Word {
  readonly word: string
  readonly punctuated_word?: string
  readonly start: number
  readonly end: number
  readonly confidence: number
}

export interface DeepgramResults extends DeepgramMessage {
  readonly start: number
  readonly duration: number
  readonly is_final: boolean
  readonly speech_final: boolean
  readonly from_finalize: boolean
  readonly channel: {
    readonly alternatives: readonly [
      { readonly transcript: string; readonly confidence: number; readonly words: readonly Word[] },
    ]
  }
  readonly earshot?: { readonly found: { readonly hits: readonly { readonly id: string }[] } }
}

export interface DeepgramTestClient {
  readonly socket: WebSocket
  readonly messages: DeepgramMessage[]
  readonly results: () => DeepgramResults[]
  send(message: object | string): void
  hear(audio: Uint8Array): void
  /** The next message of this type that is so; the messages before it stay. */
  until(type: string, holds?: (message: DeepgramResults) => boolean): Promise<DeepgramResults>
  readonly closed: Promise<readonly [number, string]>
}

const PATIENCE_MS = 10_000
export const LINEAR = 'encoding=linear16&sample_rate=16000'

export async function listen(
  t: Pick<Test, 'teardown'>, url: string, query = LINEAR, options: ClientOptions = {}, protocols: string[] = [],
): Promise<DeepgramTestClient> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/listen?${query}`, protocols, options)
  t.teardown(() => { socket.terminate() })
  const messages: DeepgramMessage[] = []
  const closed = new Promise<readonly [number, string]>((resolve) => {
    socket.on('close', (code, reason) => { resolve([code, reason.toString()]) })
  })
  socket.on('message', (data) => { messages.push(JSON.parse((data as Buffer).toString()) as DeepgramMessage) })
  let seen = 0
  const until: DeepgramTestClient['until'] = async (type, holds = () => true) => {
    for (const deadline = performance.now() + PATIENCE_MS; performance.now() < deadline; await sleep(5)) {
      const index = messages.findIndex((one, at) => at >= seen && one.type === type && holds(one as DeepgramResults))
      if (index < 0) continue
      seen = index + 1
      return messages[index] as DeepgramResults
    }
    throw new Error(`no ${type} came, but ${messages.map((one) => one.type).join(', ')}`)
  }
  await once(socket, 'open')
  return {
    socket, messages, until, closed,
    results: () => messages.filter(({ type }) => type === 'Results') as DeepgramResults[],
    send(message) { socket.send(typeof message === 'string' ? message : JSON.stringify(message)) },
    hear(audio) { socket.send(audio) },
  }
}

/** Status and body of the answer of HTTP to an attempt that is refused. */
export async function refused(
  url: string, query: string, protocols: string[] = [],
): Promise<{ readonly status: number; readonly code: string; readonly param: string | null }> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/listen?${query}`, protocols)
  const [, response] = await once(socket, 'unexpected-response') as [unknown, NodeJS.ReadableStream & { statusCode: number }]
  let body = ''
  for await (const part of response) body += String(part)
  const { error } = JSON.parse(body) as { error: { code: string; param: string | null } }
  return { status: response.statusCode, code: error.code, param: error.param }
}
