/** Token ids → text, for both kinds of vocabulary, compared with the encoders of the libraries. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import llama from 'llama-tokenizer-js'
import { test } from 'tap'
import { projectRoot } from '../../src/domain/project-root.js'
import { huggingFaceTokenizer, llamaTokenizer, type Tokenizer } from '../../src/engine/tokenizer.js'

const TEXTS = [
  'hello', 'And so, my fellow Americans: ask not!', "it's 5 o'clock", 'Zürich, São Paulo', 'naïve café — 50 %',
  '日本語の音声', 'two  spaces', 'ok 👍🏽',
]

test('a Llama vocabulary decodes an encoded text to itself', (t) => {
  const { decode } = llamaTokenizer()
  for (const text of TEXTS) t.equal(decode(llama.encode(text, false)), text)
  t.end()
})

test('each token has one piece, and joined they are the text', async (t) => {
  const folder = path.join(projectRoot, 'fixtures/graphs/tiny-whisper')
  const whisper = huggingFaceTokenizer(
    await readFile(path.join(folder, 'tokenizer.json')),
    await readFile(path.join(folder, 'tokenizer_config.json')),
  )
  const cases = [
    ...TEXTS.map((text) => [llamaTokenizer(), [1, ...llama.encode(text, false), 2]] as const),
    [whisper, [17, 18, 3, 4, 5, 6, 16]] as const,
  ]
  for (const [tokenizer, tokens] of cases) {
    for (const some of [tokens, tokens.slice(1, -1), tokens.slice(3), []]) {
      const pieces = tokenizer.pieces(some)
      t.equal(pieces.length, some.length)
      t.equal(pieces.join('').trim(), tokenizer.decode(some))
    }
  }
  t.same(whisper.pieces([3, 4, 16]), [' find', ' the', ''])
})

test('the bytes of all tokens of a text are the text', async (t) => {
  const llamaBytes = llamaTokenizer()
  const joined = (tokens: readonly number[], { bytes }: Pick<Tokenizer, 'bytes'>): string =>
    Buffer.concat(tokens.map(bytes)).toString('utf8')
  for (const text of TEXTS) t.equal(joined([1, ...llama.encode(text, false), 2, 32_000], llamaBytes).trim(), text)
  const thumb = llama.encode('👍', false).map((token) => [...llamaBytes.bytes(token)])
  t.ok(thumb.some((bytes) => bytes.length === 1 && bytes[0]! >= 0x80), 'a part of a character')
  const folder = path.join(projectRoot, 'fixtures/graphs/tiny-whisper')
  const whisper = huggingFaceTokenizer(
    await readFile(path.join(folder, 'tokenizer.json')), await readFile(path.join(folder, 'tokenizer_config.json')),
  )
  t.equal(joined([17, 18, 3, 4, 5, 6, 16], whisper), ' find the red shoes', 'with the space before a word')
})

test('tokens of a byte-level vocabulary have the bytes that it writes as characters', async (t) => {
  // "é" is two bytes, which GPT-2 writes as "Ã" and "©"; a space is "Ġ".
  const vocabulary = { 'Ã': 0, '©': 1, 'ĠcafÃ©': 2, 'Ċ': 3, '<|end|>': 4 }
  const end = {
    id: 4, content: '<|end|>', special: true, single_word: false, lstrip: false, rstrip: false, normalized: false,
  }
  const json = {
    version: '1.0', added_tokens: [end], normalizer: null, decoder: { type: 'ByteLevel' },
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false }, post_processor: null,
    model: { type: 'BPE', vocab: vocabulary, merges: [] },
  }
  const encode = (value: object): Uint8Array => new TextEncoder().encode(JSON.stringify(value))
  const { bytes, decode } = huggingFaceTokenizer(encode(json), encode({}))
  t.same([0, 1, 3, 4].map((token) => [...bytes(token)]), [[0xc3], [0xa9], [0x0a], []])
  t.equal(Buffer.from(bytes(2)).toString(), ' café')
  t.equal(Buffer.concat([2, 0, 1].map(bytes)).toString().trim(), decode([2, 0, 1]))
})

test('special ids of a Llama vocabulary are left out at any position', (t) => {
  const { decode } = llamaTokenizer()
  const [start, end, beyond, last] = [1, 2, 32_000, 32_767]
  t.equal(decode([]), '')
  t.equal(decode([start, end, beyond, last]), '')
  for (const text of TEXTS) t.equal(decode([start, ...llama.encode(text, false), beyond, end]), text)
  t.end()
})

test('bytes of an incomplete character become U+FFFD instead of an error', (t) => {
  const { decode } = llamaTokenizer()
  const firstByteOfTwo = llama.vocabByString.get('<0xC3>')
  t.equal(decode(firstByteOfTwo === undefined ? [] : [firstByteOfTwo]), '\uFFFD')
  t.end()
})

test('a tokenizer.json is read with its configuration', async (t) => {
  const folder = path.join(projectRoot, 'fixtures/graphs/tiny-whisper')
  const { decode } = huggingFaceTokenizer(
    await readFile(path.join(folder, 'tokenizer.json')),
    await readFile(path.join(folder, 'tokenizer_config.json')),
  )
  t.equal(decode([]), '')
  t.equal(decode([3, 4, 5, 6]), 'find the red shoes', 'no space before the first word, one between words')
  t.equal(decode([17, 18, 20, 21, 0, 1, 2, 16]), 'play some music', 'special tokens are left out')
  t.equal(decode([16, 17]), '')
})

test('tokenizer files that cannot be read are an invalid model', (t) => {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
  for (const wrong of ['', 'not json', 'null', '{}', '{"model":{"type":"NoSuchModel"}}']) {
    t.throws(
      () => huggingFaceTokenizer(bytes(wrong), bytes('{}')),
      { name: 'SpeechError', code: 'MODEL_INVALID' },
      wrong,
    )
  }
  t.end()
})
