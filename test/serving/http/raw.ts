/** Conversations below HTTP, for what no HTTP client would send. */
import net from 'node:net'

export interface Conversation {
  readonly socket: net.Socket
  /** All that came so far. */
  readonly heard: () => string
  /** Status and code of the last typed error that came so far. */
  readonly error: () => { status: number; code: string | undefined }
  /**
   * Resolves with all that came when the server has ended its half. Whether it closed the connection, only
   * `openConnections` knows.
   */
  readonly ended: Promise<string>
  /** Resolves when what came matches. */
  until(pattern: RegExp): Promise<string>
}

/** Leaves its own half open whatever the server does, as a client that wants to hold a connection would. */
export function converse(url: string, text: string | Buffer = '', localAddress?: string): Conversation {
  const socket = net.connect({
    port: Number(new URL(url).port),
    host: '127.0.0.1',
    allowHalfOpen: true,
    ...(localAddress !== undefined && { localAddress }),
  })
  let heard = ''
  const ended = new Promise<string>((resolve) => {
    socket
      .once('end', () => {
        resolve(heard)
      })
      .once('close', () => {
        resolve(heard)
      })
  })
  socket.on('data', (chunk) => { heard += chunk.toString('latin1') })
  socket.on('error', () => undefined) // a reset is one of the ways to be closed
  if (text !== '') socket.write(text)
  return {
    socket,
    ended,
    heard: () => heard,
    error: () => ({
      status: Number([...heard.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].at(-1)?.[1] ?? 0),
      code: [...heard.matchAll(/"code":"([A-Z_]+)"/g)].at(-1)?.[1],
    }),
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (pattern.test(heard)) {
            socket.off('data', look)
            resolve(heard)
          }
        }
        socket.on('data', look).once('end', () => {
          reject(new Error(`ended after ${JSON.stringify(heard.slice(0, 200))}`))
        })
        look()
      }),
  }
}

/** Resolves when a condition holds; a test that waits for ever fails by its own timeout. */
export async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!await holds()) await new Promise((resolve) => setTimeout(resolve, 10))
}

/** How many connections the server still has. */
export function openConnections(server: net.Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => {
      if (error === null) resolve(count)
      else reject(error)
    })
  })
}

/** Head of a POST of a clip. */
export function head(length: number | string, path = '/v1/transcriptions', more = ''): string {
  return `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${length}\r\n${more}\r\n`
}
