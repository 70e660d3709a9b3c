/** Who is collected over HTTP: nobody without consent, on any route; and deletion. */
import t, { type Test } from 'tap'
import type { Candidate } from '../../../../src/data/collection/collector-options.js'
import { ClipStore } from '../../../../src/data/collection/clip-store.js'
import { secretsOf } from '../../../../src/data/collection/secrets.js'
import { all, collecting, MemoryStore } from '../../../data/collection/made-up.js'
import { CLIP, errorOf, post, REPORT, setUp } from '../fake-service.js'
import { makeKeys } from '../keys.js'

interface Recorded { readonly considered: Candidate[]; readonly corrected: unknown[][]; readonly deleted: unknown[] }

async function serviceWith(t: Test, environment: Record<string, string> = {}) {
  const recorded: Recorded = { considered: [], corrected: [], deleted: [] }
  const service = await setUp(t, environment, {}, ['en'], undefined, {
    consider: (candidate) => { recorded.considered.push(candidate) },
    correct: (...given) => { recorded.corrected.push(given) },
    delete: async (meant) => { recorded.deleted.push(meant); return 2 },
  })
  return { ...service, ...recorded }
}

type Headers = Record<string, string>

function form(): FormData {
  const parts = new FormData()
  parts.set('model', 'whisper-1')
  parts.set('file', new Blob([new Uint8Array(CLIP)]), 'clip.wav')
  return parts
}

const ROUTES: Readonly<Record<string, (url: string, headers: Headers) => Promise<Response>>> = {
  '/v1/transcriptions': (url, headers) => post(`${url}/v1/transcriptions`, CLIP, headers),
  '/v1/search': (url, headers) => post(`${url}/v1/search?phrases=play%20some%20jazz`, CLIP, headers),
  '/v1/audio/transcriptions': (url, headers) =>
    fetch(`${url}/v1/audio/transcriptions`, { method: 'POST', body: form(), headers }),
}

/** The answer is sent before the clip is handed over. */
const handedOver = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 30))

for (const [route, send] of Object.entries(ROUTES)) {
  t.test(`${route}: a clip is handed over with the consent of its request alone`, async (t) => {
    const byHeader = await serviceWith(t)
    const byOperator = await serviceWith(t, { EARSHOT_COLLECT_CONSENT: 'everyone' })
    const refusals = ['no', 'Yes', 'YES', 'true', '1', 'yes, yes', 'no, yes', 'yes;q=1', 'y']
    for (const [service, headers] of [
      [byHeader, [{}, ...refusals.map((value) => ({ 'earshot-collect': value }))]],
      [byOperator, refusals.map((value) => ({ 'earshot-collect': value }))],
    ] as const) {
      for (const one of headers) {
        const answer = await send(service.url, one)
        t.equal(answer.status, 200)
        await answer.text()
        t.notMatch([...answer.headers.keys()].join(), /collect/, 'the answer says nothing about it')
      }
      await handedOver()
      t.same(service.considered, [])
    }
    for (const [service, headers] of [
      [byHeader, [{ 'earshot-collect': 'yes' }]], [byOperator, [{}, { 'earshot-collect': 'yes' }]],
    ] as const) {
      for (const one of headers) {
        await (await send(service.url, { 'x-request-id': 'r-1', 'earshot-session': 'visit', ...one })).text()
      }
      await handedOver()
      t.equal(service.considered.length, headers.length)
      t.match(service.considered[0], { id: 'r-1', session: 'visit', driftFeatures: [], report: { text: REPORT.text } })
      t.equal(Buffer.compare(Buffer.from(service.considered[0]!.audio), CLIP), 0, 'the upload, unchanged')
    }
  })
}

t.test('a header that is sent twice is no consent', async (t) => {
  const service = await serviceWith(t, { EARSHOT_COLLECT_CONSENT: 'everyone' })
  const headers = new Headers([['earshot-collect', 'yes'], ['earshot-collect', 'no']])
  await (await fetch(`${service.url}/v1/transcriptions`, { method: 'POST', body: new Uint8Array(CLIP), headers })).text()
  await handedOver()
  t.same(service.considered, [])
})

t.test('a request that fails, and one whose client is gone, are not handed over', async (t) => {
  const service = await serviceWith(t)
  const yes = { 'earshot-collect': 'yes' }
  t.equal((await post(`${service.url}/v1/transcriptions`, 'no audio', yes)).status, 415)
  t.equal((await post(`${service.url}/v1/transcriptions?model=none`, CLIP, yes)).status, 404)
  const gone = new AbortController()
  const sent = fetch(`${service.url}/v1/transcriptions`, {
    method: 'POST', body: new Uint8Array(CLIP), headers: yes, signal: gone.signal,
  }).catch(() => undefined)
  gone.abort()
  await sent
  await handedOver()
  t.same(service.considered, [])
})

t.test('a correction is kept with the consent of its own request, and only a correction', async (t) => {
  const service = await serviceWith(t)
  const yes = { 'earshot-collect': 'yes', 'content-type': 'application/json' }
  let answers = 0
  const tokenOf = async (): Promise<string> => {
    const answer = await post(`${service.url}/v1/transcriptions`, CLIP, { ...yes, 'x-request-id': `r-${++answers}` })
    return ((await answer.json()) as { feedbackToken: string }).feedbackToken
  }
  const tell = async (route: string, body: object, headers: Headers): Promise<void> => {
    const told = { transcript: REPORT.text, token: await tokenOf(), ...body }
    t.equal((await post(`${service.url}${route}`, JSON.stringify(told), headers)).status, 202)
  }
  const json = { 'content-type': 'application/json' }
  const corrected = { event: 'corrected', text: 'play some chess' }
  await tell('/v1/feedback', corrected, json)
  await tell('/v1/feedback', corrected, { ...json, 'earshot-collect': 'no' })
  await tell('/v1/feedback', { event: 'accepted', transcript: undefined }, yes)
  await tell('/v1/labels', { reference: 'play chess', source: 'random' }, yes)
  t.same(service.corrected, [])
  await tell('/v1/feedback', corrected, yes)
  await tell('/v1/feedback', { event: 'corrected', transcript: undefined }, yes)
  await tell('/v1/labels', { reference: 'play chess', source: 'correction' }, yes)
  t.match(service.corrected, [['r-5', Number, 'play some chess'], ['r-6', Number, null], ['r-7', Number, 'play chess']])
  t.equal(service.corrected.length, 3)
})

