/**
 * The client that the service is made for: a web page that records with MediaRecorder and posts what it got. The real
 * service, a real Chromium, and a synthetic voice as the microphone. Skips, with a message, where the browser, the
 * weights or the build are not there.
 */
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { findChromium, transcribeInPage } from '../../../fixtures/kit/media-recorder.js'
import { readPcm } from '../../../fixtures/kit/pcm.js'
import { startServer } from '../../../fixtures/kit/server.js'
import { projectRoot } from '../../../src/domain/project-root.js'

const ENTRY = path.join(projectRoot, 'dist/src/main.js')
const CLIP = path.join(projectRoot, 'fixtures/clips/warm-up.wav')
/** What the clip says, as fixtures/clips/manifest.jsonl has it. */
const SPOKEN = /what time does the museum open on sunday/i
const missing = [ENTRY, CLIP, path.join(projectRoot, 'models/moonshine-tiny-en/weights/encoder_model.onnx')].find(
  (file) => !existsSync(file),
)
const skip =
  missing !== undefined ? `${missing} is not there` : findChromium() === undefined ? 'no Chromium is there' : false

const TYPES = [
  { mimeType: 'audio/webm;codecs=opus', container: 'webm' },
  { mimeType: 'audio/mp4', container: 'mp4' },
] as const

t.test('a page that records gets the words that were said', { skip }, async (t) => {
  const service = await startServer({ model: 'moonshine-tiny-en', workers: 1, entry: ENTRY })
  t.teardown(() => service.stop())
  const speech = readPcm(readFileSync(CLIP))
  for (const { mimeType, container } of TYPES) {
    const { status, body } = await transcribeInPage(speech, mimeType, service.url)
    t.match(
      { status, body },
      { status: 200, body: { text: SPOKEN, noSpeechReason: null, input: { container } } },
      mimeType,
    )
  }
})
