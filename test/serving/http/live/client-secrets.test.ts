/** Short-lived secrets for pages: what they open, and for how long. */
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { ClientSecrets } from '../../../../src/serving/access/client-secrets.js'
import { WebSocket } from 'ws'
import { makeKeys } from '../keys.js'
import { setUp } from '../fake-service.js'

const SESSION = { audio: { input: { format: { type: 'audio/pcmu' }, turn_detection: null } } }

async function ask(
  url: string, headers: Record<string, string>, body: object,
): Promise<{ status: number; body: Reply }> {
  const response = await fetch(`${url}/v1/realtime/client_secrets`, {
    method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body),
  })
  return { status: response.status, body: await response.json() as Reply }
}

interface Reply { readonly value: string; readonly expires_at: number; readonly error?: { readonly code: string } }

/** The first event of a session that is opened with a key or a secret, or the status of the refusal. */
function open(url: string, secret: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/realtime`, {
      headers: { authorization: `Bearer ${secret}` },
    })
    socket.on('message', (data) => {
      resolve(JSON.parse((data as Buffer).toString()))
      socket.close()
    })
    socket.on('unexpected-response', (_request, response) => { resolve(response.statusCode) })
    socket.on('error', reject)
  })
}

t.test('a secret opens the session that it was made for, and transcribes, but nothing else', async (t) => {
  const { file, keys, bearer } = await makeKeys(t, { web: ['transcribe', 'metrics'], shop: ['search'] })
  const { url } = await setUp(t, { EARSHOT_KEYS_FILE: file })
  t.match(await ask(url, {}, {}), { status: 401, body: { error: { code: 'KEY_MISSING' } } })
  t.match(await ask(url, bearer('shop'), {}), { status: 403, body: { error: { code: 'KEY_SCOPE' } } })
  const { status, body: { value, expires_at: expiresAt } } = await ask(url, bearer('web'), { session: SESSION })
  t.equal(status, 200)
  t.ok(Math.abs(expiresAt - Date.now() / 1000 - 600) < 30, 'ten minutes')
  t.match(value, /^ek_/)
  t.notOk(value.includes(keys.web))
  t.match(await open(url, value), { type: 'session.created', session: SESSION })
  t.equal((await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${value}` } })).status, 403)
  const secondHand = await ask(url, { authorization: `Bearer ${value}` }, { expires_after: { seconds: 7_200 } })
  t.equal(secondHand.status, 403, 'a secret makes no secrets: it would never expire')
})

t.test('what is wrong is refused, and so are secrets that are changed, expired, or without their key', async (t) => {
  const { file, bearer } = await makeKeys(t, { web: ['transcribe'] })
  const { url, dependencies: { keys } } = await setUp(t, { EARSHOT_KEYS_FILE: file })
  for (const body of [
    { expires_after: { seconds: 5 } }, { expires_after: { seconds: 1e9 } }, { session: { type: 'realtime' } },
    { session: 'x' },
  ]) {
    t.match(await ask(url, bearer('web'), body), { status: 400, body: { error: { code: 'REQUEST_INVALID' } } })
  }
  const { value } = (await ask(url, bearer('web'), {})).body
  t.equal(await open(url, `${value}x`), 401)
  t.equal(await open(url, value.replace('.', '.A')), 401)
  t.equal(await open(url, 'ek_'), 401)
  const { clientSecrets } = keys!
  const expired = clientSecrets.issue({ keyName: 'web', expiresAt: Date.now() + 20, session: {} })
  await sleep(30)
  t.equal(await open(url, expired), 401)
  const keyless = clientSecrets.issue({ keyName: 'gone', expiresAt: Date.now() + 9e9, session: {} })
  t.equal(await open(url, keyless), 401)
  const foreign = new ClientSecrets().issue({ keyName: 'web', expiresAt: Date.now() + 9e9, session: {} })
  t.equal(await open(url, foreign), 401)
})

t.test('without keys a client that asks for a secret works all the same', async (t) => {
  const { url } = await setUp(t)
  const { value } = (await ask(url, {}, {})).body
  t.match(await open(url, value), { type: 'session.created' })
})
