/**
 * Float16: rounding to it, graphs of it, and their emulation on a CPU, which rounds every result. What layers compute
 * in it is compared in `layers.test.ts`, whole models in `half-models.test.ts`.
 */
import t from 'tap'
import { writeSteps } from '../../../src/engine/compiler/beam-steps.js'
import { crossAttentionTo } from '../../../src/engine/compiler/decoder.js'
import { Graph, type Target } from '../../../src/engine/compiler/graph.js'
import { writeGreedy } from '../../../src/engine/compiler/greedy-loop.js'
import { gelu, layerNorm, linear, selfAttention } from '../../../src/engine/compiler/layers.js'
import { readOnnx } from '../../../src/engine/compiler/onnx.js'
import { NOWHERE } from '../../../src/engine/compiler/positions.js'
import { FLOAT_FORMATS, toHalves } from '../../../src/engine/compiler/real-numbers.js'
import { Tensor } from '../../../src/engine/runtime/session.js'
import { evaluate, farthest, openGraph, randomNumbers, randomTable, tensorOf } from './reference.js'
import { decoder } from './toy-decoder.js'

const HALF: Target = { matrices: 'half' }
const EMULATED: Target = { matrices: 'emulated-half' }
/** Bits of the largest number, 65,504. */
const LARGEST = 0x7bff

function toHalf(value: number): number {
  return toHalves(Float32Array.of(value))[0]!
}

function valuesOf(halves: Uint16Array): Float32Array {
  return FLOAT_FORMATS.float16.read(new Uint8Array(halves.buffer, halves.byteOffset, halves.byteLength))
}

/** The float32 after a positive one, or before it. */
function neighbour(value: number, by: 1 | -1): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer)
  return new Float32Array(Uint32Array.of(bits[0]! + by).buffer)[0]!
}

t.test('every number of float16 stays what it is, with its sign', async (t) => {
  const bits = Uint16Array.from({ length: 2 * (LARGEST + 1) }, (_, index) =>
    index <= LARGEST ? index : 0x8000 | index - LARGEST - 1)
  t.same(toHalves(valuesOf(bits)), bits)
})

t.test('between two numbers the nearer one is taken, in the middle the even one', async (t) => {
  const values = valuesOf(Uint16Array.from({ length: LARGEST + 1 }, (_, index) => index))
  const wrong: string[] = []
  for (let below = 0; below < LARGEST; below++) {
    const middle = (values[below]! + values[below + 1]!) / 2
    const even = below % 2 === 0 ? below : below + 1
    const expected = [[middle, even], [neighbour(middle, -1), below], [neighbour(middle, 1), below + 1]] as const
    for (const [value, bits] of expected) {
      if (toHalf(value) !== bits || toHalf(-value) !== (0x8000 | bits)) wrong.push(`${value} → ${toHalf(value)}`)
    }
  }
  t.same(wrong, [])
})

t.test('a number beyond float16 is an error, and what rounds to the largest is not', async (t) => {
  t.equal(toHalf(neighbour(65_520, -1)), LARGEST)
  t.equal(toHalf(1e-45), 0)
  for (const value of [65_520, 1e30, Infinity, NaN]) {
    t.throws(() => toHalf(value), { code: 'MODEL_INVALID', message: /beyond the range of float16/ })
    t.throws(() => toHalf(-value), { code: 'MODEL_INVALID' })
  }
  for (const target of [HALF, EMULATED]) {
    const graph = new Graph('large', target)
    t.throws(() => graph.weight(Float32Array.of(1, 1e5), [2]), { code: 'MODEL_INVALID' })
    t.doesNotThrow(() => graph.weight(Float32Array.of(1, 1e5), [2], 'float32'))
  }
})

t.test('weights of half take two bytes, and those of the emulation are the same numbers', async (t) => {
  const values = randomNumbers(1, 100)
  const [half, emulated] = [HALF, EMULATED].map((target) => {
    const graph = new Graph('weights', target)
    graph.output(graph.op('Add', [graph.activationInput('x', [100]), graph.weight(values, [100])]), 'y', 'float32')
    const [weight] = [...readOnnx(graph.bytes()).weights.values()]
    return weight!
  })
  t.same([half!.type, half!.bytes.byteLength], ['float16', 200])
  t.same([emulated!.type, emulated!.bytes.byteLength], ['float32', 400])
  t.same(FLOAT_FORMATS.float32.read(emulated!.bytes), FLOAT_FORMATS.float16.read(half!.bytes))
})

