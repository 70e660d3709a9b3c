/**
 * Every layer on random input against its reference implementation. Floating-point results agree within rounding, 8-bit
 * ones within a quantization step.
 */
import t, { type Test } from 'tap'
import { convolve } from '../../../src/engine/compiler/convolution.js'
import { crossAttentionTo } from '../../../src/engine/compiler/decoder.js'
import { usesIntegers, type Target, type Value } from '../../../src/engine/compiler/graph.js'
import {
  applyRotary, causalSelfAttention, gelu, layerNorm, linear, linears, rotaryTables, selfAttention, silu, split,
  splitHeads,
} from '../../../src/engine/compiler/layers.js'
import {
  concatColumns, realValues, scaled, selectRows, transposed, type QuantizedMatrix,
} from '../../../src/engine/compiler/matrices.js'
import { Tensor } from '../../../src/engine/runtime/session.js'
import {
  attention, byHead, evaluate, farthest, plus, product, randomNumbers, randomTable, REAL, tableOf, tensorOf,
} from './reference.js'

/** float32 against float64 over a few hundred products; float16 against the same, where results are at most 10. */
const ROUNDING = { real: 2e-5, half: 0.02, 'emulated-half': 0.02 } as const
/** Weights small enough that no sum of two products leaves 16 bits, so that signed integers are right on every CPU. */
const SMALL = 60

function randomMatrix(seed: number, rows: number, columns: number, each: boolean): QuantizedMatrix {
  const one = each ? columns : 1
  return {
    values: Int8Array.from(randomNumbers(seed, rows * columns), (value) => Math.round(SMALL * value)),
    rows, columns,
    scales: Float32Array.from(randomNumbers(seed + 1, one), (value) => 0.01 + 0.005 * value),
    zeroPoints: Int8Array.from(randomNumbers(seed + 2, one), (value) => Math.round(20 * value)),
  }
}

/** A layer that computes with real numbers, in each form of these. */
function testEachReal(name: string, run: (t: Test, target: Target, rounding: number) => Promise<void>): void {
  for (const matrices of ['real', 'half', 'emulated-half'] as const) {
    t.test(`${name}, ${matrices} numbers`, (t) => run(t, { matrices }, ROUNDING[matrices]))
  }
}

for (const matrices of ['signed', 'unsigned', 'real', 'half', 'emulated-half'] as const) {
  const target: Target = { matrices }
  t.test(`a linear layer of ${matrices} numbers`, async (t) => {
    for (const each of [false, true]) {
      const [x, matrix, bias] = [randomTable(3, 7, 40), randomMatrix(4, 40, 24, each), randomNumbers(5, 24)]
      const exact = plus(product(x, tableOf(realValues(matrix), 24)), [[...bias]]).flat()
      // An activation is off by half a step of 2/255 at most, and each is multiplied with a weight below 1.2.
      const most = usesIntegers(target) ? 40 * (1 / 255) * 1.2 : ROUNDING[matrices as keyof typeof ROUNDING]
      const found = await evaluate(target, { x: tensorOf(x) }, (graph, { x }) =>
        linear(graph, x, matrix, { values: bias, dims: [24] }),
      )
      t.ok(farthest(found.data, exact) < most, each ? 'scales by column' : 'one scale')
      const two = await evaluate(target, { x: tensorOf(x) }, (graph, { x }) => {
        const [first, second] = linears(graph, x, [matrix, scaled(matrix, 2)], [{ values: bias, dims: [24] }])
        return graph.op('Concat', [first, second], { axis: 0 })
      })
      const doubled = product(x, tableOf(realValues(matrix), 24)).flat().map((value) => 2 * value)
      t.ok(farthest(two.data, [...exact, ...doubled]) < 2 * most, 'several at once')
    }
  })
}

t.test('signed and unsigned integers are the same numbers', async (t) => {
  const [x, matrix] = [randomTable(6, 5, 64), randomMatrix(7, 64, 32, true)]
  const run = (target: Target) => evaluate(target, { x: tensorOf(x) }, (graph, { x }) => linear(graph, x, matrix))
  const [signed, unsigned] = [await run({ matrices: 'signed' }), await run({ matrices: 'unsigned' })]
  t.ok(farthest(signed.data, [...unsigned.data]) < 1e-6)
})

