/**
 * Fetching models, against a registry of our own: one package with two files of weights, served on 127.0.0.1 and
 * found the way users find theirs, through an .npmrc.
 */
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import t, { type Test } from 'tap'
import { create } from 'tar'
import { runModels } from '../../../src/commands/setup/models.js'
import { capture, type Ended } from './sources/weights-server.js'

const PACKAGE = '@scope/weights'
const VERSION = '1.2.3'

/** How the registry misbehaves. */
type Fault = 'good' | 'truncated' | 'cut off' | 'absent'

interface Bench {
  readonly modelsDir: string
  /** Paths that were asked for, with the authorization that came along. */
  readonly requests: { readonly path: string, readonly authorization: string | undefined }[]
  readonly contents: Readonly<Record<'encoder' | 'decoder', Buffer>>
  fault: Fault
  run(...args: string[]): Promise<Ended>
  /** With settings besides. */
  runWith(settings: Readonly<Record<string, string>>, ...args: string[]): Promise<Ended>
  /** The same several times at once; answers with the sum of the exit codes. */
  runAtOnce(times: number, ...args: string[]): Promise<Ended>
  file(key: 'encoder' | 'decoder'): string
  /** Files in the folder of the weights. */
  files(): string[]
  changeManifest(change: (manifest: Record<string, any>) => void): void
}

function digest(algorithm: string, encoding: 'hex' | 'base64', bytes: Buffer): string {
  return createHash(algorithm).update(bytes).digest(encoding)
}

async function makeBench(t: Test): Promise<Bench> {
  const packageFiles = { dist: {}, 'package.json': JSON.stringify({ name: PACKAGE, version: VERSION }) }
  const home = t.testdir({ models: { tiny: {} }, tarball: { package: packageFiles } })
  const contents = { encoder: randomBytes(300_000), decoder: randomBytes(500_000) }
  for (const [key, bytes] of Object.entries(contents)) {
    writeFileSync(path.join(home, 'tarball/package/dist', `${key}.onnx`), bytes)
  }
  writeFileSync(path.join(home, 'tarball/package/dist/unwanted.bin'), randomBytes(100_000))
  await create({ gzip: true, cwd: path.join(home, 'tarball'), file: path.join(home, 'weights.tgz') }, ['package'])
  const tarball = readFileSync(path.join(home, 'weights.tgz'))
  const integrity = `sha512-${digest('sha512', 'base64', tarball)}`
  const modelsDir = path.join(home, 'models')
  writeFileSync(path.join(modelsDir, 'tiny/model.json'), JSON.stringify(manifestOf(contents, integrity)))
  const environment = {
    HOME: home, npm_config_cache: path.join(home, 'cache'), npm_config_userconfig: path.join(home, 'user.npmrc'),
    npm_config_fetch_retries: '0',
    EARSHOT_MODELS_DIR: modelsDir, EARSHOT_MODELS: 'tiny', EARSHOT_SPEECH_DETECTION: 'spectral',
    EARSHOT_ENGINE: 'reference', // the weights are random bytes
  }

  const bench: Bench = {
    modelsDir, contents, requests: [], fault: 'good',
    run: (...args) => capture(() => runModels(args, environment)),
    runWith: (settings, ...args) => capture(() => runModels(args, { ...environment, ...settings })),
    runAtOnce: (times, ...args) => capture(async () => {
      const exitCodes = await Promise.all(Array.from({ length: times }, () => runModels(args, environment)))
      return exitCodes.reduce((sum, exitCode) => sum + exitCode)
    }),
    file: (key) => path.join(modelsDir, 'tiny/weights', `${key}.onnx`),
    files() {
      const folder = path.join(modelsDir, 'tiny/weights')
      return existsSync(folder) ? readdirSync(folder).sort() : []
    },
    changeManifest(change) {
      const file = path.join(modelsDir, 'tiny/model.json')
      const manifest = JSON.parse(readFileSync(file, 'utf8')) as Record<string, any>
      change(manifest)
      writeFileSync(file, JSON.stringify(manifest))
    },
  }
  const address = await startRegistry(t, bench, tarball, integrity)
  writeFileSync(path.join(home, 'user.npmrc'), `registry=http://${address}/\n//${address}/:_authToken=secret\n`)
  return bench
}

function manifestOf(contents: Bench['contents'], integrity: string): object {
  const files = Object.fromEntries(Object.entries(contents).map(([key, bytes]) =>
    [key, {
      path: `weights/${key}.onnx`, from: `package/dist/${key}.onnx`,
      bytes: bytes.length, sha256: digest('sha256', 'hex', bytes),
    }]))
  return {
    name: 'tiny', version: '1.0.0', description: '', family: 'moonshine', languages: ['en'], licence: 'MIT',
    precision: 'int8', parameters: 1,
    source: { package: PACKAGE, version: VERSION, integrity }, files,
    frontEnd: { kind: 'waveform', sampleRate: 16_000, minSamples: 1 }, tokenizer: { kind: 'llama' },
    decoding: { startToken: 1, endToken: 2, tokensPerSecond: 6.5, maxTokens: 10 }, limits: { clipSeconds: 30 },
  }
}

