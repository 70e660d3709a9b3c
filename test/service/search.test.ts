/**
 * Spoken search on the real service and the default model, as docs/search.md tells it: a shop is put, asked, replaced
 * and removed over HTTP. One service for all of it. Skips, with a message, where the weights or the build are not
 * there.
 */
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { metricValue } from '../../fixtures/kit/metrics-page.js'
import { startServer } from '../../fixtures/kit/server.js'
import { projectRoot } from '../../src/domain/project-root.js'
import type { Report } from '../../src/domain/report.js'

const ENTRY = path.join(projectRoot, 'dist/src/main.js')
const SHOP = path.join(projectRoot, 'fixtures/shop')
const missing = [ENTRY, path.join(projectRoot, 'models/moonshine-tiny-en/weights/encoder_model.onnx')].find(
  (file) => !existsSync(file),
)

interface Answer extends Report {
  outcome: string
  catalogue: string | null
  hits: { id: string; why: string[] }[]
  didYouMean: { id: string }[]
  error?: { code: string }
}

t.test('a shop in four commands', { skip: missing === undefined ? false : `${missing} is not there` }, async (t) => {
  const server = await startServer({
    model: 'moonshine-tiny-en',
    workers: 1,
    entry: ENTRY,
    settings: { EARSHOT_QUEUE_WAIT_SECONDS: '60', NODE_OPTIONS: '' },
  })
  t.teardown(() => server.stop())
  const clip = (name: string): Buffer => readFileSync(path.join(SHOP, name))
  const send = async (
    method: string,
    route: string,
    body?: Buffer | string,
  ): Promise<{ status: number; body: Answer }> => {
    const response = await fetch(`${server.url}${route}`, {
      method,
      body: (typeof body === 'string' ? Buffer.from(body) : (body ?? null)) as unknown as string,
    })
    const text = await response.text()
    return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as Answer }
  }
  const metrics = async (): Promise<string> => (await fetch(`${server.url}/metrics`)).text()

  t.match(await send('PUT', '/v1/catalogues/shop', clip('shop.csv')), {
    status: 200,
    body: { name: 'shop', version: 1, entries: 20, names: 41, report: { unspellable: { count: 0 } } },
  })

  await t.test('each clip finds what it asks for', async (t) => {
    for (const [name, id] of [['hiking-boots.wav', 'sho-003'], ['backpack.wav', 'bag-001']] as const) {
      const { body } = await send('POST', '/v1/search?catalogue=shop', clip(name))
      t.match(
        body,
        {
          outcome: 'hit',
          catalogue: 'shop@1',
          hits: [{ id, why: ['heard'] }],
          didYouMean: [],
          alternatives: [{ text: body.text, phrases: [id] }],
        },
        name,
      )
    }
    // The model hardly believes its words: on which side of the threshold they come to lie is not told here.
    const { body } = await send('POST', '/v1/search?catalogue=shop', clip('rubber-duck.wav'))
    t.equal([...body.hits, ...body.didYouMean][0]?.id, 'toy-001')
  })

  await t.test('phrases of the request do as well, and are their own ids', async (t) => {
    const { status, body } = await send(
      'POST',
      '/v1/search?phrases=hiking%20boots&phrases=hiking%20poles',
      clip('hiking-boots.wav'),
    )
    t.match(
      { status, body },
      { status: 200, body: { outcome: 'hit', catalogue: null, hits: [{ id: 'hiking boots' }] } },
    )
  })

  await t.test('a transcription with a catalogue says how else it reads, and which entries it holds', async (t) => {
    const { status, body } = await send('POST', '/v1/transcriptions?catalogue=shop&nBest=3', clip('backpack.wav'))
    t.equal(status, 200)
    t.type(body.changedByBiasing, 'boolean')
    t.ok(body.alternatives.length > 1 && body.alternatives.length <= 3, `${body.alternatives.length} readings`)
    t.equal(body.alternatives[0]!.text, body.text)
    t.same(body.alternatives[0]!.phrases, ['bag-001'])
    const plain = await send('POST', '/v1/transcriptions', clip('backpack.wav'))
    t.match(plain.body, { steered: false, alternatives: [] })
  })

  await t.test('searches, and what the catalogue did to them, are counted', async (t) => {
    const page = await metrics()
    t.equal(metricValue(page, 'asr_search_requests_total'), 4)
    t.ok(metricValue(page, 'asr_search_requests_total', { outcome: 'hit' }) >= 3)
    t.equal(metricValue(page, 'asr_search_duration_seconds_count'), 4)
    t.ok(metricValue(page, 'asr_bias_hits_total') >= 4, 'three searches and a transcription')
    t.ok(metricValue(page, 'asr_bias_overrides_total') <= metricValue(page, 'asr_bias_hits_total'))
    t.equal(metricValue(page, 'asr_catalogue_entries', { catalogue: 'shop' }), 20)
  })

  await t.test('a replacement at fault is refused, and the version before it answers', async (t) => {
    t.match(await send('PUT', '/v1/catalogues/shop', 'id,name\nx,Canoe\nx,Kayak\n'), {
      status: 422,
      body: { error: { code: 'CATALOGUE_INVALID', message: /line 3/ } },
    })
    t.match(await send('POST', '/v1/search?catalogue=shop', clip('hiking-boots.wav')), {
      status: 200,
      body: { catalogue: 'shop@1', hits: [{ id: 'sho-003' }] },
    })
  })

  await t.test('a new version takes over, and what is removed is not found', async (t) => {
    t.match(await send('PUT', '/v1/catalogues/shop', '{"id":"boots","name":"hiking boots"}'), {
      status: 200,
      body: { version: 2, entries: 1 },
    })
    t.match(await send('POST', '/v1/search?catalogue=shop', clip('hiking-boots.wav')), {
      status: 200,
      body: { catalogue: 'shop@2', hits: [{ id: 'boots' }] },
    })
    t.equal((await send('DELETE', '/v1/catalogues/shop')).status, 204)
    for (const [method, route, body] of [
      ['POST', '/v1/search?catalogue=shop', clip('hiking-boots.wav')],
      ['POST', '/v1/transcriptions?catalogue=shop', clip('hiking-boots.wav')],
      ['GET', '/v1/catalogues/shop'],
      ['DELETE', '/v1/catalogues/shop'],
    ] as const) {
      t.match(
        await send(method, route, body),
        { status: 404, body: { error: { code: 'CATALOGUE_NOT_FOUND' } } },
        `${method} ${route}`,
      )
    }
  })
})
