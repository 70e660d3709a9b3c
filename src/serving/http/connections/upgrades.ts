/**
 * Which requests become WebSockets. As soon as a server listens for upgrades, Node takes every request with the header
 * `Upgrade` for one and does not read its body: also uploads of clients that offer HTTP/2 (`Upgrade: h2c`, as curl
 * --http2 does). So a request counts as an upgrade only where it opens a live session.
 *
 * Node asks the message itself (`upgrade`, set by the parser when the header has arrived), hence a class of messages.
 */
import { IncomingMessage } from 'node:http'
import { LIVE_PATHS } from '../live/paths.js'

const asked = Symbol('the parser found an upgrade')

export class Message extends IncomingMessage {
  [asked]?: boolean
}

Object.defineProperty(Message.prototype, 'upgrade', {
  get(this: Message): boolean {
    return this[asked] === true && (this.method === 'CONNECT' || opensSession(this))
  },
  set(this: Message, value: boolean) {
    this[asked] = value
  },
})

function opensSession({ method, url = '', headers }: IncomingMessage): boolean {
  const [path = ''] = url.split('?', 1)
  return method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket' && LIVE_PATHS.includes(path.replace(/\/$/, ''))
}