t.test('concatenated, transposed, scaled and selected matrices have the expected values', async (t) => {
  const [a, b] = [randomMatrix(8, 6, 4, false), randomMatrix(9, 6, 2, true)]
  const [realA, realB] = [tableOf(realValues(a), 4), tableOf(realValues(b), 2)]
  t.same(tableOf(realValues(concatColumns(a, b)), 6), realA.map((row, index) => [...row, ...realB[index]!]))
  t.same(
    tableOf(realValues(transposed(a)), 6),
    Array.from({ length: 4 }, (_, column) => realA.map((row) => row[column]!)),
  )
  t.ok(farthest(realValues(scaled(b, 0.5)), realB.flat().map((value) => value / 2)) < 1e-7)
  t.same(tableOf(realValues(selectRows(a, [4, 1])), 4), [realA[4], realA[1]])
})

testEachReal('layer normalization', async (t, target, rounding) => {
  const [x, gain, bias] = [randomTable(1, 5, 48), randomNumbers(2, 48), randomNumbers(3, 48)]
  const normed = x.map((row) => {
    const mean = row.reduce((sum, value) => sum + value, 0) / row.length
    const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length
    return row.map((value, index) => (value - mean) / Math.sqrt(variance + 1e-5) * gain[index]!)
  })
  const without = await evaluate(target, { x: tensorOf(x) }, (graph, { x }) =>
    layerNorm(graph, x, { values: gain, dims: [48] }),
  )
  t.ok(farthest(without.data, normed.flat()) < rounding)
  const withBias = await evaluate(target, { x: tensorOf(x) }, (graph, { x }) =>
    layerNorm(graph, x, { values: gain, dims: [48] }, { values: bias, dims: [48] }),
  )
  t.ok(farthest(withBias.data, plus(normed, [[...bias]]).flat()) < rounding)
})

testEachReal('activations', async (t, target, rounding) => {
  const x = Float32Array.from({ length: 200 }, (_, index) => (index - 100) / 20)
  const input = { x: new Tensor('float32', x, [1, 200]) }
  // Φ by the error function's integral, Simpson's rule.
  const phi = (z: number): number => {
    const steps = 400
    const density = (u: number): number => Math.exp(-u * u / 2) / Math.sqrt(2 * Math.PI)
    let sum = density(0) + density(z)
    for (let i = 1; i < steps; i++) sum += density(z * i / steps) * (i % 2 === 0 ? 2 : 4)
    return 0.5 + sum * z / steps / 3
  }
  t.ok(
    farthest(
      (await evaluate(target, input, (graph, { x }) => gelu(graph, x))).data,
      [...x].map((value) => value * phi(value)),
    ) < rounding,
    'GELU',
  )
  t.ok(
    farthest(
      (await evaluate(target, input, (graph, { x }) => silu(graph, x))).data,
      [...x].map((value) => value / (1 + Math.exp(-value))),
    ) < rounding,
    'SiLU',
  )
})

const HEADS = 4
const WIDTH = 36

testEachReal('self-attention without a mask', async (t, target, rounding) => {
  const [q, k, v] = [1, 2, 3].map((seed) => randomTable(seed, 9, WIDTH)) as [number[][], number[][], number[][]]
  const found = await evaluate(
    target,
    { q: tensorOf(q, [1, 9, WIDTH]), k: tensorOf(k, [1, 9, WIDTH]), v: tensorOf(v, [1, 9, WIDTH]) },
    (graph, { q, k, v }) => selfAttention(graph, q, k, v, { heads: HEADS, scale: 0.7 }),
  )
  t.ok(farthest(found.data, attention(q, k, v, HEADS, 0.7).flat()) < rounding)
})

