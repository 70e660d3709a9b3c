/**
 * The page /docs in a real Chromium: under our name, behind a proxy that strips a prefix, without a violation of its
 * policy, accessible, and sending nothing that the user did not fill in. The other pages are checked for access too.
 */
import { createServer, request as forward, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { chromium, type Browser, type Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { findChromium } from '../../../fixtures/kit/media-recorder.js'
import { projectRoot } from '../../../src/domain/project-root.js'
import { setUp } from '../../serving/http/fake-service.js'
import { makeKeys } from '../../serving/http/keys.js'

const skip = findChromium() === undefined ? 'no Chromium is there' : false
const FOLDER = mkdtempSync(path.join(os.tmpdir(), 'earshot-docs-page-'))
const CLIP = path.join(projectRoot, 'fixtures/clips/play-some-jazz-music.wav')
const AXE = readFileSync(path.join(projectRoot, 'node_modules/axe-core/axe.min.js'), 'utf8')

/** Chromium does not show the body of a request with a file. */
const RECORD_FORMS = `{
  const send = window.fetch
  window.fetch = (url, options) => {
    if (options?.body instanceof FormData) window.sentFields = [...options.body.keys()]
    return send(url, options)
  }
}`

let browser: Browser
t.before(async () => {
  if (skip !== false) return
  browser = await chromium.launch({ executablePath: findChromium()!, args: ['--no-sandbox'] })
})
t.teardown(() => browser?.close())

async function open(t: Test, url: string, options: Parameters<Browser['newPage']>[0] = {}) {
  const page = await browser.newPage({ reducedMotion: 'reduce', ...options })
  t.teardown(() => page.close())
  const said: string[] = []
  page.on('console', (message) => said.push(`${message.type()}: ${message.text()}`))
  page.on('pageerror', (error) => said.push(`error: ${error.message}`))
  await page.addInitScript(RECORD_FORMS)
  await page.goto(url)
  return { page, said }
}

async function tryOut(page: Page, operationId: string) {
  const operation = page.locator(`[id$=-${operationId}]`)
  await operation.locator('button').first().click()
  await operation.getByText('Try it out').click()
  return operation
}

/** What axe finds serious or critical. It runs beside the policy of the page, which a script of the page could not. */
async function seriousFaults(page: Page): Promise<string[]> {
  const session = await page.context().newCDPSession(page)
  await session.send('Runtime.evaluate', { expression: AXE })
  const { result } = await session.send('Runtime.evaluate', {
    expression: `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => id + ': ' + nodes.map(({ target }) => target.join(' ')).slice(0, 3).join(', ')))`,
    awaitPromise: true, returnByValue: true,
  })
  return result.value as string[]
}

/** As nginx with `location /speech/ { proxy_pass http://service/; }`. */
async function proxyOf(t: Test, url: string): Promise<string> {
  const proxy: Server = createServer(({ method, url: asked = '', headers }, response) => {
    if (!asked.startsWith('/speech/')) return response.writeHead(404).end('outside of the prefix')
    const target = new URL(asked.slice('/speech'.length), url)
    const passed = forward(target, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers)
      answer.pipe(response)
    })
    return passed.end()
  })
  await new Promise<void>((resolve) => { proxy.listen(0, '127.0.0.1', resolve) })
  t.teardown(() => { proxy.close() })
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/speech/`
}

t.test('it has our name and icon, works behind a prefix, and its console is empty', { skip }, async (t) => {
  const { url } = await setUp(t, { EARSHOT_TALK_PAGE: 'false' })
  const prefix = await proxyOf(t, url)
  for (const address of ['', 'docs', 'docs/']) {
    const { page, said } = await open(t, `${prefix}${address}`)
    await page.waitForSelector('.opblock')
    t.equal(page.url(), `${prefix}docs`)
    t.equal(await page.title(), 'API · Earshot')
    t.equal(await page.locator('link[rel=icon]').getAttribute('href'), 'shared/icon.svg')
    t.match(await page.locator('.top').innerText(), /^\s*Earshot API/)
    t.equal(await page.locator('.topbar').count(), 0, 'no bar of Swagger')
    const operation = await tryOut(page, 'listModels')
    await operation.getByRole('button', { name: 'Execute' }).click()
    t.match(await operation.locator('.live-responses-table').innerText(), /moonshine-tiny-en/)
    t.same(said, [])
  }
})

t.test('the pages of operators have the same head, and without keys none asks for one', { skip }, async (t) => {
  const { url } = await setUp(t)
  const heads: string[][] = []
  for (const name of ['drift', 'docs', 'runbook']) {
    const { page } = await open(t, `${url}/${name}`)
    if (name === 'docs') await page.waitForSelector('.opblock')
    t.equal(await page.locator('.authorize, .authorization__btn').count(), 0)
    t.equal(await page.locator('.top nav [aria-current]').getAttribute('href'), name)
    t.equal(await page.locator('.top h1 img').getAttribute('src'), 'shared/icon.svg')
    heads.push(await page.locator('.top nav a').allInnerTexts())
  }
  t.same(heads, Array(3).fill(['Drift and traffic', 'API', 'Runbook', 'Metrics', 'Drift JSON']))
})

t.test('with keys, /docs has a button for one, and no link that could not carry it', { skip }, async (t) => {
  const { file } = await makeKeys(t, { scraper: ['metrics'] })
  const { page, said } = await open(t, `${(await setUp(t, { EARSHOT_KEYS_FILE: file })).url}/docs`)
  await page.waitForSelector('.opblock')
  t.equal(await page.locator('.btn.authorize').count(), 1)
  await page.waitForSelector('body.keyed')
  t.same(await page.locator('.top nav a:visible').allInnerTexts(), ['Drift and traffic', 'API', 'Runbook'])
  t.same(said, [])
})

t.test('a file is chosen, and only what was filled in is sent', { skip }, async (t) => {
  const { url } = await setUp(t)
  const { page, said } = await open(t, `${url}/docs`)
  await page.waitForSelector('.opblock')
  const form = await tryOut(page, 'createTranscription')
  await form.locator('[data-property-name=file] input[type=file]').setInputFiles(CLIP)
  await form.getByRole('button', { name: 'Execute' }).click()
  t.match(await form.locator('.live-responses-table').innerText(), /play some jazz/)
  t.same(await page.evaluate('window.sentFields'), ['file'])

  const raw = await tryOut(page, 'transcribe')
  await raw.locator('.opblock-section-request-body input[type=file]').setInputFiles(CLIP)
  const [posted] = await Promise.all([
    page.waitForRequest(/v1\/transcriptions/), raw.getByRole('button', { name: 'Execute' }).click(),
  ])
  t.equal(new URL(posted.url()).search, '')
  t.match(await raw.locator('.live-responses-table').innerText(), /play some jazz/)
  t.same(said, [])
})

t.test('axe finds nothing serious on any page, light or dark', { skip }, async (t) => {
  const folder = t.testdir()
  writeFileSync(path.join(folder, 'clips.jsonl'), `${JSON.stringify({ path: CLIP, id: 'a clip' })}\n`)
  const { url } = await setUp(t, {
    EARSHOT_LABEL_FILE: path.join(folder, 'labels.jsonl'), EARSHOT_LABEL_CLIPS: path.join(folder, 'clips.jsonl'),
  })
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const [name, width] of [['docs', colorScheme === 'light' ? 390 : 1440], ['drift', 1440], ['label', 1440],
      ['clips', 1440], ['runbook', colorScheme === 'light' ? 390 : 1440]] as const) {
      const { page } = await open(t, `${url}/${name}`, { colorScheme, viewport: { width, height: 900 } })
      await page.waitForLoadState('networkidle')
      if (name === 'docs') await tryOut(page, 'createTranscription')
      t.same(await seriousFaults(page), [], `${name}, ${colorScheme}, ${width}`)
      const scrolled = await page.evaluate<number>('document.documentElement.scrollWidth')
      t.ok(scrolled <= width, `${name} is as wide as the window: ${scrolled}`)
      await page.screenshot({ path: path.join(FOLDER, `${name}-${colorScheme}-${width}.png`), fullPage: name !== 'docs' })
    }
  }
  t.comment(FOLDER)
})
