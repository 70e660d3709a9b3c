/**
 * What pages of other sites can do, in a real Chromium against the real service: those that are allowed get their
 * words, the others reach nothing. Skips, with a message, where the browser, the weights or the build are not there.
 */
import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { chromium, type Browser, type Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { findChromium, withMicrophone } from '../../../fixtures/kit/media-recorder.js'
import { readPcm } from '../../../fixtures/kit/pcm.js'
import { startServer, type Server } from '../../../fixtures/kit/server.js'
import { projectRoot } from '../../../src/domain/project-root.js'

const ENTRY = path.join(projectRoot, 'dist/src/main.js')
const CLIP = path.join(projectRoot, 'fixtures/clips/warm-up.wav')
const OPENAI = path.join(projectRoot, 'node_modules/openai')
/** What the clip says, as fixtures/clips/manifest.jsonl has it. */
const SPOKEN = /what time does the museum open on sunday/i
/** Browsers are slow on a machine that has much else to do. */
const PATIENCE_MS = 120_000
const FOLDER = mkdtempSync(path.join(os.tmpdir(), 'earshot-origins-'))
const CSV = 'id,name\n1,jazz\n'
const missing = [ENTRY, CLIP, path.join(projectRoot, 'models/moonshine-tiny-en/weights/encoder_model.onnx')].find(
  (file) => !existsSync(file),
)
const skip =
  missing !== undefined ? `${missing} is not there` : findChromium() === undefined ? 'no Chromium is there' : false

/** The page of docs/api.md, as it stands there. */
const EXAMPLE = /```html\n([^]*?)```/.exec(readFileSync(path.join(projectRoot, 'docs/api.md'), 'utf8'))![1]!
const MEDIA_TYPES: Readonly<Record<string, string>> = { '.mjs': 'text/javascript', '.wav': 'audio/wav' }

t.setTimeout(480_000)

let service: Server
let browser: Browser
/** A site that has nothing to do with the service, under any name; its port is allowed as http://localhost. */
let site: { readonly port: number; show(html: string): void }
let port: number

t.before(async () => {
  if (skip !== false) return
  site = await startSite(t)
  const settings = { EARSHOT_ALLOWED_HOSTS: 'asr.example', EARSHOT_ALLOWED_ORIGINS: `http://localhost:${site.port}`, EARSHOT_MAX_UPLOAD_BYTES: '500000' }
  service = await startServer({ model: 'moonshine-tiny-en', workers: 1, entry: ENTRY, settings })
  port = Number(new URL(service.url).port)
  browser = await chromium.launch({
    executablePath: findChromium()!,
    args: ['--no-sandbox', '--host-resolver-rules=MAP *.example 127.0.0.1'],
  })
})
t.teardown(async () => {
  await browser?.close()
  await service?.stop()
})

/** Serves a page at /, the clip, and OpenAI's client as it is installed. */
async function startSite(t: Test): Promise<typeof site> {
  let page = '<!doctype html><title>site</title>'
  const server = http.createServer((request, response) => {
    const file =
      request.url === '/clip.wav'
        ? CLIP
        : request.url!.startsWith('/openai/')
          ? path.join(OPENAI, path.normalize(request.url!.slice('/openai'.length)))
          : undefined
    response.writeHead(200, {
      'content-type': MEDIA_TYPES[path.extname(request.url!)] ?? 'text/html',
      connection: 'close',
    })
    response.end(file === undefined ? page : readFileSync(file))
  })
  t.teardown(() => { server.close() })
  return { port: await listen(server), show: (html) => { page = html } }
}

function listen(server: net.Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve((server.address() as AddressInfo).port)
    })
  })
}

async function open(t: Test, url: string): Promise<Page> {
  const page = await browser.newPage()
  page.setDefaultTimeout(PATIENCE_MS)
  t.teardown(() => page.close())
  await page.goto(url)
  return page
}

/** Sum of the samples of a metric with these labels. */
async function count(name: string, labels: string): Promise<number> {
  const text = await (await fetch(`${service.url}/metrics`)).text()
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) && line.includes(labels))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
}

const recognized = (): Promise<number> => count('asr_requests_total', 'outcome="ok"')
const refused = (code: string): Promise<number> => count('asr_rejections_total', `reason="${code}"`)

