/** Answers as people read them: the text first, the token last, and no digits that mean nothing. */
import t from 'tap'
import { rounded } from '../../../src/serving/http/answers.js'
import { CLIP, post, REPORT, setUp } from './fake-service.js'

t.test('times have milliseconds, stages tenths of them, other numbers four significant digits, whole numbers and bytes all of theirs', async (t) => {
  t.same(rounded({
    startSeconds: 0.12300000000000001, seconds: { model: 0.0295061, queue_wait: 0.0002 }, confidence: 0.9512294245,
    logProbability: -12.345678, centroidHz: 15_234.56, tokens: [7412, 777], bytes: 26_214_400, tiny: 1.23456e-9,
    words: [{ start: 1.0000000002, end: 2, text: '0.123456789' }], none: null, infinite: Infinity,
  }), {
    startSeconds: 0.123, seconds: { model: 0.0295, queue_wait: 0.0002 }, confidence: 0.9512, logProbability: -12.35,
    centroidHz: 15_235, tokens: [7412, 777], bytes: 26_214_400, tiny: 1.235e-9,
    words: [{ start: 1, end: 2, text: '0.123456789' }], none: null, infinite: Infinity,
  })
  t.same(rounded([{ score: 0.599961234 }, { score: 12_345.6784321 }]), [{ score: 0.59996 }, { score: 12_345.6784 }])
})

t.test('no number of an answer has noise', async (t) => {
  const noisy = JSON.parse(JSON.stringify(REPORT), (_key, value: unknown) =>
    typeof value === 'number' && !Number.isInteger(value) ? value + 1e-13 / 3 : value) as typeof REPORT
  const { url } = await setUp(t, {}, { answer: async () => noisy })
  const form = new FormData()
  form.append('file', new Blob([CLIP]), 'clip.wav')
  form.append('response_format', 'verbose_json')
  const answers = await Promise.all([
    post(`${url}/v1/transcriptions`, CLIP), post(`${url}/v1/search?phrases=jazz`, CLIP),
    fetch(`${url}/v1/audio/transcriptions`, { method: 'POST', body: form }),
    fetch(`${url}/v1/models`),
  ])
  for (const answer of answers) {
    const text = await answer.text()
    t.equal(answer.status, 200, answer.url)
    t.notMatch(text.replace(/"(?:[^"\\]|\\.)*"/g, '""'), /\d\.\d{6}/, answer.url)
  }
})

t.test('the text comes first, the token last, and a line break ends the JSON', async (t) => {
  const { url } = await setUp(t)
  for (const path of ['/v1/transcriptions', '/v1/search?phrases=jazz']) {
    const text = await (await post(`${url}${path}`, CLIP)).text()
    t.match(text, /^\{"text":"play some jazz","/, path)
    t.match(text, /"requestId":"[^"]+","feedbackToken":"[^"]+"\}\n$/, path)
  }
  t.match(await (await post(`${url}/v1/transcriptions`, 'nothing')).text(), /^\{"error":\{"message":.*\}\n$/)
})
