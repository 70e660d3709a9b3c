/**
 * GET /v1/drift and the files of the page: what is answered, with which headers, and that a name in a URL is no path.
 */
import { readdirSync } from 'node:fs'
import { request } from 'node:http'
import path from 'node:path'
import t from 'tap'
import { FEATURE_NAMES, FEATURES, type DriftFeature } from '../../../../src/monitoring/drift/features.js'
import {
  age,
  duration,
  excess,
  probability,
  roundUp,
  share,
  signed,
} from '../../../../src/serving/http/pages/drift/numbers.js'
import { directionOf, MEANINGS } from '../../../../src/serving/http/pages/drift/words.js'
import { STAGE_GROUPS } from '../../../../src/serving/http/pages/drift/stages.js'
import { projectRoot } from '../../../../src/domain/project-root.js'
import { STAGES } from '../../../../src/domain/report.js'
import { CLIP, errorOf, post, setUp } from '../fake-service.js'
import { madeUpSnapshot } from '../made-up-drift.js'

const FILES = readdirSync(path.join(projectRoot, 'src/serving/http/pages/drift'))

t.test('the snapshot is answered as it is, with the traffic of the last hour', async (t) => {
  const snapshot = madeUpSnapshot()
  const { url } = await setUp(t, {}, {}, ['en'], { snapshot: () => snapshot, reason: null })
  await post(`${url}/v1/transcriptions`, CLIP)
  await post(`${url}/v1/transcriptions?model=another-model`, CLIP)
  const response = await fetch(`${url}/v1/drift`)
  t.equal(response.status, 200)
  t.equal(response.headers.get('cache-control'), 'no-store')
  const { traffic, ...rest } = await response.json() as any
  t.same(rest, { ...snapshot, labelling: false })
  t.equal(traffic.minutes.length, 60)
  t.match(traffic.hour, {
    requests: { ok: 1, error: 0, rejected: 1, cancelled: 0 },
    audioSeconds: 2,
    meanStageSeconds: { encoder: 0.01, decoder: 0.02 },
  })
  t.ok(traffic.hour.p95Seconds > 0)
})

t.test('without a baseline the answer says why, and has the traffic all the same', async (t) => {
  const { url } = await setUp(t, {}, {}, ['en'], { snapshot: () => null, reason: 'none is configured' })
  const response = await fetch(`${url}/v1/drift`)
  t.equal(response.status, 200)
  const { traffic, ...rest } = await response.json() as any
  t.same(rest, { baseline: null, reason: 'none is configured', labelling: false })
  t.equal(traffic.minutes.length, 60)
})

t.test('every file of the page is served with its type and a policy that lets nothing in from elsewhere', async (t) => {
  const { url } = await setUp(t)
  const types: Record<string, string> = {
    '.html': 'text/html',
    '.js': 'text/javascript',
    '.css': 'text/css',
    '.svg': 'image/svg+xml',
  }
  for (const name of FILES) {
    const response = await fetch(`${url}/drift/${name}`)
    t.equal(response.status, 200, name)
    t.ok(response.headers.get('content-type')?.startsWith(types[path.extname(name)] ?? 'none'), name)
    t.match(response.headers.get('content-security-policy'), /^default-src 'self';/)
    t.equal(response.headers.get('x-content-type-options'), 'nosniff')
    t.notMatch(
      await response.text(),
      /https?:\/\/(?!www\.w3\.org\/2000\/svg)|style="|<script>/,
      `${name} asks nobody else and has nothing inline`,
    )
  }
  t.match(await (await fetch(`${url}/drift`)).text(), /<!doctype html>/)
  t.equal((await fetch(`${url}/drift/`)).url, `${url}/drift`)
})

t.test('what has not changed is not sent again', async (t) => {
  const { url } = await setUp(t)
  const first = await fetch(`${url}/drift`)
  const etag = first.headers.get('etag')!
  const again = await fetch(`${url}/drift`, { headers: { 'if-none-match': etag } })
  t.match(
    { status: again.status, body: await again.text(), etag: again.headers.get('etag') },
    { status: 304, body: '', etag },
  )
  t.equal((await fetch(`${url}/drift/page.css`, { headers: { 'if-none-match': etag } })).status, 200, 'another file')
})

