/** Compressed bodies: read within the limits, whatever they claim, or refused by name. */
import { connect } from 'node:net'
import { brotliCompressSync, deflateRawSync, deflateSync, gunzipSync, gzipSync } from 'node:zlib'
import t from 'tap'
import { acceptsGzip, contentEncodingOf } from '../../../../src/serving/http/connections/content-encoding.js'
import { CLIP, errorOf, post, setUp } from '../fake-service.js'

t.test('gzip, deflate with and without its header, and Brotli are read', async (t) => {
  const { url, jobs } = await setUp(t)
  const bodies: readonly (readonly [string, Buffer])[] = [
    ['gzip', gzipSync(CLIP)], ['x-gzip', gzipSync(CLIP)], ['GZIP, identity', gzipSync(CLIP)],
    ['deflate', deflateSync(CLIP)], ['deflate', deflateRawSync(CLIP)], ['br', brotliCompressSync(CLIP)],
    ['identity', CLIP],
  ]
  for (const [encoding, body] of bodies) {
    const response = await post(`${url}/v1/transcriptions`, body, { 'content-encoding': encoding })
    t.equal(response.status, 200, encoding)
    t.equal(Buffer.compare(Buffer.from(jobs.at(-1)!.audio), CLIP), 0, encoding)
  }
  const form = new FormData()
  form.append('file', new Blob([CLIP]), 'clip.wav')
  const sent = new Response(form)
  const type = sent.headers.get('content-type') ?? ''
  const packed = gzipSync(Buffer.from(await sent.arrayBuffer()))
  const answer = await post(`${url}/v1/audio/transcriptions`, packed, { 'content-type': type, 'content-encoding': 'gzip' })
  t.match(await answer.json(), { text: 'play some jazz' })
  const feedback = gzipSync(JSON.stringify({ token: 'x', event: 'accepted' }))
  const json = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
  t.match(await errorOf(await post(`${url}/v1/feedback`, feedback, json)), { status: 401, code: 'TOKEN_INVALID' })
})

t.test('other encodings are refused by name, and broken bodies as such', async (t) => {
  const { url } = await setUp(t)
  for (const encoding of ['zstd', 'gzip, gzip', 'compress']) {
    const response = await post(`${url}/v1/transcriptions`, CLIP, { 'content-encoding': encoding })
    t.equal(response.headers.get('accept-encoding'), 'gzip, deflate, br')
    t.match(await errorOf(response), { status: 415, code: 'ENCODING_UNSUPPORTED', param: 'content-encoding' }, encoding)
  }
  t.throws(() => contentEncodingOf('zstd'), { message: /gzip, deflate, br or absent, not "zstd"/ })
  for (const body of [CLIP, gzipSync(CLIP).subarray(0, 100), Buffer.alloc(0)]) {
    const response = await post(`${url}/v1/transcriptions`, body, { 'content-encoding': 'gzip' })
    const { status, code } = await errorOf(response)
    t.ok(status === 400 && ['REQUEST_INVALID', 'AUDIO_MISSING'].includes(code), `${body.length} bytes: ${code}`)
  }
})

t.test('a small body that claims a long one is refused at the limit, and its memory is free again', async (t) => {
  const { url, uploads } = await setUp(t, { EARSHOT_MAX_UPLOAD_BYTES: '1000000', EARSHOT_MAX_UPLOADS_BYTES: '4000000' })
  const bombs = [['gzip', gzipSync(Buffer.alloc(50_000_000))], ['br', brotliCompressSync(Buffer.alloc(50_000_000))]] as const
  for (const [encoding, body] of bombs) {
    t.ok(body.length < 100_000)
    const response = await post(`${url}/v1/transcriptions`, body, { 'content-encoding': encoding })
    t.match(await errorOf(response), { status: 413, code: 'UPLOAD_TOO_LARGE' }, encoding)
  }
  await new Promise((resolve) => setTimeout(resolve, 20))
  t.equal(uploads.bytesHeld, 0)
})

t.test('a client that leaves while its body is decompressed has cancelled; the queue was not full', async (t) => {
  const { url, metric, uploads } = await setUp(t)
  const body = gzipSync(Buffer.alloc(20_000_000))
  const head = `POST /v1/transcriptions HTTP/1.1\r\nhost: ${new URL(url).host}\r\ncontent-type: audio/wav\r\n`
    + `content-encoding: gzip\r\ncontent-length: ${body.length}\r\n\r\n`
  for (let left = 0; left < 6; left++) {
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    socket.on('error', () => undefined) // it is closed in the middle of an answer
    socket.write(head)
    await new Promise((sent) => socket.write(body, sent))
    socket.resetAndDestroy()
  }
  for (let waited = 0; waited < 500 && uploads.requestsInProgress > 0; waited++) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  const rejections = await metric('asr_rejections_total')
  t.same(rejections.filter((line) => /queue_full.* [1-9]/.test(line)), [])
})

t.test('metrics are compressed for scrapers that ask for it', async (t) => {
  const { url } = await setUp(t)
  const [plain, packed] = await Promise.all(['identity', 'gzip'].map((encoding) =>
    fetch(`${url}/metrics`, { headers: { 'accept-encoding': encoding } })))
  t.equal(plain!.headers.get('content-encoding'), null)
  t.equal(packed!.headers.get('content-encoding'), 'gzip')
  t.match(packed!.headers.get('vary'), /accept-encoding/i)
  t.match(await packed!.text(), /^# HELP /m)
  const text = await (await fetch(`${url}/metrics`, { headers: { 'accept-encoding': 'identity' } })).text()
  t.ok(gzipSync(text).length < text.length / 4, `${text.length} bytes, ${gzipSync(text).length} as gzip`)
  t.equal(gunzipSync(gzipSync(text)).toString(), text)
  t.same(['gzip;q=1.0,identity;q=0.5', 'deflate, GZIP', 'gzip;q=0', 'br', undefined].map(acceptsGzip),
    [true, true, false, false, false])
})
