/** Addresses that are nearly right, and methods that a path does not have. */
import t from 'tap'
import { correctedUrl } from '../../../src/serving/http/addresses.js'
import { CLIP, errorOf, post, setUp } from './fake-service.js'

t.test('slashes too many are joined, but pages keep their addresses', async (t) => {
  t.equal(correctedUrl('/v1//audio/transcriptions/?a=b//c?d'), '/v1/audio/transcriptions?a=b//c?d')
  t.equal(correctedUrl('//v1///models'), '/v1/models')
  t.equal(correctedUrl('/readyz/'), '/readyz')
  for (const url of ['/', '//', '/docs/', '/metrics/', '//metrics', '/v1/drift/', '/v1//drift', '/drift/', '/docs//static', '*', 'http://host//v1/models', '/v1/models']) {
    t.equal(correctedUrl(url), url)
  }
  const { url } = await setUp(t, { EARSHOT_ALLOWED_ORIGINS: 'https://app.example' })
  for (const path of ['/v1//transcriptions', '/v1/transcriptions/', '//v1/transcriptions', '/v1/transcriptions//?words=1']) {
    const response = await post(`${url}${path}`, CLIP, { origin: 'https://app.example' })
    t.equal(response.status, 200, path)
    t.equal(response.headers.get('access-control-allow-origin'), 'https://app.example', path)
  }
  for (const path of ['/v1/models/', '//healthz', '/readyz/', '/v1//models']) {
    t.equal((await fetch(`${url}${path}`)).status, 200, path)
  }
})

t.test('a path that is nearly right is answered with the one that is meant', async (t) => {
  const { url } = await setUp(t)
  const meant: Record<string, string> = {
    '/v1/v1/audio/transcriptions': '/v1/audio/transcriptions',
    '/audio/transcriptions': '/v1/audio/transcriptions',
    '/openai/v1/audio/transcriptions': '/v1/audio/transcriptions',
    '/v1/audio/transcription': '/v1/audio/transcriptions',
    '/v1/audio/audio/transcriptions': '/v1/audio/transcriptions',
    '/v1/audio/translations': '/v1/audio/transcriptions',
    '/inference': '/v1/audio/transcriptions',
    '/asr/': '/v1/audio/transcriptions',
    '/transcriptions': '/v1/transcriptions',
    '/V1/Transcriptions': '/v1/transcriptions',
    '/search': '/v1/search',
    '/models': '/v1/models',
    '/api/v1/models': '/v1/models',
    '/health': '/healthz',
  }
  for (const [path, right] of Object.entries(meant)) {
    const response = await post(`${url}${path}`, CLIP)
    const { error } = await response.json() as { error: { code: string; message: string } }
    t.match([response.status, error.code], [404, 'ROUTE_NOT_FOUND'], path)
    t.ok(error.message.includes(`did you mean ${right}?`), `${path}: ${error.message}`)
  }
  for (const path of ['/nothing', `/${'a'.repeat(3_000)}`, '/v1/..%2f..%2fetc']) {
    const response = await fetch(`${url}${path}`)
    t.equal(response.status, 404)
    t.notMatch(await response.text(), /did you mean/)
  }
})

t.test('another method of a known path is 405 with those that it has; OPTIONS asks for them', async (t) => {
  const { url } = await setUp(t)
  const allowed: Record<string, string> = {
    '/v1/transcriptions': 'POST, OPTIONS',
    '/v1/audio/transcriptions': 'POST, OPTIONS',
    '/v1/models': 'GET, HEAD, OPTIONS',
    '/v1/models/whisper-1': 'GET, HEAD, OPTIONS',
    '/v1/catalogues/films': 'DELETE, GET, HEAD, PUT, OPTIONS',
    '/healthz': 'GET, HEAD, OPTIONS',
  }
  for (const [path, methods] of Object.entries(allowed)) {
    const wrong = await fetch(`${url}${path}`, { method: 'PATCH' })
    t.match(await errorOf(wrong.clone()), { status: 405, code: 'METHOD_NOT_ALLOWED' }, path)
    t.equal(wrong.headers.get('allow'), methods, path)
    const asked = await fetch(`${url}${path}`, { method: 'OPTIONS' })
    t.match([asked.status, asked.headers.get('allow')], [204, methods], path)
  }
  t.equal((await fetch(`${url}/healthz`, { method: 'HEAD' })).status, 200)
  t.equal((await fetch(`${url}/nothing`, { method: 'OPTIONS' })).status, 404)
  t.match(await errorOf(await fetch(`${url}/drift/nothing.js`)), { status: 404, code: 'ROUTE_NOT_FOUND' })
})