t.test('the emulation rounds every result to float16, and lets it overflow', async (t) => {
  const [x, gain] = [randomTable(2, 6, 32), { values: randomNumbers(3, 32), dims: [32] }]
  const matrix = { values: randomNumbers(4, 32 * 32), rows: 32, columns: 32 }
  const found = await evaluate(EMULATED, { x: tensorOf(x, [1, 6, 32]) }, (graph, { x }) => {
    const normed = layerNorm(graph, gelu(graph, linear(graph, x, matrix, gain)), gain)
    return selfAttention(graph, normed, normed, normed, { heads: 4, scale: 1 })
  })
  t.same(valuesOf(toHalves(found.data)), found.data)
  t.ok(found.data.some((value) => value !== Math.round(value)))
  const large = new Tensor('float32', Float32Array.of(300, 200, 1 / 3), [3])
  const squares = await evaluate(EMULATED, { large }, (graph, { large }) => graph.op('Mul', [large, large]))
  t.same([...squares.data.slice(0, 2)], [Infinity, 40_000])
  t.not(squares.data[2], Math.fround(1 / 9))
  const inFloat32 = await evaluate(EMULATED, { large }, (graph, { large }) => {
    const wide = graph.toFloat32(large)
    return graph.op('Mul', [wide, wide])
  })
  t.equal(inFloat32.data[0], 90_000, 'what is written in float32 stays float32')
})

t.test('positions that do not exist have no weight in float16 either, and no number is lost', async (t) => {
  const size = { heads: 2, headWidth: 4 }
  const [query, keys, values] = [randomTable(5, 3, 8), randomNumbers(6, 2 * 6 * 4), randomNumbers(7, 2 * 6 * 4)]
  const attend = (target: Target, shown: number, bias: readonly number[]) => {
    const part = (numbers: Float32Array): Tensor => {
      const rows = Array.from({ length: 2 }, (_, head) => [...numbers.subarray(head * 24, head * 24 + 4 * shown)])
      return new Tensor('float32', Float32Array.from(rows.flat()), [1, 2, shown, 4])
    }
    const inputs = { q: tensorOf(query, [1, 3, 8]), keys: part(keys), values: part(values) }
    return evaluate(target, inputs, (graph, { q, keys, values }) => {
      const given = graph.weight(Float32Array.from(bias), [1, shown], 'float32')
      return crossAttentionTo(graph, { layers: [{ keys, values }], bias: given }, q, size)(0, q)
    })
  }
  for (const target of [HALF, EMULATED]) {
    const some = await attend(target, 4, [0, 0, 0, 0])
    const filled = await attend(target, 6, [0, 0, 0, 0, NOWHERE, NOWHERE])
    t.ok(farthest(filled.data, [...some.data]) < 1e-3, target.matrices)
    const onlyNowhere = await attend(target, 4, [NOWHERE, NOWHERE, NOWHERE, NOWHERE])
    t.ok(onlyNowhere.data.every(Number.isFinite), 'a block without any position')
  }
})

t.test('decoders take and return float32', async (t) => {
  for (const target of [HALF, EMULATED]) {
    for (const write of [writeGreedy, writeSteps]) {
      const graph = new Graph('toy', target)
      write(graph, decoder)
      const session = await openGraph(graph)
      t.teardown(() => session.release())
      t.ok(session.inputs.has('memory_keys_0') && session.outputs.includes('new_past'), target.matrices)
    }
  }
})

t.test('a loop and a branch whose types differ are refused when they are written', async (t) => {
  for (const target of [HALF, EMULATED]) {
    const graph = new Graph('types', target)
    const x = graph.activationInput('x', [1])
    const flag = graph.boolean(true)
    t.throws(() => graph.branch(flag, () => [x], (body) => [body.toFloat32(x)]), /different types/)
    t.throws(() => graph.loop(graph.integer(2), [{ value: x, type: 'float16' }], (body, _, [value]) =>
      ({ condition: flag, carried: [body.toFloat32(value!)], scanOutputs: [] })), /returns float32/)
  }
})