t.test('HEAD is GET without its body', async (t) => {
  const { url } = await setUp(t)
  for (const route of ['/drift', '/drift/page.js', '/v1/drift']) {
    const [head, get] = [await fetch(url + route, { method: 'HEAD' }), await fetch(url + route)]
    t.equal(head.status, 200, route)
    for (const name of ['content-type', 'content-length', 'etag', 'cache-control', 'content-security-policy'])
      t.equal(head.headers.get(name), get.headers.get(name), `${route} ${name}`)
    t.equal(await head.text(), '')
  }
})

t.test('what is no file of the page is not found, whatever way it is written', async (t) => {
  const { url } = await setUp(t)
  for (const name of [
    'nothing.js',
    'README.md',
    '__proto__',
    '..%2fdrift.ts',
    '%2e%2e%2f%2e%2e%2fpackage.json',
    '..%5c..%5cpackage.json',
  ]) {
    t.match(await errorOf(await fetch(`${url}/drift/${name}`)), { status: 404, code: 'ROUTE_NOT_FOUND' }, name)
  }
  t.equal(await statusOfRawPath(url, '/drift/../../package.json'), 404, 'fetch would have taken the dots out')
})

t.test('every feature has its meaning in words, and those with a direction have one for each', (t) => {
  t.same(Object.keys(MEANINGS).sort(), [...FEATURE_NAMES].sort())
  for (const [name, { binning }] of Object.entries<DriftFeature>(FEATURES)) {
    const { lower, higher } = MEANINGS[name]!
    t.equal(lower !== undefined && higher !== undefined, binning.kind !== 'categories', name)
  }
  t.same([-1, -0.2, -0.1, 0, 0.1, 0.2, null].map(directionOf), [
    'lower',
    'lower',
    'spread',
    'spread',
    'spread',
    'higher',
    'mix',
  ])
  t.end()
})

t.test('no number has more digits than it deserves', (t) => {
  t.same([0, 0.0004, 0.004, 0.0996, 0.3049, 1].map(share), ['0 %', '< 0.1 %', '0.4 %', '10 %', '30 %', '100 %'])
  t.same([-0.03, 0.004, 0.0349, 0.996, 1.449, 12.7].map(excess), ['0', '0', '0.03', '1.0', '1.4', '13'])
  t.same([1e-9, 0.0123, 0.0467, 0.3456, 1].map(probability), ['< 0.001', '= 0.01', '= 0.05', '= 0.3', '= 1'])
  t.same([-0.001, -0.4567, 0.2, 1].map(signed), ['0', '−0.46', '+0.20', '+1.00'])
  t.same([0, 0.00007, 0.00034, 0.00123, 0.0456, 0.2345, 0.996, 1.234, 45.6, 1234].map(duration), [
    '0',
    '< 0.1 ms',
    '0.3 ms',
    '1.2 ms',
    '46 ms',
    '230 ms',
    '1.0 s',
    '1.2 s',
    '46 s',
    '1,234 s',
  ])
  t.same([-5, 59, 60, 7199, 7200, 172_800, 19e6].map(age), [
    '0 minutes',
    '0 minutes',
    '1 minute',
    '119 minutes',
    '2 hours',
    '2 days',
    '219 days',
  ])
  for (const value of [0.0003, 0.9, 1, 7, 11, 98, 101, 4000.1]) {
    const end = roundUp(value)
    t.ok(
      end >= value * 0.999 && end <= value * 2.01 && Number(end.toPrecision(1)) === Number(end.toPrecision(6)),
      `an axis for ${value} ends at ${end}`,
    )
  }
  t.end()
})

t.test('every stage but the client\'s network is in one group of the chart', (t) => {
  t.same(STAGE_GROUPS.flatMap(({ stages }) => stages).sort(), STAGES.filter((stage) => stage !== 'receive').sort())
  t.end()
})

function statusOfRawPath(url: string, rawPath: string): Promise<number | undefined> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    request({ hostname, port, path: rawPath }, (response) => {
      response.resume()
      resolve(response.statusCode)
    }).on('error', reject).end()
  })
}
