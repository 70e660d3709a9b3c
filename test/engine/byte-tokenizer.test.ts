/** Byte pairs whose ids are their order. */
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { projectRoot } from '../../src/domain/project-root.js'
import { byteTokenizer } from '../../src/engine/byte-tokenizer.js'
import { readGgmlVocabulary } from '../../src/engine/compiler/ggml.js'

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1')
const euro = Buffer.from('€').toString('latin1')
/** Single bytes, then merges: "lo" was merged before "he". */
const PIECES = ['h', 'e', 'l', 'o', ' ', '!', ...euro, 'lo', 'he', ' he', 'hel', 'ell', "'", 's', "'s", ' l']
const tokenizer = byteTokenizer(PIECES.map(bytes))
const id = (piece: string): number => PIECES.indexOf(piece)

t.test('tokens become text; ids above the vocabulary print nothing', async (t) => {
  t.equal(tokenizer.decode([id(' he'), id('l'), id('lo'), id('!'), 99]), 'hello!')
  t.equal(tokenizer.decode([]), '')
  t.same([' he', 'lo', '!'].map((piece) => tokenizer.piece(id(piece))), ['Ġhe', 'lo', '!'])
  t.equal(tokenizer.piece(99), '')
})

t.test('a character of several tokens belongs to the last, and its parts are no punctuation', async (t) => {
  const parts = [6, 7, 8]
  t.same(tokenizer.pieces([id('h'), ...parts, id('!')]), ['h', '', '', '€', '!'])
  t.match(tokenizer.piece(6), /^<0x/)
  t.same([...parts, 99].map((token) => [...tokenizer.bytes(token)]), [[0xe2], [0x82], [0xac], []])
})

t.test('the pair with the lowest id is merged first, in each word on its own', async (t) => {
  t.same(tokenizer.encode('hello'), [id(' he'), id('l'), id('lo')], 'neither "hel" nor "ell" is reached')
  t.same(tokenizer.encode("he's!"), [id(' he'), id("'s"), id('!')])
  t.same(tokenizer.encode('lo'), [id(' '), id('lo')], '"lo" is merged before " l"')
  t.same(tokenizer.encode('€'), [id(' '), 6, 7, 8])
  t.same(tokenizer.encode('hex'), [], 'no token for x')
})

const real = path.join(projectRoot, 'models/whisper-base-en/weights/ggml-base.en.bin')
const skip = existsSync(real) ? false : 'no weights; npm run models -- fetch whisper-base-en'
t.test('the vocabulary of GPT-2 encodes as GPT-2 does, and decodes to the same text', { skip }, async (t) => {
  const gpt2 = byteTokenizer(readGgmlVocabulary(readFileSync(real)).slice(0, 50256))
  t.same(gpt2.encode('hello world'), [23748, 995])
  for (const text of ['Route 66', "it's 5 o'clock", 'Zürich, São Paulo', '日本語', 'ok 👍🏽', 'supercalifragilistic']) {
    const tokens = gpt2.encode(text)
    t.equal(gpt2.decode(tokens), text)
    t.equal(gpt2.pieces(tokens).join('').trim(), text)
    t.equal(Buffer.concat(tokens.map(gpt2.bytes)).toString(), ` ${text}`)
  }
  t.equal(gpt2.decode([50256, 50257, 50362, 51863]), '')
  t.equal(gpt2.piece(995), 'Ġworld')
})
