/** What a request may cost in processor time, and that every step of a recognition is held to it. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { spectralDetector } from '../../../src/recognition/segmentation/detectors/spectral.js'
import { transcribe } from '../../../src/recognition/pipeline.js'
import type { Recognizer } from '../../../src/recognition/recognizer.js'
import { projectRoot } from '../../../src/domain/project-root.js'
import { cpuBudget } from '../../../src/recognition/process/cpu-budget.js'

t.test(
  'a request may cost twenty seconds, and so much for each second of its audio',
  (t) => {
    let used = 0
    const budget = cpuBudget(3, () => used)
    used += 20
    budget.check()
    used += 0.1
    t.throws(
      () => {
        budget.check()
      },
      { code: 'AUDIO_TOO_COSTLY', status: 422, retryable: false },
    )
    budget.setLength(300)
    budget.check()
    used += 900
    t.throws(
      () => {
        budget.check()
      },
      { code: 'AUDIO_TOO_COSTLY', message: /920\.0 s: 20 s, and 3 s per second of audio/ },
    )
    t.end()
  },
)

t.test('a recognition says how long its audio is before it goes on, and ends where the budget does', async (t) => {
  const bytes = readFileSync(path.join(projectRoot, 'fixtures/clips/warm-up.wav'))
  const recognizer = {
    name: 'none',
    sampleRate: 16_000,
    languages: ['en'],
    maxSeconds: 30,
    padding: { leadingSeconds: [0], trailingSeconds: 0, redecodeBelow: -1 },
  } as unknown as Recognizer
  let used = 0
  const budget = cpuBudget(1, () => used)
  const heard: number[] = []
  const recognition = transcribe(bytes, recognizer, {
    language: undefined,
    maxAudioSeconds: 60,
    normalizeVolume: true,
    trimSilence: true,
    detectors: { first: spectralDetector, second: undefined },
    maxDecodingPasses: 1,
    onDecoded(seconds) {
      heard.push(seconds)
      budget.setLength(seconds)
      used += 20 + seconds + 1
    },
    interrupt: budget.check,
  })
  await t.rejects(recognition, { code: 'AUDIO_TOO_COSTLY' })
  t.ok(heard.length === 1 && heard[0]! > 1 && heard[0]! < 10, `${heard.join()}`)
})
