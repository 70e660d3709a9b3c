/** Files of whisper.cpp: what is written is read, and every count that does not fit the bytes is refused. */
import t from 'tap'
import { isGgml, readGgml, readGgmlVocabulary } from '../../../src/engine/compiler/ggml.js'
import { ggmlFile, type NamedTensor } from '../../../fixtures/weight-files.js'

const WORDS = ['a', ' the', ''].map((text) => Buffer.from(text))
const TENSORS: readonly NamedTensor[] = [
  { name: 'matrix', dims: [2, 3], values: Float32Array.of(1, -2, 0.5, 0.25, -1024, 0), stored: 'float16' },
  { name: 'conv.bias', dims: [4, 1], values: Float32Array.of(0.1, 0.2, 0.3, 0.4) },
]
const file = ggmlFile(WORDS, TENSORS)
/** Magic number and sizes. */
const HEAD_BYTES = 4 * 12
const MEL_BYTES = 4 * 2 + 4 * 6
const VOCABULARY_BYTES = 4 + 3 * 4 + 5
const FIRST_TENSOR = HEAD_BYTES + MEL_BYTES + VOCABULARY_BYTES

t.test('vocabulary and tensors are read, whatever the address of the file', async (t) => {
  for (const offset of [0, 1, 3]) {
    const shifted = Buffer.concat([Buffer.alloc(offset), file]).subarray(offset)
    t.ok(isGgml(shifted))
    const { vocabulary, has, read } = readGgml(shifted)
    t.same(vocabulary.map((bytes) => Buffer.from(bytes).toString()), ['a', ' the', ''])
    t.same(readGgmlVocabulary(shifted).length, 3)
    t.ok(vocabulary.every(({ buffer }) => buffer !== shifted.buffer), 'the vocabulary does not keep the file')
    t.same(read('matrix'), { values: TENSORS[0]!.values, dims: [2, 3] })
    t.same(read('conv.bias'), { values: TENSORS[1]!.values, dims: [4] }, 'a bias written as a column')
    t.same([has('matrix'), has('other'), read('other')], [true, false, undefined])
  }
  t.notOk(isGgml(Buffer.from('abc')))
  t.notOk(isGgml(Buffer.from('abcd')))
})

t.test('a file that ends anywhere but after a tensor is refused', async (t) => {
  const wholes = [FIRST_TENSOR, FIRST_TENSOR + 12 + 8 + 6 + 12]
  for (let length = 0; length < file.length; length++) {
    const cut = file.subarray(0, length)
    if (wholes.includes(length)) t.doesNotThrow(() => readGgml(cut), `${length}`)
    else t.throws(() => readGgml(cut), { code: 'MODEL_INVALID', message: /broken at byte/ }, `${length}`)
  }
})

t.test('counts that cannot be are refused before anything is allocated for them', async (t) => {
  const withNumber = (at: number, value: number): Buffer => {
    const changed = Buffer.from(file)
    changed.writeInt32LE(value, at)
    return changed
  }
  const cases: readonly (readonly [string, number, number, RegExp])[] = [
    ['magic number', 0, 1, /does not begin with the magic number/],
    ['mel bins', HEAD_BYTES, -1, /number of mel bins is -1/],
    ['mel filters', HEAD_BYTES, 2 ** 31 - 1, /the mel filters would take/],
    ['tokens', HEAD_BYTES + MEL_BYTES, 2 ** 31 - 1, /the vocabulary would take/],
    ['no tokens', HEAD_BYTES + MEL_BYTES, 0, /number of tokens is 0/],
    ['length of a token', HEAD_BYTES + MEL_BYTES + 4, -1, /token 0 has 4294967295 bytes/],
    ['axes', FIRST_TENSOR, 5, /has 5 axes/],
    ['name', FIRST_TENSOR + 4, 10_000, /name of a tensor has 10000 bytes/],
    ['type', FIRST_TENSOR + 8, 2, /matrix is of type 2/],
    ['size', FIRST_TENSOR + 12, 2 ** 31 - 1, /matrix would take/],
    ['empty axis', FIRST_TENSOR + 12, 0, /numbers along an axis is 0/],
  ]
  for (const [what, at, value, message] of cases) {
    t.throws(() => readGgml(withNumber(at, value)), { code: 'MODEL_INVALID', message }, what)
  }
  t.throws(() => readGgml(ggmlFile(WORDS, [TENSORS[0]!, TENSORS[0]!])), { message: /matrix occurs twice/ })
})