/** Runs in a page: `send(url, init)` posts the clip and says what became of it. */
const SEND = `window.send = async (url, init = {}) => {
  window.clip ??= await (await fetch('/clip.wav')).blob()
  try {
    const response = await fetch(url, { method: 'POST', body: clip, ...init })
    return response.type === 'opaque' ? 'opaque' : { status: response.status, id: response.headers.get('x-request-id'), body: await response.json() }
  } catch (error) { return error.message }
}`

t.test('the page of the documentation, on an allowed origin, records and gets its words', { skip }, async (t) => {
  site.show(EXAMPLE.replace('http://127.0.0.1:8080', service.url))
  t.match(EXAMPLE, 'http://127.0.0.1:8080')
  await withMicrophone(readPcm(readFileSync(CLIP)), async (recording, milliseconds) => {
    const page = await recording.newPage()
    await page.goto(`http://localhost:${site.port}/`)
    await page.getByText('Record').click()
    await page.getByText('Stop').waitFor()
    await new Promise((resolve) => setTimeout(resolve, milliseconds))
    await page.getByText('Stop').click()
    await page.locator('p', { hasText: /./ }).waitFor()
    t.match(await page.locator('p').innerText(), SPOKEN)
  })
  t.equal(await recognized(), 1)
  t.ok(
    (await count(
      'http_server_request_duration_seconds_count',
      'http_request_method="OPTIONS",http_route="unmatched",http_response_status_code="204"',
    )) >= 1,
    'with a preflight, for its header',
  )
})

t.test(
  "OpenAI's client works in an allowed page, and an allowed page can read why it was refused",
  { skip },
  async (t) => {
    site.show('<!doctype html><title>site</title>')
    const page = await open(t, `http://localhost:${site.port}/`)
    await page.evaluate(SEND)
    const answer = await page.evaluate<string[]>(`(async () => {
    const { default: OpenAI } = await import("/openai/index.mjs")
    const client = new OpenAI({ baseURL: '${service.url}/v1', apiKey: 'none', organization: 'o', project: 'p', dangerouslyAllowBrowser: true, maxRetries: 0 })
    const file = new File([await (await fetch('/clip.wav')).blob()], 'clip.wav')
    const { data, response } = await client.audio.transcriptions.create({ file, model: 'whisper-1', temperature: 0.5 }).withResponse()
    return [data.text, response.headers.get('earshot-feedback-token'), response.headers.get('earshot-ignored-parameters')]
  })()`)
    t.match(answer, [SPOKEN, /^AV/, 'temperature'])
    t.match(
      await page.evaluate(
        `send('${service.url}/v1/transcriptions', { body: '<html>', headers: { 'x-request-id': 'mine' } })`,
      ),
      { status: 415, id: 'mine', body: { error: { code: 'AUDIO_UNSUPPORTED' } } },
    )
    t.match(await page.evaluate(`send('${service.url}/v1/transcriptions', { body: new Uint8Array(600000) })`), {
      status: 413,
      body: { error: { code: 'UPLOAD_TOO_LARGE' } },
    })
    const token = JSON.stringify({ token: answer[1], event: 'clicked' })
    t.match(
      await page.evaluate(
        `send('${service.url}/v1/feedback', { body: ${JSON.stringify(token)}, keepalive: true, headers: { 'content-type': 'application/json' } })`,
      ),
      { status: 202 },
    )
    for (const wanted of ['/metrics', '/v1/drift', '/v1/catalogues'])
      t.equal(
        await page.evaluate(`fetch('${service.url}${wanted}').catch((error) => error.message)`),
        'Failed to fetch',
        wanted,
      )
    t.equal(
      await page.evaluate(`send('${service.url}/v1/catalogues/x', { method: 'PUT', body: ${JSON.stringify(CSV)} })`),
      'Failed to fetch',
    )
  },
)

