/** What the bench of the cascade stands on: a memory that changes nothing but the cost, and a picture of what was found. */
import t from 'tap'
import { drawCurves } from '../../bench/cascade-picture.js'
import { remembering } from '../../bench/remembering.js'
import type { RecognizeOptions, Recognizer } from '../../src/recognition/recognizer.js'
import { startStageTimer } from '../../src/domain/stage-timer.js'
import type { Clip } from '../../src/domain/audio.js'

const OPTIONS: RecognizeOptions = { language: 'en', expectSpeech: true, interrupt: () => undefined, timer: startStageTimer() }

const clipOf = (value: number): Clip => ({ waveform: { samples: new Float32Array(100).fill(value), sampleRate: 16_000 }, startSeconds: 0, endSeconds: 1 })

t.test('a clip is decoded once, its time is counted as often as it is asked for, and another question is another decode', async (t) => {
  let decodes = 0
  const recognizer = remembering({
    recognize: async () => {
      await new Promise((resolve) => setTimeout(resolve, 20))
      return { text: String(++decodes), tokens: [1], logProbabilities: [-0.1], stopped: 'end_of_text', language: 'en' }
    },
  } as unknown as Recognizer)
  const texts = []
  for (const [clip, options] of [[clipOf(0.1), OPTIONS], [clipOf(0.1), OPTIONS], [clipOf(0.2), OPTIONS], [clipOf(0.1), { ...OPTIONS, language: 'de' }], [clipOf(0.1), { ...OPTIONS, expectSpeech: false }], [clipOf(0.2), OPTIONS]] as const) {
    texts.push((await recognizer.recognize(clip, options)).text)
  }
  t.same(texts, ['1', '1', '2', '3', '4', '2'])
  t.ok(recognizer.decodeSeconds() > recognizer.spentSeconds(), 'two of six cost nothing')
})

t.test('the picture has a curve for each number of hearings, the models alone as lines, and the choice as a ring inside', (t) => {
  const settings = [1, 3].flatMap((hearings) => [0, 0.5, 1].map((below) => ({ hearings, below, wer: 20 - 8 * below - hearings, seconds: 0.1 + below, asked: below, werOfLikelier: 20 })))
  const alone = { small: { wer: 20, seconds: 0.1, asked: 0 }, larger: { wer: 11, seconds: 1, asked: 0 } }
  const svg = drawCurves({ small: 'a <small> one', larger: 'a larger one', alone, settings, chosen: settings[1]!, mostTime: 0.4 })
  t.equal([...svg.matchAll(/<polyline /g)].length, 2 * 2)
  t.equal([...svg.matchAll(/<circle /g)].length, 2)
  for (const name of ['a &lt;small&gt; one', 'a larger one', 'allowed', 'heard once', 'heard up to 3 times']) t.ok(svg.includes(name), name)
  t.notMatch(svg, /NaN|Infinity|undefined/)
  const heights = [...svg.matchAll(/points="([^"]+)"/g)].flatMap(([, points]) => points!.split(' ').map((point) => Number(point.split(',')[1])))
  t.ok(heights.every((y) => y >= 62 && y <= 556), 'no curve leaves its panel')
  t.end()
})
