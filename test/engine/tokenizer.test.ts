/** Token ids → text, for both kinds of vocabulary, compared with the encoders of the libraries. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import llama from 'llama-tokenizer-js'
import { test } from 'tap'
import { projectRoot } from '../../src/domain/project-root.js'
import { huggingFaceTokenizer, llamaTokenizer } from '../../src/engine/tokenizer.js'

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