/** Everything that a page can send without being asked first, and some more. */
async function attack(page: Page, target: string): Promise<void> {
  await page.evaluate(SEND)
  for (const init of [
    '{ mode: "no-cors" }',
    '{ mode: "no-cors", referrerPolicy: "no-referrer" }',
    '{}',
    '{ headers: { "earshot-session": "s" } }',
    '{ mode: "no-cors", credentials: "include" }',
  ]) {
    for (const route of ['/v1/transcriptions', '/v1/audio/transcriptions', '/v1/search'])
      await page.evaluate(`send('${target}${route}', ${init})`)
  }
  await page.evaluate(`navigator.sendBeacon('${target}/v1/transcriptions', 'x')`)
  for (const method of ['PUT', 'DELETE'])
    await page.evaluate(
      `send('${target}/v1/catalogues/x', { method: '${method}', body: ${method === 'PUT' ? JSON.stringify(CSV) : 'undefined'} })`,
    )
  await page.evaluate(`(async () => {
    const frame = document.createElement('iframe')
    frame.sandbox = 'allow-scripts'
    const done = new Promise((resolve) => { window.onmessage = resolve })
    frame.srcdoc = '<script>fetch("${target}/v1/transcriptions", { method: "POST", mode: "no-cors", body: "x" }).finally(() => parent.postMessage(1, "*"))</' + 'script>'
    document.body.append(frame)
    await done
  })()`)
}

/** A form that goes to a tab of its own; the text of the answer. */
async function submit(page: Page, enctype: string, action: string): Promise<string> {
  await page.setContent(
    `<form method="post" enctype="${enctype}" action="${action}"><input type="file" name="file"><input name="model" value="whisper-1"></form>`,
  )
  await page.setInputFiles('input[type=file]', CLIP)
  await Promise.all([page.waitForURL(action), page.evaluate('document.forms[0].submit()')])
  return page.locator('body').innerText()
}

t.test('a page of another origin gets nothing transcribed and nothing to read', { skip }, async (t) => {
  site.show('<!doctype html><title>site</title>')
  // Loopback, where browsers say whose page it is; and a name on a network without TLS, where only Origin tells.
  const [evil, neighbour, named] = [`http://evil.example:${site.port}/`, `http://127.0.0.1:${site.port}/`, `http://asr.example:${port}`]
  for (const [origin, target] of [[evil, service.url], [neighbour, service.url], [evil, named]] as const) {
    const before = { recognized: await recognized(), refused: await refused('origin_refused') }
    const page = await open(t, origin)
    await attack(page, target)
    t.match(await submit(page, 'multipart/form-data', `${target}/v1/audio/transcriptions`), /ORIGIN_REFUSED/)
    await page.goto(origin)
    t.match(await submit(page, 'text/plain', `${target}/v1/transcriptions`), /ORIGIN_REFUSED/)
    t.equal(await recognized(), before.recognized, `${origin} to ${target}`)
    t.equal(
      (await refused('origin_refused')) - before.refused,
      13,
      'what is sent without a preflight: nine fetches, a beacon, a frame and two forms',
    )
    t.same(await (await fetch(`${service.url}/v1/catalogues`)).json(), { data: [] })
    await page.goto(origin)
    const seen =
      await page.evaluate(`Promise.all(['img', 'script', 'link', 'object', 'iframe'].map((tag) => new Promise((resolve) => {
      const part = document.createElement(tag)
      Object.assign(part, { onload: () => resolve(tag + ' loads'), onerror: () => resolve(tag + ' fails') })
      if (tag === 'link') part.rel = 'stylesheet'
      part[tag === 'link' ? 'href' : tag === 'object' ? 'data' : 'src'] = '${target}/metrics'
      document.body.append(part)
    })))`)
    t.same(seen, ['img fails', 'script fails', 'link fails', 'object fails', 'iframe loads'])
    const frame = page.frames().find((one) => one !== page.mainFrame())!
    t.notMatch(await frame.locator('body').innerText(), /asr_/, 'the frame is empty or has the refusal')
  }
  const page = await open(t, `${named}/drift`)
  const own = await page.evaluate(
    `fetch('/v1/transcriptions', { method: 'POST', body: new Blob(['x']) }).then((answer) => answer.status)`,
  )
  t.equal(own, 415, 'the service\'s own page gets as far as its bytes allow')
})