async function startRegistry(t: Test, bench: Bench, tarball: Buffer, integrity: string): Promise<string> {
  const server = createServer((request, response) => {
    bench.requests.push({ path: request.url!, authorization: request.headers.authorization })
    if (bench.fault === 'absent') return void response.writeHead(404).end('{}')
    if (request.url!.endsWith('.tgz')) return serveTarball(bench, tarball, request, response)
    const dist = { tarball: `http://${request.headers.host}/weights.tgz`, integrity }
    response.setHeader('content-type', 'application/json')
    const versions = { [VERSION]: { name: PACKAGE, version: VERSION, dist } }
    response.end(JSON.stringify({ name: PACKAGE, 'dist-tags': { latest: VERSION }, versions }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => { server.closeAllConnections(); server.close() })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

function serveTarball(bench: Bench, tarball: Buffer, _request: IncomingMessage, response: ServerResponse): void {
  const half = tarball.subarray(0, tarball.length / 2)
  if (bench.fault === 'truncated') return void response.end(half)
  response.setHeader('content-length', tarball.length)
  if (bench.fault === 'good') return void response.end(tarball)
  response.write(half, () => setTimeout(() => response.destroy(), 50))
}

t.test('a model is fetched whole, as the user of npm, and once', async (t) => {
  const bench = await makeBench(t)
  t.match(await bench.run('list'), { exitCode: 0, printed: /tiny +moonshine +en +MIT +0\.8 MB +missing/ })
  t.match(await bench.run('fetch'), { exitCode: 0, printed: /fetching tiny \(0\.8 MB\)[^]*100 %[^]*tiny is ready/ })
  t.same(bench.files(), ['decoder.onnx', 'encoder.onnx'], 'what is wanted and nothing else')
  t.same(readFileSync(bench.file('encoder')), bench.contents.encoder)
  t.same(bench.requests.map(({ path }) => path), ['/@scope%2fweights', '/weights.tgz'])
  t.ok(bench.requests.every(({ authorization }) => authorization === 'Bearer secret'))
  bench.requests.length = 0
  t.match(await bench.run('fetch', 'tiny'), { exitCode: 0, printed: /checksums are right/ })
  t.match(await bench.run('ensure'), { exitCode: 0, printed: '' })
  t.match(await bench.run('verify'), { exitCode: 0, printed: /all 2 files are right/ })
  t.match(await bench.run('list'), { printed: /ready/ })
  t.same(bench.requests, [], 'no network when everything is there')
})

t.test('the larger model of a cascade is fetched like the served ones, and once where it is one of them', async (t) => {
  const bench = await makeBench(t)
  const larger = path.join(bench.modelsDir, 'larger')
  mkdirSync(larger)
  const manifest = readFileSync(path.join(bench.modelsDir, 'tiny/model.json'), 'utf8')
  writeFileSync(path.join(larger, 'model.json'), manifest.replace('"tiny"', '"larger"'))
  const chosen = [{ EARSHOT_MODELS: 'tiny' }, { EARSHOT_MODELS: 'tiny,larger' }]
  for (const settings of chosen.map((models) => ({ ...models, EARSHOT_CASCADE_MODEL: 'larger' }))) {
    const { exitCode, printed } = await bench.runWith(settings, 'fetch')
    t.equal(exitCode, 0)
    t.equal([...printed.matchAll(/earshot: larger is/g)].length, 1, printed)
  }
  t.same(readdirSync(path.join(larger, 'weights')).sort(), ['decoder.onnx', 'encoder.onnx'])
})

t.test('weights that were altered are found and replaced', async (t) => {
  const bench = await makeBench(t)
  await bench.run('fetch')
  const altered = Buffer.from(bench.contents.decoder)
  altered.writeUInt8(altered.readUInt8(1000) ^ 1, 1000)
  writeFileSync(bench.file('decoder'), altered)
  const { exitCode, printed } = await bench.run('verify', 'tiny')
  t.equal(exitCode, 1)
  const [wanted, found] = [bench.contents.decoder, altered].map((bytes) => digest('sha256', 'hex', bytes))
  t.match(printed, `decoder.onnx is altered: expected sha256 ${wanted}, found ${found}`)
  const fetched = await bench.run('fetch', 'tiny')
  t.match(fetched, { exitCode: 0, printed: /fetching tiny \(0\.5 MB\)/ }, 'only the file at fault')
  t.same(readFileSync(bench.file('decoder')), bench.contents.decoder)
  writeFileSync(bench.file('decoder'), altered.subarray(5))
  t.match(await bench.run('list'), { printed: /altered/ }, 'a wrong size shows without reading')
  t.equal((await bench.run('ensure')).exitCode, 0)
  t.same(readFileSync(bench.file('decoder')), bench.contents.decoder)
})

t.test('a package that is not what the manifest says leaves no file', async (t) => {
  const bench = await makeBench(t)
  const wrong = '0'.repeat(64)
  bench.changeManifest((manifest) => { manifest.files.decoder.sha256 = wrong })
  const { exitCode, printed } = await bench.run('fetch')
  t.equal(exitCode, 1)
  t.match(printed, `decoder.onnx: expected sha256 ${wrong}, found ${digest('sha256', 'hex', bench.contents.decoder)}`)
  t.same(bench.files(), [], 'not even the file that was right')
  bench.changeManifest((manifest) => { manifest.files.decoder.from = 'package/elsewhere.onnx' })
  t.match(await bench.run('fetch'), { exitCode: 1, printed: /the package has no package\/elsewhere\.onnx/ })
  const other = `sha512-${digest('sha512', 'base64', Buffer.from('other'))}`
  bench.changeManifest((manifest) => { manifest.source.integrity = other })
  t.match(await bench.run('fetch'), { exitCode: 1, printed: /the package is not the one of the manifest/ })
  t.same(bench.files(), [])
})

t.test('a download that breaks off leaves no file, and the next one mends it', async (t) => {
  const bench = await makeBench(t)
  for (const fault of ['truncated', 'cut off'] as const) {
    bench.fault = fault
    t.match(await bench.run('fetch'), { exitCode: 1, printed: /weights@1\.2\.3/ }, fault)
    t.same(bench.files(), [], fault)
  }
  mkdirSync(path.dirname(bench.file('encoder')), { recursive: true })
  const killed = `encoder.onnx.${2 ** 30}-0123abcd.partial`
  const running = `encoder.onnx.${process.ppid}-0123abcd.partial`
  for (const name of [killed, running]) writeFileSync(path.join(path.dirname(bench.file('encoder')), name), 'half')
  bench.fault = 'good'
  t.equal((await bench.run('fetch')).exitCode, 0)
  t.same(bench.files(), ['decoder.onnx', 'encoder.onnx', running], 'what a killed process left is gone')
})

t.test('fetches at the same time all end with the right files', async (t) => {
  const bench = await makeBench(t)
  t.equal((await bench.runAtOnce(3, 'fetch')).exitCode, 0)
  t.same(bench.files(), ['decoder.onnx', 'encoder.onnx'])
  t.equal((await bench.run('verify', 'tiny')).exitCode, 0)
})

t.test('weights go where their manifest is, and other directories get ours first', async (t) => {
  const bench = await makeBench(t)
  bench.fault = 'absent'
  const refused = await bench.run('fetch', 'moonshine-tiny-en')
  t.match(refused, { exitCode: 1, printed: /your registry does not have this package/ })
  t.same(readdirSync(path.join(bench.modelsDir, 'moonshine-tiny-en')).includes('model.json'), true)
  t.notOk(existsSync(path.join(bench.modelsDir, 'moonshine-tiny-en/weights')))
})

t.test('weights without a source are placed by hand', async (t) => {
  const bench = await makeBench(t)
  bench.changeManifest((manifest) => {
    delete manifest.source
    delete manifest.files.encoder.from
    delete manifest.files.decoder.from
  })
  t.match(await bench.run('fetch'), { exitCode: 1, printed: /names no source .* place them by hand: .*encoder\.onnx/ })
  mkdirSync(path.dirname(bench.file('encoder')))
  writeFileSync(bench.file('encoder'), bench.contents.encoder)
  t.match(await bench.run('list'), { printed: /partial/ })
  writeFileSync(bench.file('decoder'), bench.contents.decoder)
  t.equal((await bench.run('fetch')).exitCode, 0)
})

t.test('removing takes the weights and leaves the manifest', async (t) => {
  const bench = await makeBench(t)
  await bench.run('fetch')
  t.equal((await bench.run('remove', 'tiny')).exitCode, 0)
  t.same(readdirSync(path.join(bench.modelsDir, 'tiny')), ['model.json'])
})

t.test('mistakes are explained in a sentence', async (t) => {
  const bench = await makeBench(t)
  t.match(await bench.run('fetch', 'nosuch'), { exitCode: 1, printed: /nosuch.*; .* has tiny$/m })
  t.match(await bench.run('remove'), { exitCode: 1, printed: /names of the models to remove/ })
  t.match(await bench.run('fly'), { exitCode: 1, printed: /npm run models -- list \| fetch/ })
})
