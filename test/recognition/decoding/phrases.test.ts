/** Hypotheses as text: alternatives with different words, best first. */
import t from 'tap'
import { asHypothesis } from '../../../src/recognition/decoding/phrases.js'
import type { BeamResult } from '../../../src/recognition/decoding/beam-contract.js'
import { comparableText } from '../../../src/domain/words.js'

/** Alternatives of these texts, each less probable than the one before. */
function alternativesOf(texts: readonly string[], nBest: number, phrases: readonly (readonly number[])[] = []) {
  const transcripts = texts.map((_, token) => ({
    tokens: [token], logProbabilities: [-token, -1], stopped: 'end_of_text' as const, phrases: phrases[token] ?? [],
    biasScore: 0, wholePhrase: -1,
  }))
  const decoded: BeamResult = {
    ...transcripts[0]!, hypotheses: transcripts, nBest, phraseScores: [], phraseScoring: 'beam',
    unbiased: transcripts[0]!,
  }
  return asHypothesis(decoded, { decode: ([token]) => texts[token!]! }).alternatives!
}

t.test('alternatives that differ only in capitals and punctuation are one, with the rank of the best', async (t) => {
  const alternatives = alternativesOf(['Yes.', 'yes', 'Yeah', 'YES!', 'yeah,', 'Jess'], 5)
  t.same(
    alternatives.map(({ text, logProbability }) => [text, logProbability]),
    [['Yes.', -1], ['Yeah', -3], ['Jess', -6]],
  )
})

t.test('nBest alternatives are returned, all with different words', async (t) => {
  const texts = Array.from(
    { length: 40 },
    (_, index) => `${['no', 'No', 'no.', 'No!'][index % 4]!} ${Math.floor(index / 4)}`,
  )
  for (let nBest = 1; nBest <= 12; nBest++) {
    const alternatives = alternativesOf(texts, nBest)
    t.equal(alternatives.length, Math.min(nBest, 10))
    t.equal(new Set(alternatives.map(({ text }) => comparableText(text))).size, alternatives.length)
  }
})

t.test('a phrase found in one spelling counts for all spellings of the same words', async (t) => {
  t.same(
    alternativesOf(['Green tea', 'green tea', 'Queen tea'], 5, [[], [3], [4]]).map(({ phrases }) => phrases),
    [[3], [4]],
  )
  t.same(alternativesOf(['Green tea', 'green tea'], 5, [[1], [2]]).map(({ phrases }) => phrases), [[1]])
})

t.test('words of any script are compared, and punctuation alone is no word', async (t) => {
  t.equal(comparableText('¿Qué? — ÉL…'), 'qué él')
  t.not(comparableText('für'), comparableText('fur'))
  t.not(comparableText('कि'), comparableText('की'), 'a vowel sign is no punctuation')
  t.equal(comparableText(' … '), '')
})
