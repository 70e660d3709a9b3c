/** A client of the Realtime protocol that keeps every event. */
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { WebSocket } from 'ws'

export interface RealtimeEvent { readonly type: string; readonly [field: string]: unknown }

export interface RealtimeClient {
  readonly socket: WebSocket
  readonly events: RealtimeEvent[]
  send(event: object | string): void
  append(audio: Uint8Array): void
  /** The next event of this type; the events before it stay in `events`. */
  until(type: string): Promise<RealtimeEvent>
  /** Code and reason. */
  readonly closed: Promise<readonly [number, string]>
}

const PATIENCE_MS = 10_000

export async function connect(t: Pick<Test, 'teardown'>, url: string, query = '?intent=transcription'): Promise<RealtimeClient> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/realtime${query}`)
  t.teardown(() => { socket.terminate() })
  const events: RealtimeEvent[] = []
  const closed = new Promise<readonly [number, string]>((resolve) => {
    socket.on('close', (code, reason) => { resolve([code, reason.toString()]) })
  })
  socket.on('message', (data) => { events.push(JSON.parse((data as Buffer).toString()) as RealtimeEvent) })
  let seen = 0
  const until = async (type: string): Promise<RealtimeEvent> => {
    for (const deadline = performance.now() + PATIENCE_MS; performance.now() < deadline;) {
      const index = events.findIndex((event, at) => at >= seen && event.type === type)
      if (index >= 0) {
        seen = index + 1
        return events[index]!
      }
      await sleep(5)
    }
    throw new Error(`no ${type} came, but ${events.map((event) => event.type).join(', ')}`)
  }
  await once(socket, 'open')
  return {
    socket, events, until, closed,
    send(event) { socket.send(typeof event === 'string' ? event : JSON.stringify(event)) },
    append(audio) {
      socket.send(JSON.stringify({ type: 'input_audio_buffer.append', audio: Buffer.from(audio).toString('base64') }))
    },
  }
}

/** 16-bit samples: `value` for so many seconds. The made-up detector takes what is not zero for speech. */
export function samples(value: number, seconds: number, rate = 24_000): Uint8Array {
  return new Uint8Array(new Int16Array(Math.round(seconds * rate)).fill(value).buffer)
}
