/** Small uploads that stand for hours of sound. */
import tap from 'tap'
import { bombs } from '../../fixtures/bombs.js'
import { decodeAudio, probeAudio } from '../../src/audio/decode.js'
import { SpeechError } from '../../src/errors.js'

for (const method of ['log', 'warn', 'error'] as const) console[method] = () => undefined

tap.test('each bomb is refused as what it is', async (t) => {
  for (const { name, bytes, code } of bombs()) {
    const what = `${name} (${bytes.byteLength} bytes)`
    if (code === undefined) t.ok((await decodeAudio(bytes, { maxSeconds: 60 })).waveform.samples.length < 60 * 48_000, what)
    else await t.rejects(decodeAudio(bytes, { maxSeconds: 60 }), { code }, what)
  }
})

tap.test('the door lets through a number or refuses, never more', async (t) => {
  for (const { name, bytes } of bombs()) {
    try {
      t.ok(probeAudio(bytes).seconds >= 0, name)
    } catch (error) {
      t.ok(error instanceof SpeechError, name)
    }
  }
})

tap.test('a longer limit lets the same bytes through: they are sound, and it is the length that is refused', async (t) => {
  const gentle = bombs().find(({ name }) => name === 'FLAC that declares ten hours')!
  const { waveform, format } = await decodeAudio(gentle.bytes, { maxSeconds: 40_000 })
  t.equal(waveform.samples.length, 20 * 65_535, 'no frame is lost between two pieces')
  t.match(format, { sampleRate: 48_000, truncated: true })
})

tap.test('many channels at a high rate reach the bound on samples before the one on seconds', async (t) => {
  const wide = bombs().find(({ name }) => name.includes('eight channels'))!
  await t.rejects(decodeAudio(wide.bytes, { maxSeconds: 60 }), { code: 'AUDIO_TOO_LONG', message: /samples/ })
})
