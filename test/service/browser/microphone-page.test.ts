/**
 * examples/microphone.html in a real Chromium with a synthetic voice as the microphone, served by a static server of
 * another origin than the service. Skips, with a message, where the browser, the weights or the build are not there.
 */
import { existsSync, readFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { findChromium, withMicrophone } from '../../../fixtures/kit/media-recorder.js'
import { readPcm } from '../../../fixtures/kit/pcm.js'
import { startServer } from '../../../fixtures/kit/server.js'
import { projectRoot } from '../../../src/domain/project-root.js'

const ENTRY = path.join(projectRoot, 'dist/src/main.js')
const CLIP = path.join(projectRoot, 'fixtures/clips/warm-up.wav')
const PAGE = path.join(projectRoot, 'examples/microphone.html')
/** What the clip says, as fixtures/clips/manifest.jsonl has it. */
const SPOKEN = /what time does the museum open on sunday/i
/** The microphone as a visitor refuses it. */
const REFUSED = `navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', 'NotAllowedError') }`
const missing = [ENTRY, path.join(projectRoot, 'models/moonshine-tiny-en/weights/encoder_model.onnx')].find(
  (file) => !existsSync(file),
)
const skip =
  missing !== undefined ? `${missing} is not there` : findChromium() === undefined ? 'no Chromium is there' : false

t.test('the page shows the words, and what to set when it is refused', { skip, timeout: 120_000 }, async (t) => {
  const port = await servePage(t)
  const settings = { EARSHOT_ALLOWED_ORIGINS: `http://127.0.0.1:${port}` }
  const service = await startServer({ model: 'moonshine-tiny-en', workers: 1, entry: ENTRY, settings })
  t.teardown(() => service.stop())
  await withMicrophone(readPcm(readFileSync(CLIP)), async (browser, milliseconds) => {
    const page = await browser.newPage()
    const open = (host: string, address: string) =>
      page.goto(`http://${host}:${port}/microphone.html?service=${address}`)
    await open('127.0.0.1', service.url)
    t.match(await record(page, milliseconds), SPOKEN)
    await open('localhost', service.url)
    t.match(await record(page, 300), `EARSHOT_ALLOWED_ORIGINS=http://localhost:${port}`, 'another origin')
    await open('127.0.0.1', 'http://127.0.0.1:9')
    t.match(await record(page, 300), 'http://127.0.0.1:9 does not answer', 'no service')
    await page.addInitScript(REFUSED)
    await open('127.0.0.1', service.url)
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    t.match(await answerOf(page), 'allow it beside the address')
    t.ok(await page.getByRole('button', { name: 'Record', pressed: false }).isEnabled(), 'one can try again')
  })
})

/** With the keyboard, as the button is named to a screen reader. */
async function record(page: Page, milliseconds: number): Promise<string> {
  await page.getByRole('button', { name: 'Record', pressed: false }).press('Enter')
  const stop = page.getByRole('button', { name: 'Stop', pressed: true })
  await stop.waitFor()
  await page.waitForTimeout(milliseconds)
  await stop.press('Enter')
  return answerOf(page)
}

async function answerOf(page: Page): Promise<string> {
  const answer = page.getByRole('status', { name: 'Transcript' })
  await answer.filter({ hasText: /[^…]$/ }).waitFor()
  return answer.innerText()
}

/** A static server of one file, on every name of this machine. */
async function servePage(t: Test): Promise<number> {
  const server = http.createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end(readFileSync(PAGE))
  })
  await new Promise<void>((resolve) => server.listen(0, resolve))
  t.teardown(() => { server.closeAllConnections(); server.close() })
  return (server.address() as AddressInfo).port
}
