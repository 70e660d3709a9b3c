/** Given transcripts are scored in batches, in their order. */
import t from 'tap'
import { asDecoded, scoreTranscripts } from '../../../src/recognition/decoding/transcript-scores.js'

/** One token for each letter; a word begins with the token 0. */
const LETTERS = 'abcdefghijklmnopqrstuvwxyz'
const tokenizer = {
  encode: (word: string): number[] => [0, ...[...word].map((letter) => LETTERS.indexOf(letter) + 1)],
  decode: (tokens: readonly number[]): string => tokens.map((token) => token === 0 ? ' ' : LETTERS[token - 1]).join('').trim(),
}

/** Each token costs 1, the end 0.5; notes the batches. */
function scoring(batches: number[][] = []) {
  return {
    tokenizer, decoded: { tokens: tokenizer.encode('four'), logProbabilities: [-0.25] }, interrupt: () => undefined,
    score: async (texts: readonly (readonly number[])[]) => {
      batches.push(texts.map(({ length }) => length))
      return texts.map((tokens) => [...tokens.map(() => -1), -0.5])
    },
  }
}

t.test('the sum over the tokens and the end, in the order of the texts', async (t) => {
  t.same(await scoreTranscripts(['for', 'a', 'to be'], scoring()), [-4.5, -2.5, -6.5])
})

t.test('full stops at the end are no part of a text', async (t) => {
  t.same(await scoreTranscripts(['for.', 'for?!'], scoring()), [-4.5, -4.5])
})

t.test('a text with the words of the decoded one has its score, and is not decoded again', async (t) => {
  const batches: number[][] = []
  t.same(await scoreTranscripts(['Four.', 'for'], scoring(batches)), [-0.25, -4.5])
  t.same(batches, [[4]])
})

t.test('a text without tokens is impossible', async (t) => {
  t.same(await scoreTranscripts(['', 'for', '?'], scoring()), [-Infinity, -4.5, -Infinity])
})

t.test('a run has at most 96 tokens, each text as long as the longest, or one text', async (t) => {
  const batches: number[][] = []
  const word = (length: number): string => 'x'.repeat(length - 1)
  const texts = [10, 40, 10, 10, 48, 48, 200, 3].map(word)
  t.same(await scoreTranscripts(texts, scoring(batches)), [10, 40, 10, 10, 48, 48, 200, 3].map((n) => -n - 0.5))
  t.same(batches, [[10, 40], [10, 10], [48, 48], [200], [3]])
})

t.test('a request is interrupted between two runs', async (t) => {
  const batches: number[][] = []
  const interrupt = (): void => { if (batches.length === 1) throw new Error('cancelled') }
  const texts = ['x'.repeat(90), 'y'.repeat(90)]
  await t.rejects(scoreTranscripts(texts, { ...scoring(batches), interrupt }), /cancelled/)
  t.equal(batches.length, 1)
})

t.test('a given transcript becomes a decoded one', async (t) => {
  t.same(await asDecoded([0, 1], scoring().score), {
    tokens: [0, 1], logProbabilities: [-1, -1, -0.5], stopped: 'end_of_text',
  })
})
