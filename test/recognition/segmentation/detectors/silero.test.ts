/** The neural detector with its real weights on synthetic clips; `npm test` fetches the weights. */
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import tap from 'tap'
import { decodeAudio } from '../../../../src/audio/decode.js'
import { loadDetectors } from '../../../../src/recognition/segmentation/load-detectors.js'
import { readBundle, readDetectorManifest, readManifest } from '../../../../src/engine/manifest.js'
import { projectRoot } from '../../../../src/domain/project-root.js'
import { sessionOpener, Tensor } from '../../../../src/engine/runtime/session.js'
import { seededRandom } from '../../../../fixtures/kit/statistics.js'
import type { Recording, Waveform } from '../../../../src/domain/audio.js'

const modelsDir = path.join(projectRoot, 'models')
const NEURAL = { modelsDir, speechDetection: 'neural', speechDetector: 'silero-vad' } as const
const GRAPH = path.join(modelsDir, 'silero-vad/weights/silero_vad_v5.onnx')
const skip = existsSync(GRAPH) ? false : 'the weights of silero-vad are missing'
const RATE = 16_000
const NEVER = (): void => undefined
const NO_FRAMES = (): never => { throw new Error('the neural detector needs no features') }

function readClip(name: string): Promise<Recording> {
  return decodeAudio(readFileSync(path.join(projectRoot, 'fixtures/clips', `${name}.wav`)), { maxSeconds: 10 })
}

tap.test('it finds the speech of clips, padded and at low levels, and none in noise and tones', { skip }, async (t) => {
  const { first: detector } = await loadDetectors(NEURAL)
  t.teardown(() => detector.dispose())
  const detect = (waveform: Waveform) => detector.detect(waveform, NO_FRAMES, NEVER)
  const { waveform: speech } = await readClip('what-is-the-weather-in-boston-tomorrow')
  const seconds = speech.samples.length / RATE
  for (const gain of [1, 0.01, 0.0003]) {
    const samples = new Float32Array(speech.samples.length + 4 * RATE)
    samples.set(speech.samples.map((sample) => gain * sample), 2 * RATE)
    const { verdict, spans } = await detect({ samples, sampleRate: RATE })
    t.equal(verdict, 'speech', `gain ${gain}`)
    t.ok(spans[0]!.startSeconds > 1.9 && spans[0]!.startSeconds < 2.5, `begins at ${spans[0]!.startSeconds}`)
    t.ok(
      spans.at(-1)!.endSeconds > 1.5 + seconds && spans.at(-1)!.endSeconds < 2.3 + seconds,
      `ends at ${spans.at(-1)!.endSeconds}`,
    )
  }
  let state = 3
  const noise = (): number => { state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0; return state / 2 ** 31 }
  const sounds: Readonly<Record<string, (n: number) => number>> = {
    zeros: () => 0, noise: () => 0.1 * noise(), hum: (n) => 0.3 * Math.sin(0.02 * n),
    beep: (n) => (n % 8_000 < 3_000 ? Math.sin(0.4 * n) : 0),
  }
  for (const [name, sound] of Object.entries(sounds)) {
    const { verdict, spans } = await detect({
      samples: Float32Array.from({ length: 2 * RATE }, (_, n) => sound(n)), sampleRate: RATE,
    })
    t.same([verdict, spans.length], ['nothing', 0], name)
  }
  t.match(await detect({ samples: new Float32Array(0), sampleRate: RATE }), { verdict: 'nothing' })
  let runs = 0
  const long = {
    samples: new Float32Array(3 * speech.samples.length).map((_, n) => speech.samples[n % speech.samples.length]!),
    sampleRate: RATE,
  }
  const interrupted = detector.detect(long, NO_FRAMES, () => { if (++runs === 2) throw new Error('gone') })
  await t.rejects(interrupted, { message: 'gone' }, 'it can be interrupted between two runs')
})