testEachReal('causal self-attention over cached positions, and the grown cache', async (t, target, rounding) => {
  for (const positions of [0, 1, 6]) {
    const [keys, values] = [randomTable(4, positions + 1, WIDTH), randomTable(5, positions + 1, WIDTH)]
    const query = randomTable(6, 1, WIDTH)
    const dims = [1, HEADS, positions, WIDTH / HEADS]
    const past = (table: typeof keys): Tensor =>
      new Tensor('float32', Float32Array.from(positions === 0 ? [] : byHead(table.slice(0, positions), HEADS)), dims)
    const last = (table: typeof keys): Tensor => tensorOf(table.slice(positions), [1, 1, WIDTH])
    const found = await evaluate(
      target,
      {
        q: tensorOf(query, [1, 1, WIDTH]),
        k: last(keys),
        v: last(values),
        pastKeys: past(keys),
        pastValues: past(values),
      },
      (graph, { q, k, v, pastKeys, pastValues }) => {
        const { output, keyValues } = causalSelfAttention(
          graph,
          q,
          k,
          v,
          { keys: pastKeys, values: pastValues },
          { heads: HEADS, scale: 1 },
        )
        return graph.op(
          'Concat',
          [output, keyValues.keys, keyValues.values].map((value) => graph.op('Reshape', [value, graph.integers(-1)])),
          { axis: 0 },
        )
      },
    )
    const expected = [
      ...attention(query, keys, values, HEADS, 1).flat(),
      ...byHead(keys, HEADS),
      ...byHead(values, HEADS),
    ]
    t.ok(farthest(found.data, expected) < rounding, `${positions} positions before`)
  }
})

testEachReal('cross-attention, by one query, by a batch that shares a memory, and by one with a memory for each', async (t, target, rounding) => {
  const size = { heads: HEADS, headWidth: WIDTH / HEADS }
  const [keys, values, query] = [randomTable(7, 22, WIDTH), randomTable(8, 22, WIDTH), randomTable(9, 6, WIDTH)]
  const bias = randomTable(10, 2, 11)
  /** Of each memory its own half of the positions. */
  const expected = (queries: typeof query, memory: number): number[] => {
    const own = (table: typeof keys): typeof keys => table.slice(11 * memory, 11 * memory + 11)
    // A bias on the scores, as one more number of keys whose query has 1 there, in each head.
    const widened = (table: typeof keys, more: (row: number) => number): typeof keys => table.map((row, at) =>
      Array.from({ length: HEADS }, (_, head) => [
        ...row.slice(head * WIDTH / HEADS, (head + 1) * WIDTH / HEADS), more(at),
      ]).flat())
    const attended = attention(widened(queries, () => 1), widened(own(keys), (at) => bias[memory]![at]!),
      widened(own(values), () => 0), HEADS, 1)
    return attended.flatMap((row) => row.filter((_, at) => (at + 1) % (WIDTH / HEADS + 1) !== 0))
  }
  for (const { memories, batch, fed } of [
    { memories: 1, batch: 1, fed: 1 }, { memories: 1, batch: 3, fed: 1 }, { memories: 1, batch: 3, fed: 2 },
    { memories: 2, batch: 2, fed: 1 }, { memories: 2, batch: 2, fed: 3 },
  ]) {
    const heads = (table: typeof keys): Tensor => {
      const numbers = Array.from({ length: memories }, (_, at) => byHead(table.slice(11 * at, 11 * at + 11), HEADS))
      return new Tensor('float32', Float32Array.from(numbers.flat()), [memories, HEADS, 11, WIDTH / HEADS])
    }
    const queries = query.slice(0, batch * fed)
    const found = await evaluate(
      target,
      {
        q: tensorOf(queries, [batch, fed, WIDTH]), keys: heads(keys), values: heads(values),
        bias: tensorOf(bias.slice(0, memories)),
      },
      (graph, { q, keys, values, bias }) =>
        crossAttentionTo(graph, { layers: [{ keys, values }], bias: graph.toFloat32(bias) }, q, size)(0, q),
    )
    const of = memories === 1 ? expected(queries, 0)
      : [...expected(queries.slice(0, fed), 0), ...expected(queries.slice(fed), 1)]
    t.same(found.dims, [batch, fed, WIDTH])
    t.ok(farthest(found.data, of) < rounding, `${batch} sequences of ${fed} queries, ${memories} memories`)
  }
})