t.test('pages of other origins may send the header', async (t) => {
  const { url } = await serviceWith(t, { EARSHOT_ALLOWED_ORIGINS: 'https://shop.example' })
  const answer = await fetch(`${url}/v1/transcriptions`, {
    method: 'OPTIONS',
    headers: {
      origin: 'https://shop.example', 'access-control-request-method': 'POST',
      'access-control-request-headers': 'earshot-collect,content-type',
    },
  })
  t.equal(answer.headers.get('access-control-allow-headers'), 'earshot-collect, content-type')
})

t.test('a session has one name in the header and in the query of its deletion', async (t) => {
  const service = await serviceWith(t)
  const long = 'ä'.repeat(250)
  const names = ['Besuch 17', 'Müller', '東京', '\u{feff}mark', long]
  for (const name of names) {
    const sent = Buffer.from(name, 'utf8').toString('latin1')
    const headers = { 'earshot-collect': 'yes', 'earshot-session': sent }
    await (await post(`${service.url}/v1/transcriptions`, CLIP, headers)).text()
    await fetch(`${service.url}/v1/collected?session=${encodeURIComponent(name)}`, { method: 'DELETE' })
  }
  await handedOver()
  t.same(service.considered.map(({ session }) => session), [...names.slice(0, 4), long.slice(0, 200)])
  t.same(service.deleted, service.considered.map(({ session }) => ({ session })))
  const headers = { 'earshot-collect': 'yes', 'earshot-session': 'M\u00fcller' }
  await (await post(`${service.url}/v1/transcriptions`, CLIP, headers)).text()
  await handedOver()
  t.equal(service.considered.at(-1)?.session, 'Müller', 'Latin-1 is no UTF-8, and stays')
})

t.test('clips are deleted by session and by request, with a scope of its own', async (t) => {
  const { file, keys } = await makeKeys(t, { deleter: ['collection'], caller: ['transcribe', 'metrics', 'labels'] })
  const service = await serviceWith(t, { EARSHOT_KEYS_FILE: file })
  const ask = (path: string, key: string | undefined): Promise<Response> => fetch(`${service.url}${path}`, {
    method: 'DELETE', headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
  })
  t.same(await (await ask('/v1/collected?session=a%20visit', keys.deleter)).json(), { deleted: 2 })
  t.same(await (await ask('/v1/collected/r-1', keys.deleter)).json(), { deleted: 2 })
  t.same(service.deleted, [{ session: 'a visit' }, { request: 'r-1' }])
  t.equal((await errorOf(await ask('/v1/collected/r-1', keys.caller))).code, 'KEY_SCOPE')
  t.equal((await errorOf(await ask('/v1/collected/r-1', undefined))).code, 'KEY_MISSING')
  t.equal((await errorOf(await ask('/v1/collected', keys.deleter))).code, 'REQUEST_INVALID', 'never everything')
  t.equal((await errorOf(await ask('/v1/collected?session=', keys.deleter))).code, 'REQUEST_INVALID')
  t.equal(service.deleted.length, 2)
})

t.test('a deletion that did not happen is not called one', async (t) => {
  const remove = async (url: string) => errorOf(await fetch(`${url}/v1/collected/r-1`, { method: 'DELETE' }))
  t.match(await remove((await setUp(t)).url), { status: 404, code: 'COLLECTION_OFF' })
  const { objects, collector } = await collecting(t)
  const { url } = await setUp(t, {}, {}, ['en'], undefined, collector)
  t.equal((await fetch(`${url}/v1/collected/r-1`, { method: 'DELETE' })).status, 200)
  objects.list = () => { throw new Error('unreachable') }
  t.match(await remove(url), { status: 503, code: 'COLLECTION_UNAVAILABLE' })
})

t.test('a clip goes from a request to the store, and away again', async (t) => {
  const objects = new MemoryStore()
  const secrets = secretsOf(undefined)
  const store = await ClipStore.open(objects, secrets)
  const { collector, settled } = await collecting(t, { open: async () => store, pseudonyms: store })
  const { url } = await setUp(t, {}, {}, ['en'], undefined, collector)
  const headers = { 'earshot-collect': 'yes', 'earshot-session': 'visit', 'content-type': 'audio/wav' }
  const answer = await (await post(`${url}/v1/transcriptions`, CLIP, headers)).json() as { requestId: string }
  await handedOver()
  await settled()
  const [clip] = await all(store.select({}))
  t.match(clip, { id: answer.requestId, audio: { bytes: CLIP.length, mediaType: 'audio/wav' }, report: { text: REPORT.text } })
  t.equal(Buffer.compare((await store.audio(answer.requestId))!, CLIP), 0)
  const deleted = await fetch(`${url}/v1/collected?session=visit`, { method: 'DELETE' })
  t.same(await deleted.json(), { deleted: 1 })
  t.same(await all(store.select({})), [])
})