tap.test('the network has the probabilities of the published graph, window by window', { skip }, async (t) => {
  const { first: detector } = await loadDetectors(NEURAL)
  const published = await sessionOpener({ providers: ['cpu'], strict: true, threads: 1 })(readFileSync(GRAPH), {
    fixedShapes: true,
  })
  t.teardown(() => Promise.all([detector.dispose(), published.release()]))
  const { waveform: recording } = await readClip('what-is-the-weather-in-boston-tomorrow')
  // Longer than one run, and with noise, so that no window is skipped.
  const random = seededRandom(1)
  const samples = Float32Array.from(
    { length: 3 * recording.samples.length + 100 },
    (_, n) => (recording.samples[n % recording.samples.length] ?? 0) + 0.02 * (random() - 0.5),
  )
  const { speech } = await detector.detect({ samples, sampleRate: RATE }, NO_FRAMES, NEVER)
  const peak = samples.reduce((highest, sample) => Math.max(highest, Math.abs(sample)), 0)
  let state: Tensor = new Tensor('float32', new Float32Array(256), [2, 1, 128])
  let largest = 0
  for (const [window, probability] of speech.entries()) {
    const input = Float32Array.from({ length: 576 }, (_, n) => 0.5 / peak * (samples[window * 512 - 64 + n] ?? 0))
    const out = await published.run({
      input: new Tensor('float32', input, [1, 576]), state, sr: new Tensor('int64', BigInt64Array.of(16_000n), []),
    })
    state = out.stateN!
    largest = Math.max(largest, Math.abs((out.output!.data as Float32Array)[0]! - probability))
  }
  t.ok(speech.length > 200 && speech.some((probability) => probability > 0.9))
  t.ok(largest < 1e-4, `${largest}`)
})

tap.test('the middle of a long silence is skipped, and the speech after it is found', { skip }, async (t) => {
  const { first: detector } = await loadDetectors(NEURAL)
  t.teardown(() => detector.dispose())
  const { waveform: recording } = await readClip('what-is-the-weather-in-boston-tomorrow')
  const minute = 60 * RATE
  const samples = new Float32Array(2 * minute + 2 * recording.samples.length)
  samples.set(recording.samples)
  samples.set(recording.samples, recording.samples.length + minute)
  let runs = 0
  const { verdict, spans, speech } = await detector.detect(
    { samples, sampleRate: RATE },
    NO_FRAMES,
    () => {
      runs++
    },
  )
  const alone = await detector.detect(recording, NO_FRAMES, NEVER)
  t.equal(verdict, 'speech')
  t.equal(spans.length, 2 * alone.spans.length)
  const later = minute / RATE + recording.samples.length / RATE
  t.ok(
    Math.abs(spans.at(-1)!.startSeconds - later - alone.spans.at(-1)!.startSeconds) < 0.1,
    `${spans.at(-1)!.startSeconds}`,
  )
  const fed = speech.filter((probability) => probability > 0).length
  t.ok(fed < 2 * Math.ceil(recording.samples.length / 512) + 4 * 33, `${fed} windows`)
  t.equal(runs, Math.ceil(fed / 64), 'the interrupt is called once a run')
  runs = 0
  await detector.detect({ samples: new Float32Array(minute), sampleRate: RATE }, NO_FRAMES, () => {
    runs++
  })
  t.equal(runs, 0)
})

tap.test('the same speech has the same probabilities each time: no state is kept', { skip }, async (t) => {
  const { first: detector } = await loadDetectors(NEURAL)
  t.teardown(() => detector.dispose())
  const { waveform } = await readClip('warm-up')
  const once = await detector.detect(waveform, NO_FRAMES, NEVER)
  t.same((await detector.detect(waveform, NO_FRAMES, NEVER)).speech, once.speech)
})

tap.test('a detector is no recognizer, and vice versa', async (t) => {
  t.equal((await readBundle(modelsDir, 'silero-vad')).purpose, 'speech-detection')
  await t.rejects(readManifest(modelsDir, 'silero-vad'), { code: 'MODEL_INVALID' })
  await t.rejects(readDetectorManifest(modelsDir, 'moonshine-tiny-en'), { code: 'MODEL_INVALID' })
  await t.rejects(loadDetectors({ modelsDir, speechDetection: 'both', speechDetector: 'no-such-detector' }), {
    code: 'MODEL_FILE_MISSING',
  })
  for (const family of ['no-such-family', 'spectral']) {
    const folder = t.testdir({
      odd: { 'model.json': JSON.stringify({ ...(await readBundle(modelsDir, 'silero-vad')), name: 'odd', family }) },
    })
    await t.rejects(
      loadDetectors({ modelsDir: folder, speechDetection: 'neural', speechDetector: 'odd' }),
      { code: 'MODEL_INVALID', message: new RegExp(family) },
      family,
    )
  }
})
