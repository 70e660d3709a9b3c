/** Incremental recognition: the stream of a family is used, and the default decodes only what is new. */
import t from 'tap'
import { startStageTimer } from '../../src/domain/stage-timer.js'
import type { Hypothesis } from '../../src/domain/transcript.js'
import { openStream } from '../../src/recognition/incremental.js'
import type { RecognitionStream, RecognizeOptions, Recognizer } from '../../src/recognition/recognizer.js'

const OPTIONS: RecognizeOptions = {
  language: undefined, expectSpeech: true, interrupt: () => undefined, timer: startStageTimer(),
}

/** Answers with the number of samples that it was given. */
function counting(change: Partial<Recognizer> = {}): { recognizer: Recognizer; decodes: number[] } {
  const decodes: number[] = []
  const recognizer: Recognizer = {
    name: 'counting', sampleRate: 100, maxSeconds: 3, languages: ['en'], engine: 'reference', timesWords: false,
    provider: { provider: 'cpu', refused: [] },
    padding: { leadingSeconds: [0], trailingSeconds: 0, redecodeBelow: -1 },
    async recognize({ waveform, endSeconds }): Promise<Hypothesis> {
      decodes.push(waveform.samples.length)
      const sum = waveform.samples.reduce((total, sample) => total + sample, 0)
      const text = `${waveform.samples.length} samples, ${endSeconds} s, sum ${sum}`
      return { text, tokens: [1], logProbabilities: [0], stopped: 'end_of_text', language: 'en' }
    },
    dispose: async () => undefined,
    ...change,
  }
  return { recognizer, decodes }
}

t.test('the default decodes all samples from the start, and nothing twice', async (t) => {
  const { recognizer, decodes } = counting()
  const stream = openStream(recognizer, OPTIONS)
  stream.push(new Float32Array(90).fill(1))
  stream.push(new Float32Array(60).fill(2))
  t.equal((await stream.hypothesis()).text, '150 samples, 1.5 s, sum 210')
  await stream.hypothesis()
  stream.push(new Float32Array(150))
  t.equal((await stream.finish()).text, '300 samples, 3 s, sum 210')
  t.same(decodes, [150, 300])
})

t.test('a family that is incremental itself is used as it is', async (t) => {
  const own: RecognitionStream = {
    push: () => undefined,
    hypothesis: async () => { throw new Error('not asked') },
    finish: async () => { throw new Error('not asked') },
  }
  const given: RecognizeOptions[] = []
  const { recognizer } = counting({ openStream: (options) => { given.push(options); return own } })
  t.equal(openStream(recognizer, OPTIONS), own)
  t.same(given, [OPTIONS])
})
