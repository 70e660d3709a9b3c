/**
 * The service below a path, behind nginx and Caddy with the files of deploy/proxy: pages with all that they load,
 * redirects, and a transcription. Only addresses are replaced, and TLS is left out. Skips without the programs.
 */
import { spawn, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { freePort } from '../../../fixtures/kit/server.js'
import { projectRoot } from '../../../src/domain/project-root.js'
import { CLIP, REPORT, setUp } from '../../serving/http/fake-service.js'

const read = (file: string): string => readFileSync(path.join(projectRoot, 'deploy/proxy', file), 'utf8')
const missing = (program: string, argument: string): string | false =>
  spawnSync(program, [argument], { stdio: 'ignore' }).error === undefined ? false : `${program} is not installed`
const TRIES = 100
const PAGES = ['docs', 'drift', 'runbook']
/** What a page loads; links to other pages are followed as well. */
const REFERENCE = /\b(?:src|href)=["']([^"'#]+)["']|\bfrom '(\.[^']+)'/g

function start(t: Test, program: string, args: readonly string[], folder: string): void {
  const env = { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder }
  const child = spawn(program, args, { stdio: 'ignore', env })
  t.teardown(() => { child.kill('SIGTERM') })
}

async function untilOpen(url: string): Promise<void> {
  for (let tries = 0; tries < TRIES; tries++) {
    const isOpen = await fetch(`${url}readyz`).then(() => true, () => false)
    if (isOpen) return
    await sleep(100)
  }
  throw new Error(`${url} did not open`)
}

async function holds(t: Test, site: string): Promise<void> {
  const base = `${site}/speech/`
  await untilOpen(base)
  const answer = await fetch(`${base}v1/transcriptions`, { method: 'POST', body: CLIP })
  t.match(await answer.json(), { text: REPORT.text })
  for (const page of PAGES) {
    const response = await fetch(base + page)
    t.equal(response.status, 200, page)
    t.ok(response.url.startsWith(base + page), `${page} stays below the path: ${response.url}`)
    const found = [...(await response.text()).matchAll(REFERENCE)].map(([, link, module]) => link ?? module!)
    const own = found.map((link) => new URL(link, response.url)).filter(({ origin }) => origin === site)
    for (const url of own) {
      t.ok(url.href.startsWith(base), `${page} refers to ${url.pathname}`)
      t.equal((await fetch(url)).status, 200, url.pathname)
    }
  }
  const outside = await fetch(`${site}/v1/transcriptions`, { method: 'POST', body: CLIP })
  t.equal(outside.status, 404, 'and nowhere else')
}

t.test('nginx', { skip: missing('nginx', '-v') }, async (t) => {
  const [port, { url }, folder] = [await freePort(), await setUp(t), t.testdir({})]
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const places = kinds.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')
  const file = path.join(folder, 'nginx.conf')
  writeFileSync(file, `daemon off; pid ${folder}/pid; error_log ${folder}/error;
    events {} http { access_log off; ${places} upstream earshot { server ${new URL(url).host}; }
    server { listen 127.0.0.1:${port}; root ${folder};
    ${read('nginx-prefix.conf')} } }`)
  start(t, 'nginx', ['-c', file, '-e', `${folder}/error`], folder)
  await holds(t, `http://127.0.0.1:${port}`)
})

t.test('Caddy', { skip: missing('caddy', 'version') }, async (t) => {
  const [port, { url }] = [await freePort(), await setUp(t)]
  const site = read('Caddyfile.prefix').replace('127.0.0.1:8080', new URL(url).host)
    .replace('www.example.com {', `http://127.0.0.1:${port} {`)
  const folder = t.testdir({ Caddyfile: `{\n  admin off\n}\n${site}` })
  start(t, 'caddy', ['run', '--config', path.join(folder, 'Caddyfile'), '--adapter', 'caddyfile'], folder)
  await holds(t, `http://127.0.0.1:${port}`)
})
