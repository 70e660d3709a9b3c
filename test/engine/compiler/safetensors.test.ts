/** The safetensors format: what is written is read, and a header that does not fit the bytes is refused. */
import t from 'tap'
import { readSafetensors } from '../../../src/engine/compiler/safetensors.js'
import { safetensorsFile, safetensorsOf, type NamedTensor } from '../../../fixtures/weight-files.js'

const VALUES = Float32Array.of(1, -2, 0.5, 0.25, -1024, 0)
const STORED = ['float32', 'float16', 'bfloat16'] as const
const file = safetensorsFile(STORED.map((stored): NamedTensor =>
  ({ name: stored, dims: [2, 3], values: VALUES, stored })))
const entry = (shape: unknown, offsets: unknown, dtype: unknown = 'F32'): object =>
  ({ dtype, shape, data_offsets: offsets })

t.test('tensors of three types are read, whatever the address of the file', async (t) => {
  for (const offset of [0, 1]) {
    const { has, read } = readSafetensors(Buffer.concat([Buffer.alloc(offset), file]).subarray(offset))
    for (const stored of STORED) t.same(read(stored), { values: VALUES, dims: [2, 3] }, stored)
    t.same([has('float16'), has('other'), read('other')], [true, false, undefined])
    t.notOk(has('__metadata__'))
  }
})

t.test('special values of 16 bits keep their meaning', async (t) => {
  const bits = Uint16Array.of(0x7c00, 0xfc00, 0x7e00, 0x0001, 0x8000, 0x3555)
  const { read } = readSafetensors(safetensorsOf({ x: entry([6], [0, 12], 'F16') }, Buffer.from(bits.buffer)))
  t.same([...read('x')!.values], [Infinity, -Infinity, NaN, 2 ** -24, -0, Math.fround(0.333251953125)])
})

t.test('a tensor of another type is skipped until it is read', async (t) => {
  const { read } = readSafetensors(safetensorsOf({ count: entry([], [0, 8], 'I64') }, Buffer.alloc(8)))
  t.throws(() => read('count'), { code: 'MODEL_INVALID', message: /count is I64/ })
})

t.test('a file that is cut off anywhere is refused', async (t) => {
  for (let length = 0; length < file.length; length++) {
    t.throws(() => readSafetensors(file.subarray(0, length)), { code: 'MODEL_INVALID' }, `${length}`)
  }
})

t.test('headers that contradict the bytes are refused', async (t) => {
  const cases: readonly (readonly [unknown, number, RegExp])[] = [
    ['{', 0, /not JSON/],
    ['[]', 0, /no object/],
    ['null', 0, /no object/],
    [{ x: null }, 4, /no type, shape and two offsets for x/],
    [{ x: entry([1], [0]) }, 4, /two offsets/],
    [{ x: entry([-1], [0, 4]) }, 4, /no type, shape/],
    [{ x: entry([1.5], [0, 4]) }, 4, /no type, shape/],
    [{ x: entry([1], [0, 4], 7) }, 4, /no type/],
    [{ x: entry([2], [0, 4]) }, 4, /cannot be the bytes from 0 to 4/],
    [{ x: entry([1], [4, 0]) }, 4, /cannot be the bytes from 4 to 0/],
    [{ x: entry([1], [4, 8]) }, 8, /begins at byte 4, and the tensor before it ends at 0/],
    [{ x: entry([1], [0, 4]), y: entry([1], [0, 4]) }, 4, /y begins at byte 0/],
    [{ x: entry([1], [0, 4]) }, 8, /take 4 bytes, and it has 8/],
    [{ x: entry([2 ** 40], [0, 2 ** 42]) }, 4, /take 4398046511104 bytes/],
  ]
  for (const [header, bytes, message] of cases) {
    const broken = safetensorsOf(header, Buffer.alloc(bytes))
    t.throws(() => readSafetensors(broken), { code: 'MODEL_INVALID', message }, JSON.stringify(header))
  }
  const longHeader = Buffer.alloc(8, 0xff)
  t.throws(() => readSafetensors(longHeader), { code: 'MODEL_INVALID', message: /header would take/ })
})
