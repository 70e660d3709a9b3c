/** What a search found as text: readings of different words, best first. */
import t from 'tap'
import { asHypothesis } from '../../../src/recognition/decoding/phrases.js'
import type { BeamDecoded } from '../../../src/recognition/decoding/search-contract.js'
import { comparableText } from '../../../src/domain/words.js'

/** Of these texts, best first, each a little less likely than the one before. */
function found(texts: readonly string[], nBest: number, phrases: readonly (readonly number[])[] = []) {
  const transcripts = texts.map((_, token) => ({ tokens: [token], logProbabilities: [-token, -1], stopped: 'end_of_text' as const, phrases: phrases[token] ?? [], biasScore: 0 }))
  const decoded: BeamDecoded = { ...transcripts[0]!, found: transcripts, nBest, phraseScores: [], unbiasedMeanLogProbability: -1, changedByBiasing: false }
  return asHypothesis(decoded, { decode: ([token]) => texts[token!]! }).alternatives!
}

t.test('readings that differ in capitals and marks alone are one: the best of them, where it stood', async (t) => {
  const readings = found(['Yes.', 'yes', 'Yeah', 'YES!', 'yeah,', 'Jess'], 5)
  t.same(readings.map(({ text, logProbability }) => [text, logProbability]), [['Yes.', -1], ['Yeah', -3], ['Jess', -6]])
})

t.test('as many readings are given as are wanted, all of different words', async (t) => {
  const texts = Array.from({ length: 40 }, (_, index) => `${['no', 'No', 'no.', 'No!'][index % 4]!} ${Math.floor(index / 4)}`)
  for (let nBest = 1; nBest <= 12; nBest++) {
    const readings = found(texts, nBest)
    t.equal(readings.length, Math.min(nBest, 10))
    t.equal(new Set(readings.map(({ text }) => comparableText(text))).size, readings.length)
  }
})

t.test('a phrase that was heard in one spelling was heard in its words', async (t) => {
  t.same(found(['Green tea', 'green tea', 'Queen tea'], 5, [[], [3], [4]]).map(({ phrases }) => phrases), [[3], [4]])
  t.same(found(['Green tea', 'green tea'], 5, [[1], [2]]).map(({ phrases }) => phrases), [[1]])
})

t.test('words of any script are compared as they are, and marks alone are none', async (t) => {
  t.equal(comparableText('¿Qué? — ÉL…'), 'qué él')
  t.not(comparableText('für'), comparableText('fur'))
  t.not(comparableText('कि'), comparableText('की'), 'a vowel sign is no mark of punctuation')
  t.equal(comparableText(' … '), '')
})
