/** The page: complete, escaped, and without anything from elsewhere. */
import t from 'tap'
import { binsOf } from '../../../src/data/report/histogram.js'
import { addressOf } from '../../../src/data/report/html.js'
import { summarize } from '../../../src/data/verification/summary.js'
import { verificationPage } from '../../../src/data/verification/verification-page.js'
import { verify } from '../../../src/data/verification/verify.js'
import { amongOthers, clipAt } from './made-up.js'

t.test('a page has the findings with players, and no script and no outside address', async (t) => {
  const clips = amongOthers(clipAt(1, {
    listed: { clip: 'set/<b>&".wav', text: '<script>alert(1)</script>' },
    recognized: { text: '', noSpeechReason: 'no_speech_detected', speechRatio: 0 },
  }))
  const html = verificationPage({
    name: 'speech & more', summary: summarize(clips), findings: verify({ clips }), audioOf: addressOf,
  })
  t.match(html, /<title>Verification of speech &amp; more<\/title>/)
  t.match(html, '<audio controls preload="none" src="set/%3Cb%3E%26%22.wav"></audio>')
  t.match(html, '&lt;script&gt;')
  t.notMatch(html, /<script|https?:|<link|@import/)
  t.match(html, /name="viewport"/)
  t.equal(html.match(/<figure>/g)?.length, summarize(clips).distributions.length)
})

t.test('a summary counts words and shares', async (t) => {
  const { clips, words, distinctWords, distributions, sources } = summarize(amongOthers())
  t.same({ clips, words, distinctWords }, { clips: 20, words: 80, distinctWords: 4 })
  t.same(sources, [{ name: 'set', seconds: 40, share: 1 }])
  const silence = distributions.find(({ name }) => name === 'silence before the speech')
  t.same(silence?.quantiles, [0.2, 0.2, 0.2, 0.2, 0.2])
})

t.test('a histogram counts every value, the far ones in the outer bins', async (t) => {
  const bins = binsOf([-100, 0.1, 0.2, 0.9, 1, 5, 7, 8, 100], [0, 3])
  t.same(bins.map(({ count }) => count), [4, 1, 4])
  t.same(binsOf([2, 2], [2, 2]).map(({ count }) => count).reduce((a, b) => a + b), 2)
})
