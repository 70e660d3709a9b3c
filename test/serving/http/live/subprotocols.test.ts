/** Keys and names among the subprotocols of a WebSocket. */
import { once } from 'node:events'
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import { authorizationOf, chooseSubprotocol } from '../../../../src/serving/http/live/subprotocols.js'
import { setUp } from '../fake-service.js'
import { makeKeys } from '../keys.js'

const PREFIX = 'openai-insecure-api-key.'

t.test('a key among the subprotocols stands for the header, of WebSockets alone', async (t) => {
  const offered = { upgrade: 'WebSocket', 'sec-websocket-protocol': `realtime, ${PREFIX}abc,  other` }
  t.equal(authorizationOf(offered), 'Bearer abc')
  t.equal(authorizationOf({ ...offered, authorization: 'Bearer own' }), 'Bearer own', 'the header comes first')
  t.equal(authorizationOf({ ...offered, upgrade: undefined }), undefined)
  t.equal(authorizationOf({ upgrade: 'websocket', 'sec-websocket-protocol': 'realtime' }), undefined)
  t.equal(authorizationOf({ upgrade: 'websocket' }), undefined)
  t.equal(authorizationOf({ upgrade: 'websocket', 'sec-websocket-protocol': PREFIX }), 'Bearer ', 'which is no key')
})

t.test('the answer is the first that was offered without a key', async (t) => {
  t.equal(chooseSubprotocol(new Set([`${PREFIX}abc`, 'realtime', 'other'])), 'realtime')
  t.equal(chooseSubprotocol(new Set(['other'])), 'other')
  t.equal(chooseSubprotocol(new Set([`${PREFIX}abc`])), false)
})

/** The subprotocol of an open connection, or the status of the refusal. */
async function opened(t: Test, url: string, protocols: string[]): Promise<string | number> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/realtime?intent=transcription`, protocols)
  t.teardown(() => { socket.terminate() })
  const refused = new Promise<number>((resolve) => {
    socket.on('unexpected-response', (_request, answer) => { resolve(answer.statusCode ?? 0) })
  })
  socket.on('error', () => undefined) // follows when the refused connection is terminated
  return Promise.race([once(socket, 'open').then(() => socket.protocol), refused])
}

t.test('a page opens a session with its key, and no answer or log shows it', async (t) => {
  const { file, keys } = await makeKeys(t, { phone: ['transcribe'], scraper: ['metrics'] })
  const { url, logged } = await setUp(t, { EARSHOT_KEYS_FILE: file })
  t.equal(await opened(t, url, ['realtime', `${PREFIX}${keys.phone}`]), 'realtime')
  t.equal(await opened(t, url, [`${PREFIX}${keys.phone}`, 'realtime']), 'realtime', 'in any order')
  t.equal(await opened(t, url, ['realtime', `${PREFIX}${keys.scraper}`]), 403)
  t.equal(await opened(t, url, ['realtime', `${PREFIX}earshot_nonsense`]), 401)
  t.equal(await opened(t, url, ['realtime']), 401)
  const asked = await fetch(`${url}/v1/realtime`)
  t.match(await asked.json(), { error: { code: 'KEY_MISSING' } }, 'a plain request tells a page why')
  t.notMatch(logged.join(''), keys.phone)
})
