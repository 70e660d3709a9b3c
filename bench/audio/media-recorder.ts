/**
 * What a web page really sends: MediaRecorder of headless Chromium, with a WAV file as its microphone. The browser
 * resamples the file to the rate of its own sound stack, so the samples are not those of the file, as with a voice.
 *
 * Chromium plays the file from the moment the microphone is opened; half a second of silence in front makes sure that
 * the recorder runs before the first word.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { chromium, type Browser, type Page } from 'playwright-core'
import type { Waveform } from '../../src/domain/audio.js'
import { writeMono } from './pcm.js'
import { padded } from './variants.js'

/** Where Debian, Ubuntu and Alpine put it; CHROMIUM says it for others. */
const PLACES = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const PAD_SECONDS = 0.5
/** From the click to a running recorder and from its stop to the last chunk. */
const SLACK_SECONDS = 0.3

/** `record(types, milliseconds)` gives a Blob for each type, all of one stream. */
const PAGE = `<!doctype html><title>recorder</title><script>
async function record(mimeTypes, milliseconds, processing) {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: processing ? true : { echoCancellation: false, noiseSuppression: false, autoGainControl: false } })
  const blobs = mimeTypes.map((mimeType) => new Promise((resolve, reject) => {
    const recorder = new MediaRecorder(stream, { mimeType })
    const chunks = []
    recorder.ondataavailable = ({ data }) => chunks.push(data)
    recorder.onstop = () => resolve(new Blob(chunks, { type: mimeType }))
    recorder.onerror = ({ error }) => reject(error)
    recorder.start(250)
    setTimeout(() => recorder.stop(), milliseconds)
  }))
  const all = await Promise.all(blobs)
  stream.getTracks().forEach((track) => track.stop())
  return all
}
async function base64(blob) {
  const url = await new Promise((resolve) => { const reader = new FileReader(); reader.onload = () => resolve(reader.result); reader.readAsDataURL(blob) })
  return url.slice(url.indexOf(',') + 1)
}
async function transcribe(blob) {
  const response = await fetch('/v1/transcriptions', { method: 'POST', body: blob })
  return { status: response.status, body: await response.json() }
}
</script>`

/** Undefined where there is none. */
export function findChromium(): string | undefined {
  return PLACES.find((place) => place !== undefined && existsSync(place))
}

export interface Answer { readonly status: number; readonly body: unknown }

/** The files that a page records of a clip, by media type. */
export async function recordInPage(speech: Waveform, mimeTypes: readonly string[]): Promise<Map<string, Buffer>> {
  return withPage(speech, 'http://localhost', async (page, milliseconds) => {
    const files = await page.evaluate<string[]>(`record(${JSON.stringify(mimeTypes)}, ${milliseconds}, false).then((blobs) => Promise.all(blobs.map(base64)))`)
    return new Map(files.map((file, index) => [mimeTypes[index]!, Buffer.from(file, 'base64')]))
  })
}

/** A page of the service's own origin records a clip, with what a browser does to a voice by default, and posts it. */
export async function transcribeInPage(speech: Waveform, mimeType: string, serviceUrl: string): Promise<Answer> {
  return withPage(speech, serviceUrl, (page, milliseconds) => page.evaluate<Answer>(`record(${JSON.stringify([mimeType])}, ${milliseconds}, true).then(([blob]) => transcribe(blob))`))
}

/** The page is the bench's own; all else of that origin is real. */
async function withPage<T>(speech: Waveform, origin: string, use: (page: Page, milliseconds: number) => Promise<T>): Promise<T> {
  return withMicrophone(speech, async (browser, milliseconds) => {
    const page = await browser.newPage()
    await page.route(`${origin}/recorder`, (route) => route.fulfill({ contentType: 'text/html', body: PAGE }))
    await page.goto(`${origin}/recorder`)
    return use(page, milliseconds)
  })
}

/** A fresh browser, whose microphone plays the clip once; and how long it has to be listened to. */
export async function withMicrophone<T>(speech: Waveform, use: (browser: Browser, milliseconds: number) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'earshot-microphone-'))
  const file = path.join(folder, 'microphone.wav')
  const played = padded(speech, { beforeSeconds: PAD_SECONDS, afterSeconds: PAD_SECONDS, noisy: false })
  writeFileSync(file, writeMono(played))
  const browser = await chromium.launch({
    executablePath: findChromium()!,
    args: ['--no-sandbox', '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream', `--use-file-for-fake-audio-capture=${file}%noloop`],
  })
  try {
    return await use(browser, Math.round(1000 * (played.samples.length / played.sampleRate + SLACK_SECONDS)))
  } finally {
    await browser.close()
    rmSync(folder, { recursive: true })
  }
}
