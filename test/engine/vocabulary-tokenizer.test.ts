/** The tokenizer of character vocabularies. */
import t from 'tap'
import { vocabularyTokenizer } from '../../src/engine/vocabulary-tokenizer.js'

const bytes = (value: unknown): Uint8Array => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
const tokenizer = vocabularyTokenizer(bytes({ '<pad>': 0, '|': 1, h: 2, i: 3, o: 4, '[UNK]': 5, hi: 6 }), '|')

t.test('tokens become text, with spaces where the delimiter is and nothing for special tokens', async (t) => {
  t.equal(tokenizer.decode([1, 2, 3, 0, 1, 1, 4, 5, 1]), 'hi o')
  t.equal(tokenizer.decode([]), '')
  t.same(tokenizer.pieces([2, 3, 1, 4, 0]), ['h', 'i', ' ', 'o', ''])
  t.same([2, 1, 0, 99].map((token) => tokenizer.piece(token)), ['h', '▁', '', ''])
  t.same([6, 1, 0].map((token) => Buffer.from(tokenizer.bytes(token)).toString()), ['hi', ' ', ''])
})

t.test('text becomes the longest pieces, or nothing where it has another character', async (t) => {
  t.same(tokenizer.encode('hi oh'), [6, 1, 4, 2])
  t.same(tokenizer.encode('hi x'), [])
})

t.test('files that are no vocabulary are refused', async (t) => {
  for (const wrong of ['{', [], {}, { '|': 'x' }, { '|': 1.5 }, 'null']) {
    t.throws(() => vocabularyTokenizer(bytes(wrong), '|'), { code: 'MODEL_INVALID' }, JSON.stringify(wrong))
  }
  t.throws(() => vocabularyTokenizer(bytes({ a: 1 }), '|'), { code: 'MODEL_INVALID', message: /no token "\|"/ })
})
