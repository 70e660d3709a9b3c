/**
 * The page to talk to in a real Chromium, over the real service, with a synthetic voice as the microphone. Leaves
 * pictures in the temporary folder, for a person to look at. Skips, with a message, where the browser, the weights or
 * the build are not there.
 */
import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { chromium, type Browser, type Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { findChromium, withMicrophone } from '../../../fixtures/kit/media-recorder.js'
import { readPcm } from '../../../fixtures/kit/pcm.js'
import { startServer, type Server } from '../../../fixtures/kit/server.js'
import { projectRoot } from '../../../src/domain/project-root.js'
import { makeKeys } from '../../serving/http/keys.js'

const ENTRY = path.join(projectRoot, 'dist/src/main.js')
const CLIPS = path.join(projectRoot, 'fixtures/clips')
const CLIP = path.join(CLIPS, 'warm-up.wav')
const JAZZ = path.join(CLIPS, 'play-some-jazz-music.wav')
const CLIENT = path.join(projectRoot, 'src/serving/http/pages/talk/earshot-client.js')
const AXE = readFileSync(path.join(projectRoot, 'node_modules/axe-core/axe.min.js'), 'utf8')
const FOLDER = mkdtempSync(path.join(os.tmpdir(), 'earshot-talk-page-'))
/** What the clips say, as fixtures/clips/manifest.jsonl has it. */
const SPOKEN = /what time does the museum open on sunday/i
const SPOKEN_JAZZ = /play some jazz/i
/** The whole phrase: with its last words alone as a name, biasing may prefer the name to what was said. */
const MUSIC = 'id,name\n1,Play Some Jazz Music\n2,Play Some Folk Music\n3,Opera\n'
/** The example of the documents, as it stands there. */
const EXAMPLE = /```html\n([^]*?)```/.exec(readFileSync(path.join(projectRoot, 'docs/live-page.md'), 'utf8'))![1]!
const missing = [ENTRY, path.join(projectRoot, 'models/moonshine-tiny-en/weights/encoder_model.onnx')].find(
  (file) => !existsSync(file),
)
const skip =
  missing !== undefined ? `${missing} is not there` : findChromium() === undefined ? 'no Chromium is there' : false

t.setTimeout(240_000)

let service: Server
let browser: Browser
/** A site of another origin with the example and a copy of the client. */
let site: { readonly origin: string; page: string }
t.before(async () => {
  if (skip !== false) return
  site = await startSite(t)
  service = await startServer({
    model: 'moonshine-tiny-en', workers: 1, entry: ENTRY, settings: { EARSHOT_ALLOWED_ORIGINS: site.origin },
  })
  browser = await chromium.launch({ executablePath: findChromium()!, args: ['--no-sandbox'] })
  const put = await fetch(`${service.url}/v1/catalogues/music`, {
    method: 'PUT', body: MUSIC, headers: { 'content-type': 'text/csv' },
  })
  t.equal(put.status, 200)
})
t.teardown(async () => {
  await browser?.close()
  await service?.stop()
})

async function startSite(t: Test): Promise<typeof site> {
  const made = { origin: '', page: '' }
  const server = http.createServer(({ url }, response) => {
    const isClient = url === '/earshot-client.js'
    response.writeHead(200, { 'content-type': isClient ? 'text/javascript' : 'text/html' })
    response.end(isClient ? readFileSync(CLIENT) : made.page)
  })
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  t.teardown(() => { server.closeAllConnections(); server.close() })
  made.origin = `http://localhost:${(server.address() as AddressInfo).port}`
  return made
}

/** A page, and what its console says: a violation of the policy is a message of it. */
async function open(
  t: Test, url: string, options: Parameters<Browser['newPage']>[0] = {}, from = browser,
): Promise<{ page: Page; said: string[] }> {
  const page = await from.newPage({ viewport: { width: 1280, height: 1000 }, reducedMotion: 'reduce', ...options })
  page.setDefaultTimeout(60_000)
  t.teardown(() => page.close())
  const said: string[] = []
  page.on('console', (message) => said.push(`${message.type()}: ${message.text()}`))
  page.on('pageerror', (error) => said.push(`error: ${error.message}`))
  await page.goto(url)
  return { page, said }
}

/** A made-up microphone begins when it is opened, and a page on a busy machine hears it from some time later on. */
const QUIET_SECONDS = 2

/** Plays a clip to the microphone once, after some silence. */
function speaking(clip: string, use: (from: Browser, milliseconds: number) => Promise<void>): Promise<void> {
  const { samples, sampleRate } = readPcm(readFileSync(clip))
  const quiet = Math.round(QUIET_SECONDS * sampleRate)
  const padded = new Float32Array(quiet + samples.length)
  padded.set(samples, quiet)
  return withMicrophone({ samples: padded, sampleRate }, use)
}

async function choose(page: Page, name: string): Promise<void> {
  await page.locator('#catalogue-choice').waitFor()
  await page.locator('#catalogue').selectOption(name)
}

const report = (page: Page): Promise<void> => page.locator('#report').waitFor()
const isIdle = (page: Page): Promise<void> => page.locator('#state', { hasText: 'Press the button' }).waitFor()

/** What axe finds. It runs beside the policy of the page, which a script of the page could not. */
async function faults(page: Page): Promise<string[]> {
  const devTools = await page.context().newCDPSession(page)
  await devTools.send('Runtime.evaluate', { expression: AXE })
  const { result } = await devTools.send('Runtime.evaluate', {
    expression: `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations
      .map(({ id, nodes }) => id + ': ' + nodes.map(({ target }) => target.join(' ')).slice(0, 3).join(', ')))`,
    awaitPromise: true, returnByValue: true,
  })
  return result.value as string[]
}

t.test('words, hits and the report of what is said to the microphone, by keyboard', { skip }, async (t) => {
  await speaking(JAZZ, async (from) => {
    const { page, said } = await open(t, `${service.url}/`, {}, from)
    await choose(page, 'music')
    await page.getByRole('button', { name: 'Speak' }).focus()
    t.match(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle'), 'solid', 'the focus is seen')
    await page.keyboard.press('Space')
    await page.getByRole('button', { name: 'Stop', pressed: true }).waitFor()
    await report(page)
    t.match(await page.locator('#words').innerText(), SPOKEN_JAZZ)
    t.ok(await page.locator('#end').isVisible(), 'the end was detected while the microphone is on')
    t.equal(await page.locator('#hits .name').first().innerText(), 'Play Some Jazz Music')
    t.match(await page.locator('#spoken').innerText(), SPOKEN_JAZZ, 'screen readers are told')
    t.match(await page.locator('#figures').innerText(), /From end of speech\s+\d\.\d\d s\s+\d\.\d\d s of it is the pause/)
    t.ok(await page.locator('#timed li').count() >= 4, 'words have times')
    t.equal(await page.locator('#wave .word').count(), await page.locator('#timed li').count())
    const note = await page.locator('#wave-note').innerText()
    t.match(note, /(?:\d s were|Nothing was) trimmed/)
    const edges = await page.locator('#wave .edge').count()
    t.equal(edges > 0, !note.includes('Nothing'), 'what was trimmed is marked, and nothing else')
    await picture(page, 'spoken')
    await page.keyboard.press('Enter')
    await isIdle(page)
    t.match(await page.locator('#words').innerText(), SPOKEN_JAZZ, 'silence before the stop is no utterance')
    t.same(said, [], 'the console is empty')
  })
})

t.test('who stops at once gets the last words', { skip }, async (t) => {
  await speaking(CLIP, async (from, milliseconds) => {
    const { page, said } = await open(t, `${service.url}/`, {}, from)
    await page.locator('#endpointing').selectOption('patient')
    await page.getByRole('button', { name: 'Speak' }).press('Enter')
    const stop = page.getByRole('button', { name: 'Stop', pressed: true })
    await stop.waitFor()
    await page.locator('#stable', { hasText: /museum/i }).waitFor()
    await page.waitForTimeout(milliseconds / 3)
    await stop.press('Enter')
    await isIdle(page)
    t.match(await page.locator('#words').innerText(), SPOKEN)
    t.same(said, [])
  })
})

t.test('a file is dropped, and a sample is played', { skip }, async (t) => {
  const { page, said } = await open(t, `${service.url}/`)
  await choose(page, 'music')
  const bytes = readFileSync(JAZZ).toString('base64')
  await page.evaluate(`{
    const data = new DataTransfer()
    data.items.add(new File([Uint8Array.from(atob('${bytes}'), (one) => one.charCodeAt(0))], 'clip.wav'))
    document.getElementById('drop').dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }))
  }`)
  await report(page)
  await isIdle(page)
  t.match(await page.locator('#words').innerText(), SPOKEN_JAZZ)
  t.equal(await page.locator('#hits .name').first().innerText(), 'Play Some Jazz Music')
  t.notMatch(await page.locator('#figures').innerText(), /From end of speech/, 'a file has no such time')
  await page.getByRole('button', { name: 'Opening hours' }).click()
  await page.locator('#stable', { hasText: SPOKEN }).waitFor()
  await isIdle(page)
  t.match(await page.locator('#earlier-texts').innerText(), SPOKEN_JAZZ)
  await page.setInputFiles('#file', path.join(CLIPS, 'silence.wav'))
  await page.locator('#warnings', { hasText: /completely silent/ }).waitFor()
  t.match(await page.locator('#words').innerText(), /^No words\./)
  await isIdle(page)
  await page.setInputFiles('#file', { name: 'x.wav', mimeType: 'audio/wav', buffer: Buffer.from('no audio') })
  await page.locator('#trouble', { hasText: 'cannot decode' }).waitFor()
  await isIdle(page)
  t.same(said, [], 'the console is empty')
})

t.test('without a microphone the page says what helps', { skip }, async (t) => {
  const { page } = await open(t, `${service.url}/`)
  await page.getByRole('button', { name: 'Speak' }).click()
  await page.locator('#trouble', { hasText: 'The microphone cannot be used' }).waitFor()
  await isIdle(page)
})

t.test('the example of the documents works on a page of another origin', { skip }, async (t) => {
  t.ok(EXAMPLE.trim().split('\n').length <= 15, 'in 15 lines')
  t.match(EXAMPLE, 'https://speech.example')
  site.page = EXAMPLE.replace('https://speech.example', service.url)
  await speaking(CLIP, async (from) => {
    const { page } = await open(t, `${site.origin}/`, {}, from)
    await page.getByRole('button').click()
    await page.locator('p', { hasText: SPOKEN }).waitFor()
  })
})

t.test('with keys the page asks for one; catalogues need their scope', { skip }, async (t) => {
  const { file, keys } = await makeKeys(t, { phone: ['transcribe'], scraper: ['metrics'] })
  const closed = await startServer({
    model: 'moonshine-tiny-en', workers: 1, entry: ENTRY, settings: { EARSHOT_KEYS_FILE: file },
  })
  t.teardown(() => closed.stop())
  const { page } = await open(t, `${closed.url}/`)
  const enter = async (key: string): Promise<void> => {
    await page.locator('#key').fill(key)
    await page.keyboard.press('Enter')
    await page.locator('main').waitFor()
  }
  await page.locator('#key-form').waitFor()
  await enter(keys.scraper)
  await page.getByRole('button', { name: 'Play music' }).click()
  await page.locator('#key-trouble', { hasText: /lacks the scope “transcribe”/ }).waitFor()
  await enter(keys.phone)
  await page.getByRole('button', { name: 'Play music' }).click()
  await report(page)
  t.match(await page.locator('#words').innerText(), SPOKEN_JAZZ)
  t.notOk(await page.locator('#catalogue-choice').isVisible())
})

t.test('axe finds nothing, nothing sticks out: wide and narrow, light and dark', { skip }, async (t) => {
  for (const width of [1280, 390]) {
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page } = await open(t, `${service.url}/`, { colorScheme, viewport: { width, height: 900 } })
      await choose(page, 'music')
      t.same(await faults(page), [], `before, ${colorScheme}, ${width}`)
      await picture(page, `before-${width}-${colorScheme}`)
      await page.getByRole('button', { name: 'Play music' }).click()
      await report(page)
      await isIdle(page)
      t.same(await faults(page), [], `after, ${colorScheme}, ${width}`)
      await picture(page, `after-${width}-${colorScheme}`)
      t.equal(await page.evaluate('document.documentElement.scrollWidth'), width, 'nothing sticks out')
    }
  }
  t.comment(FOLDER)
})

t.test('unstable words differ from stable ones by more than colour', { skip }, async (t) => {
  await speaking(CLIP, async (from) => {
    const { page } = await open(t, `${service.url}/`, {}, from)
    await page.getByRole('button', { name: 'Speak' }).click()
    await page.locator('#unstable', { hasText: /\w/ }).waitFor()
    await picture(page, 'speaking')
    t.match(await page.evaluate(`(() => {
      const { fontStyle, textDecorationLine } = getComputedStyle(document.getElementById('unstable'))
      return { fontStyle, textDecorationLine }
    })()`), { fontStyle: 'italic', textDecorationLine: 'underline' })
    await report(page)
  })
})

async function picture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: path.join(FOLDER, `${name}.png`), fullPage: true })
}
