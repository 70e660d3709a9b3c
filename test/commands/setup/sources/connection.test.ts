/** How a web server is reached: certificates, proxies, and the address of the hub. */
import { execFile } from 'node:child_process'
import path from 'node:path'
import t, { type Test } from 'tap'
import { AUTHORITY, makeModel, publish, startProxy, startWeightsServer, type Ended, type Model } from './weights-server.js'

const REPOSITORY = 'ggerganov/whisper.cpp'
const REVISION = '5359861c739e955e79d9a303bcbc70fb988958b1'
const HUB = { kind: 'hub', repository: REPOSITORY, revision: REVISION }
const HUB_FOLDER = `${REPOSITORY}/resolve/${REVISION}/`

/** As a program of its own, because Node reads NODE_EXTRA_CA_CERTS when it starts. */
async function runApart({ environment }: Model, settings: Readonly<Record<string, string>>): Promise<Ended> {
  const models = new URL('../../../../src/commands/setup/models.js', import.meta.url)
  const script = `import { runModels } from ${JSON.stringify(models.href)}; process.exitCode = await runModels(['fetch'])`
  const { npm_config_cafile: _, ...others } = environment
  const env = { PATH: process.env.PATH ?? '', npm_config_globalconfig: path.join(environment.HOME!, 'none'), ...others, ...settings }
  return new Promise((resolve) => {
    execFile(process.execPath, ['--input-type=module', '--eval', script], { env }, (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : Number(error.code), printed: stdout + stderr })
    })
  })
}

t.test('a server whose certificate nobody vouches for is not trusted', async (t) => {
  const server = await startWeightsServer(t)
  const model = makeModel(t, { source: { kind: 'url', url: server.address } })
  publish(server, '', model)
  t.match(await runApart(model, {}), { exitCode: 1, printed: /certificate/ })
  t.equal(server.asked.length, 0)
  t.same(model.files(), [])
})

t.test('a certificate of NODE_EXTRA_CA_CERTS is trusted, with and without one of npm', async (t) => {
  const server = await startWeightsServer(t)
  const extra = { NODE_EXTRA_CA_CERTS: AUTHORITY }
  const ofNpm = t.testdir({ 'other.pem': '' })
  for (const settings of [extra, { ...extra, npm_config_cafile: path.join(ofNpm, 'other.pem') }]) {
    const model = makeModel(t, { source: { kind: 'url', url: server.address } })
    publish(server, '', model)
    t.match(await runApart(model, settings), { exitCode: 0 })
    t.ok(model.isWhole())
  }
  const model = makeModel(t, { source: { kind: 'url', url: server.address } })
  publish(server, '', model)
  t.equal((await model.run('fetch')).exitCode, 0, 'of npm alone')
})

t.test('a source on the hub is a repository, a commit and a path', async (t) => {
  const server = await startWeightsServer(t)
  const proxy = await startProxy(t, server)
  const model = makeModel(t, { source: HUB })
  publish(server, HUB_FOLDER, model)
  t.equal((await model.runWith({ HTTPS_PROXY: proxy.address }, 'fetch')).exitCode, 0)
  t.same(proxy.tunnels, ['huggingface.co:443'])
  t.same(server.asked.map(({ host, path }) => [host, path]), [['huggingface.co', `/${HUB_FOLDER}weights.bin`]])
  t.ok(model.isWhole())
})

t.test('HF_ENDPOINT replaces the hub, over https alone', async (t) => {
  const server = await startWeightsServer(t)
  const model = makeModel(t, { source: { ...HUB, from: { weights: 'renamed.bin' } } })
  server.files.set(`/mirror/${HUB_FOLDER}renamed.bin`, model.contents.weights!)
  for (const endpoint of [`http://localhost:${server.port}`, 'not an address']) {
    t.match(await model.runWith({ HF_ENDPOINT: endpoint }, 'fetch'), { exitCode: 1, printed: /HF_ENDPOINT is not an https/ })
  }
  t.equal(server.asked.length, 0)
  t.equal((await model.runWith({ HF_ENDPOINT: `${server.address}mirror/` }, 'fetch')).exitCode, 0)
  t.same(server.log(), [`/mirror/${HUB_FOLDER}renamed.bin`])
})

async function throughProxy(t: Test, settings: (proxy: string, port: number) => Readonly<Record<string, string>>) {
  const server = await startWeightsServer(t)
  const proxy = await startProxy(t, server)
  const model = makeModel(t, { source: { kind: 'url', url: server.address } })
  publish(server, '', model)
  const ended = await model.runWith(settings(proxy.address, server.port), 'fetch')
  return { ...ended, ...proxy, port: server.port }
}

t.test('the proxy is that of the environment or of npm, and its password is not printed', async (t) => {
  const named = (proxy: string): string => proxy.replace('http://', 'http://name:secret@')
  const basic = `Basic ${Buffer.from('name:secret').toString('base64')}`
  for (const key of ['HTTPS_PROXY', 'https_proxy', 'npm_config_https_proxy']) {
    const found = await throughProxy(t, (proxy) => ({ [key]: named(proxy) }))
    t.equal(found.exitCode, 0, key)
    t.same([found.tunnels, found.credentials], [[`localhost:${found.port}`], [basic]])
    t.notMatch(found.printed, /secret/)
  }
  const broken = await throughProxy(t, () => ({ HTTPS_PROXY: 'http://name:secret@[' }))
  t.match(broken, { exitCode: 1, printed: /proxy of the environment is not an address/ })
  t.notMatch(broken.printed, /secret/)
})

t.test('hosts of NO_PROXY are reached without a proxy', async (t) => {
  for (const hosts of [() => 'localhost', (port: number) => `other.example,localhost:${port}`, () => '*']) {
    for (const key of ['NO_PROXY', 'no_proxy', 'npm_config_noproxy']) {
      const found = await throughProxy(t, (proxy, port) => ({ HTTPS_PROXY: proxy, [key]: hosts(port) }))
      t.same([found.exitCode, found.tunnels], [0, []], `${key}=${hosts(found.port)}`)
    }
  }
  const other = await throughProxy(t, (proxy) => ({ HTTPS_PROXY: proxy, NO_PROXY: 'example.org' }))
  t.same([other.exitCode, other.tunnels.length], [0, 1])
})
