/**
 * nginx and Caddy with the files of deploy/proxy, in front of a server that says what reached it. Only the addresses
 * and the certificate are replaced. Skips without the programs.
 */
import { spawn, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { freePort } from '../../../fixtures/kit/server.js'
import { projectRoot } from '../../../src/domain/project-root.js'

const read = (file: string): string => readFileSync(path.join(projectRoot, file), 'utf8')
const missing = (program: string, argument: string): string | false =>
  spawnSync(program, [argument], { stdio: 'ignore' }).error === undefined ? false : `${program} is not installed`
const TRIES = 100
const PUBLISHED = [
  '/v1/transcriptions', '/v1/transcriptions/', '/v1/audio/transcriptions', '/v1/search?catalogue=shop', '/v1/feedback',
  '/v1/models', '/v1/models/moonshine-tiny-en', '/v1/realtime', '/v1/listen',
]
const INSIDE = [
  '/', '/v1', '/v1/', '/v1/drift', '/v1/drift/', '/v1//drift', '/v1/models/..%2fdrift', '/v1/models/a/b', '/metrics',
  '/drift', '/docs', '/openapi.json', '/runbook', '/label', '/clips', '/healthz', '/readyz', '/v1/catalogues',
  '/v1/catalogues/shop', '/v1/labels', '/v1/labelling/next', '/v1/collected', '/v1/collected/1',
]

interface Reached { readonly client: string; readonly host: string; readonly path: string; readonly bytes: number }
interface Got { readonly status: number; readonly reached: Reached | undefined }

async function behind(t: Test): Promise<number> {
  const server = http.createServer((request, response) => {
    let bytes = 0
    request.on('data', (chunk: Buffer) => { bytes += chunk.length }).on('end', () => {
      const { host, 'x-earshot-client': client } = request.headers
      response.end(JSON.stringify({ client, host, path: request.url, bytes }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => { server.closeAllConnections(); server.close() })
  return (server.address() as AddressInfo).port
}

function ask(url: string, body?: Buffer): Promise<Got> {
  return new Promise((resolve, reject) => {
    const options = {
      method: body === undefined ? 'GET' : 'POST', rejectUnauthorized: false, agent: false,
      headers: { 'host': 'asr.example.com', 'x-earshot-client': 'somebody else' },
    } as const
    const request = (url.startsWith('https:') ? https : http).request(url, options, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => { text += chunk }).on('end', () => {
        const reached = text.startsWith('{') ? JSON.parse(text) as Reached : undefined
        resolve({ status: response.statusCode!, reached })
      })
    })
    request.once('error', reject).end(body)
  })
}

async function untilOpen(url: string): Promise<void> {
  for (let tries = 0; tries < TRIES; tries++) {
    const isOpen = await ask(`${url}/v1/models`).then(() => true, () => false)
    if (isOpen) return
    await sleep(100)
  }
  throw new Error(`${url} did not open`)
}

function start(t: Test, program: string, args: readonly string[], folder: string): void {
  const child = spawn(program, args, {
    stdio: 'ignore', env: { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
  })
  t.teardown(() => { child.kill('SIGTERM') })
}

async function holds(t: Test, url: string): Promise<void> {
  await untilOpen(url)
  const upload = await ask(`${url}/v1/transcriptions?words=true`, Buffer.alloc(3_000_000))
  t.match(upload, { status: 200, reached: {
    client: '127.0.0.1', host: 'asr.example.com', path: '/v1/transcriptions?words=true', bytes: 3_000_000,
  } }, 'an upload arrives whole, under its host name, and the client cannot choose its own name')
  for (const route of PUBLISHED) t.equal((await ask(url + route)).reached?.path, route, `${route} is published`)
  for (const inside of INSIDE) {
    t.same(await ask(url + inside), { status: 404, reached: undefined }, `${inside} does not reach the service`)
  }
}

t.test('nginx', { skip: missing('nginx', '-v') }, async (t) => {
  const [port, upstream, folder] = [await freePort(), await behind(t), t.testdir({})]
  const server = read('deploy/proxy/nginx.conf').replace('127.0.0.1:8080', `127.0.0.1:${upstream}`)
    .replace('listen 443 ssl', `listen 127.0.0.1:${port} ssl`)
    .replace('/etc/ssl/asr.example.com.pem', path.join(projectRoot, 'fixtures/tls/server.pem'))
    .replace('/etc/ssl/asr.example.com.key', path.join(projectRoot, 'fixtures/tls/server-key.pem'))
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const places = kinds.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')
  const file = path.join(folder, 'nginx.conf')
  writeFileSync(file, `daemon off; pid ${folder}/pid; error_log ${folder}/error;
    events {} http { access_log off; ${places} ${server} }`)
  start(t, 'nginx', ['-c', file, '-e', `${folder}/error`], folder)
  await holds(t, `https://127.0.0.1:${port}`)
})

t.test('Caddy', { skip: missing('caddy', 'version') }, async (t) => {
  const [port, upstream] = [await freePort(), await behind(t)]
  const site = read('deploy/proxy/Caddyfile').replace('127.0.0.1:8080', `127.0.0.1:${upstream}`)
    .replace('asr.example.com {', `http://asr.example.com:${port} {`)
  const folder = t.testdir({ Caddyfile: `{\n  admin off\n}\n${site}` })
  start(t, 'caddy', ['run', '--config', path.join(folder, 'Caddyfile'), '--adapter', 'caddyfile'], folder)
  await holds(t, `http://127.0.0.1:${port}`)
})

t.test('the document shows the files as they are', async (t) => {
  const page = read('docs/reverse-proxy.md')
  for (const file of ['nginx.conf', 'Caddyfile', 'nginx-prefix.conf', 'Caddyfile.prefix']) {
    const shown = read(`deploy/proxy/${file}`).replace(/^#.*\n/, '')
    t.ok(page.includes(shown), file)
  }
})
