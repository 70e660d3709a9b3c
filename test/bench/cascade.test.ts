/** The bench of the cascade relies on a memory that changes nothing but the cost. */
import t from 'tap'
import { remembering, type Remembered } from '../../bench/research/remembering.js'
import type { RecognizeOptions, Recognizer } from '../../src/recognition/recognizer.js'
import { startStageTimer } from '../../src/domain/stage-timer.js'
import type { Clip } from '../../src/domain/audio.js'

const OPTIONS: RecognizeOptions = {
  language: 'en', expectSpeech: true, interrupt: () => undefined, timer: startStageTimer(),
}

const clipOf = (value: number): Clip => ({
  waveform: { samples: new Float32Array(100).fill(value), sampleRate: 16_000 }, startSeconds: 0, endSeconds: 1,
})

t.test('a clip is decoded once, its time is counted every time, and other options mean another decode', async (t) => {
  let decodes = 0
  const recognizer = remembering({
    recognize: async () => {
      await new Promise((resolve) => setTimeout(resolve, 20))
      return { text: String(++decodes), tokens: [1], logProbabilities: [-0.1], stopped: 'end_of_text', language: 'en' }
    },
  } as unknown as Recognizer)
  const texts = []
  for (const [clip, options] of [
    [clipOf(0.1), OPTIONS], [clipOf(0.1), OPTIONS], [clipOf(0.2), OPTIONS],
    [clipOf(0.1), { ...OPTIONS, language: 'de' }], [clipOf(0.1), { ...OPTIONS, expectSpeech: false }],
    [clipOf(0.2), OPTIONS], [clipOf(0.2), { ...OPTIONS, beam: { nBest: 8, phrases: undefined, strength: 0 } }],
  ] as const) {
    texts.push((await recognizer.recognize(clip, options)).text)
  }
  t.same(texts, ['1', '1', '2', '3', '4', '2', '5'])
  t.ok(recognizer.decodeSeconds() > recognizer.spentSeconds(), 'two of seven cost nothing')
})

t.test('passes of an earlier run are known, and those of this one are kept for the next', async (t) => {
  const known = new Map<string, Remembered>()
  const answer = (text: string): Recognizer => ({
    recognize: async () => ({ text, tokens: [1], logProbabilities: [-0.1], stopped: 'end_of_text', language: 'en' }),
  } as unknown as Recognizer)
  await remembering(answer('first'), known).recognize(clipOf(0.1), OPTIONS)
  const { text } = await remembering(answer('second'), known).recognize(clipOf(0.1), OPTIONS)
  t.equal(text, 'first')
  t.equal(known.size, 1)
})