t.test('a name that is made to lead here by DNS rebinding is refused', { skip }, async (t) => {
  site.show('<!doctype html><title>trap</title>')
  // To the browser name and port stay; where they lead changes after the page is loaded, as with rebinding.
  let target = site.port
  const door = net.createServer((socket) => {
    const onward = net.connect(target, '127.0.0.1')
    socket.pipe(onward).pipe(socket)
    socket.on('error', () => onward.destroy())
    onward.on('error', () => socket.destroy())
  })
  const doorPort = await listen(door)
  t.teardown(() => { door.close() })
  const page = await open(t, `http://attacker.example:${doorPort}/`)
  await page.evaluate(SEND)
  t.ok(
    await page.evaluate<number>(
      `fetch('/clip.wav').then((answer) => answer.blob()).then((blob) => { window.clip = blob; return blob.size })`,
    ) > 10_000,
  )
  target = port
  await fetch(`${service.url}/v1/catalogues/x`, { method: 'PUT', body: CSV, headers: { 'content-type': 'text/csv' } })
  const before = await recognized()
  const ask = (method: string, path: string, body = 'undefined'): Promise<unknown> =>
    page.evaluate(
      `fetch('${path}', { method: '${method}', body: ${body} }).then(async (answer) => ({ status: answer.status, text: await answer.text() }))`,
    )
  for (const path of ['/metrics', '/v1/drift', '/v1/catalogues', '/docs', '/nowhere'])
    t.match(await ask('GET', path), { status: 421, text: /HOST_REFUSED/ }, path)
  t.match(await ask('PUT', '/v1/catalogues/y', JSON.stringify(CSV)), { status: 421 })
  t.match(await ask('DELETE', '/v1/catalogues/x'), { status: 421 })
  for (const path of ['/v1/transcriptions', '/v1/search?phrases=jazz'])
    t.match(await ask('POST', path, 'clip'), { status: 421 }, path)
  t.match(
    await (await fetch(`${service.url}/v1/catalogues`)).json(),
    { data: [{ name: 'x' }] },
    'neither made nor removed',
  )
  t.equal(await recognized(), before)
  await fetch(`${service.url}/v1/catalogues/x`, { method: 'DELETE' })
})

t.test('the page of the routes works under a policy of its own and asks no other host', { skip }, async (t) => {
  const base = `http://asr.example:${port}`
  const { page, said, hosts } = await watched(t)
  await page.goto(`${base}/docs`)
  for (const [id, expected] of [
    ['listModels', /moonshine-tiny-en/],
    ['putCatalogue', /"entries": 1/],
    ['transcribe', SPOKEN],
  ] as const) {
    const operation = page.locator(`[id$=-${id}]`)
    await operation.locator('button').first().click()
    await operation.getByText('Try it out').click()
    if (id.startsWith('put')) await operation.locator('input[type=text]').first().fill('x')
    if (id.startsWith('put')) await operation.locator('input[type=file]').setInputFiles({ name: 'x.csv', mimeType: 'text/csv', buffer: Buffer.from(CSV) })
    if (id === 'transcribe') await operation.locator('input[type=file]').first().setInputFiles(CLIP)
    await operation.getByRole('button', { name: 'Execute' }).click()
    t.match(await operation.locator('.live-responses-table').innerText(), expected, id)
  }
  await page.screenshot({ path: path.join(FOLDER, 'docs.png') })
  t.comment(path.join(FOLDER, 'docs.png'))
  t.same([...hosts], [new URL(base).host])
  t.same(said, [], 'the console is empty')
})

t.test('a link on another site leads to the pages of the service, but not to its data', { skip }, async (t) => {
  site.show(['docs', 'drift', 'metrics'].map((name) => `<a href="${service.url}/${name}">${name}</a>`).join(' '))
  const { page, said } = await watched(t)
  const follow = async (name: string): Promise<void> => {
    await page.goto(`http://evil.example:${site.port}/`)
    await page.getByText(name).click()
    await page.waitForURL(`${service.url}/${name}`)
  }
  await follow('docs')
  await page.getByText('/v1/transcriptions').first().waitFor()
  await follow('drift')
  await page.waitForSelector('body:not(.waiting)')
  t.same(said, [], 'the console is empty')
  await follow('metrics')
  t.match(await page.locator('body').innerText(), /ORIGIN_REFUSED/)
})

/** A page whose console and whose requests are written down. */
async function watched(t: Test): Promise<{ page: Page; said: string[]; hosts: Set<string> }> {
  const page = await open(t, 'about:blank')
  const said: string[] = []
  const hosts = new Set<string>()
  page.on('console', (message) => said.push(message.text()))
  page.on('pageerror', (error) => said.push(error.message))
  page.on('request', (request) => { if (request.url().startsWith('http')) hosts.add(new URL(request.url()).host) })
  return { page, said, hosts }
}