testEachReal(
  'a rotary embedding rotates neighbouring pairs by their position, and leaves the rest of a head as it is',
  async (t, target, rounding) => {
    const frequencies = Float32Array.of(1, 0.1, 0.01)
    const x = randomTable(10, 5, 2 * 9) // two heads of 9, of which 6 are rotated
    const expected = x.map((row, at) =>
      row.map((value, index) => {
        const within = index % 9
        if (within >= 6) return value
        const angle = (at + 3) * frequencies[Math.floor(within / 2)]!
        const other = row[index + (within % 2 === 0 ? 1 : -1)]!
        return value * Math.cos(angle) + (within % 2 === 0 ? -1 : 1) * other * Math.sin(angle)
      }),
    )
    const found = await evaluate(target, { x: tensorOf(x, [1, 5, 18]) }, (graph, { x }) =>
      applyRotary(graph, x, graph.integers(3), rotaryTables(graph, frequencies, 20), 2),
    )
    t.ok(farthest(found.data, expected.flat()) < rounding)
    const each = await evaluate(target, { x: tensorOf(x.toReversed(), [1, 5, 18]) }, (graph, { x }) => {
      const positions = graph.op('Unsqueeze', [graph.integers(7, 6, 5, 4, 3), graph.integers(0)])
      return applyRotary(graph, x, positions, rotaryTables(graph, frequencies, 20), 2)
    })
    t.ok(farthest(each.data, expected.toReversed().flat()) < rounding, 'with a position for each')
  },
)

t.test('heads are split, and a value is cut into equal parts', async (t) => {
  const x = randomTable(11, 4, WIDTH)
  const heads = await evaluate(REAL, { x: tensorOf(x, [1, 4, WIDTH]) }, (graph, { x }) =>
    splitHeads(graph, x, HEADS, WIDTH / HEADS),
  )
  t.same(heads.dims, [1, HEADS, 4, WIDTH / HEADS])
  t.same([...heads.data], byHead(x, HEADS))
  const last = await evaluate(
    REAL,
    { x: tensorOf(x) },
    (graph, { x }) => (split(graph, x, 3, 1) as [Value, Value, Value])[2],
  )
  t.same(tableOf(last.data, 12), x.map((row) => row.slice(24)))
})

testEachReal('a convolution equals its definition, for every remainder of length and stride', async (t, target, rounding) => {
  for (const { width, stride, inputs } of [
    { width: 7, stride: 3, inputs: 4 },
    { width: 3, stride: 2, inputs: 5 },
    { width: 127, stride: 64, inputs: 1 },
    { width: 3, stride: 1, inputs: 2 },
  ]) {
    const outputs = 6
    const [kernel, bias] = [randomNumbers(12, outputs * inputs * width), randomNumbers(13, outputs)]
    for (let extra = 0; extra < Math.min(stride, 4); extra++) {
      const positions = width + 2 * stride + extra
      const x = randomTable(14 + extra, positions, inputs)
      const expected = Array.from({ length: Math.floor((positions - width) / stride) + 1 }, (_, at) =>
        Array.from({ length: outputs }, (_, out) => {
          let sum = bias[out]!
          for (let input = 0; input < inputs; input++) {
            for (let k = 0; k < width; k++)
              sum += kernel[(out * inputs + input) * width + k]! * x[at * stride + k]![input]!
          }
          return sum
        }),
      )
      const found = await evaluate(target, { x: tensorOf(x) }, (graph, { x }) =>
        convolve(graph, x, {
          kernel: { values: kernel, dims: [outputs, inputs, width] },
          bias: { values: bias, dims: [outputs] },
          stride,
        }),
      )
      t.ok(farthest(found.data, expected.flat()) < rounding, `width ${width}, stride ${stride}, ${positions} positions`)
    }
  }
})
