/** Layers that Whisper needs, compared with their definitions. */
import { test, type Test } from 'tap'
import { convolve, type Convolution } from '../../../src/engine/compiler/convolution.js'
import { crossAttentionTo } from '../../../src/engine/compiler/decoder.js'
import { Graph, type Target, type Value } from '../../../src/engine/compiler/graph.js'
import { gatherRows } from '../../../src/engine/compiler/layers.js'
import {
  dequantized, padColumns, type QuantizedMatrix, type QuantizedTensor,
} from '../../../src/engine/compiler/matrices.js'
import { sessionOpener, Tensor } from '../../../src/engine/runtime/session.js'

const open = sessionOpener({ providers: ['cpu'], strict: true, threads: 1 })
const TARGETS: readonly Target[] = [{ matrices: 'unsigned' }, { matrices: 'real' }]

test('a padded convolution of integers equals its definition, for every target, stride and length', async (t) => {
  const random = seeded(1)
  for (const target of TARGETS) {
    for (const [width, stride, padding, positions] of [
      [3, 1, 1, 7],
      [3, 2, 1, 8],
      [3, 2, 1, 9],
      [5, 2, 2, 11],
      [7, 3, 0, 20],
    ] as const) {
      const [outputs, inputs] = [4, 3]
      const kernel = integers(random, [outputs, inputs, width])
      const bias = { values: Float32Array.from({ length: outputs }, () => random() * 10), dims: [outputs] }
      const x = whole(random, positions * inputs)
      const found = await run(target, { x: [positions, inputs] }, { x }, (graph, { x }) =>
        convolve(graph, x!, { kernel, bias, stride, padding }),
      )
      t.same(found.dims, [Math.floor((positions + 2 * padding - width) / stride) + 1, outputs])
      isClose(
        t,
        found.data as Float32Array,
        convolution(x, inputs, { kernel, bias, stride, padding }),
        `${target.matrices} ${width} ${stride} ${padding} ${positions}`,
      )
    }
  }
})

test('a key with a count equals as many equal keys, for one query or more', async (t) => {
  const random = seeded(2)
  const [heads, headWidth, counts] = [2, 4, [1, 3, 1, 2]]
  const table = (positions: number): Float32Array =>
    Float32Array.from({ length: heads * positions * headWidth }, () => random() - 0.5)
  const keys = table(counts.length)
  const values = table(counts.length)
  const logCounts = Float32Array.from(counts, Math.log)
  for (const queries of [1, 3]) {
    const query = Float32Array.from({ length: queries * heads * headWidth }, () => 4 * (random() - 0.5))
    const attend = (positions: number, given: Record<string, Float32Array>) =>
      run(
        { matrices: 'real' },
        {
          query: [1, queries, heads * headWidth],
          keys: [1, heads, positions, headWidth],
          values: [1, heads, positions, headWidth],
          logCounts: [1, positions],
        },
        given,
        (graph, { query, keys, values, logCounts }) => {
          const memory = { layers: [{ keys: keys!, values: values! }], bias: logCounts! }
          return crossAttentionTo(graph, memory, query!, { heads, headWidth })(0, query!)
        },
      )
    const counted = await attend(counts.length, { query, keys, values, logCounts })
    const repeated = (rows: Float32Array): Float32Array =>
      Float32Array.from(
        Array.from({ length: heads }, (_, head) =>
          counts.flatMap((count, position) => {
            const from = (head * counts.length + position) * headWidth
            return Array.from({ length: count }, () => [...rows.subarray(from, from + headWidth)]).flat()
          }),
        ).flat(),
      )
    const several = await attend(7, {
      query, keys: repeated(keys), values: repeated(values), logCounts: new Float32Array(7),
    })
    isClose(t, counted.data as Float32Array, several.data as Float32Array, `${queries} queries`)
  }
})

test('gathered rows of a table are dequantized, and columns of padding are zero', async (t) => {
  const random = seeded(3)
  const { values, scales, zeroPoints } = integers(random, [5, 6])
  const table: QuantizedMatrix = { values, rows: 5, columns: 6, scales, zeroPoints }
  const padded = padColumns(table, 2)
  t.same([padded.rows, padded.columns], [5, 8])
  const expected = dequantized(table)
  for (const target of TARGETS) {
    const graph = new Graph('rows', target)
    graph.output(gatherRows(graph, padded, graph.input('indices', 'int64', [1, 'n'])), 'y', 'float32')
    const session = await open(graph.bytes(), { fixedShapes: false })
    const { y } = await session.run({ indices: new Tensor('int64', BigInt64Array.of(4n, 0n), [1, 2]) })
    await session.release()
    t.same(y!.dims, [1, 2, 8])
    isClose(
      t,
      y!.data as Float32Array,
      Float32Array.of(...expected.subarray(24, 30), 0, 0, ...expected.subarray(0, 6), 0, 0),
      target.matrices,
    )
  }
})

/** Runs the graph that `write` makes of float32 inputs, with one float32 result. */
async function run(
  target: Target,
  shapes: Readonly<Record<string, readonly number[]>>,
  given: Readonly<Record<string, Float32Array>>,
  write: (graph: Graph, inputs: Readonly<Record<string, Value>>) => Value,
): Promise<Tensor> {
  const graph = new Graph('block', target)
  const inputs = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, graph.input(name, 'float32', shape)]),
  )
  graph.output(write(graph, inputs), 'y', 'float32')
  const session = await open(graph.bytes(), { fixedShapes: false })
  const { y } = await session.run(
    Object.fromEntries(
      Object.entries(shapes).map(([name, shape]) => [name, new Tensor('float32', given[name]!, shape)]),
    ),
  )
  await session.release()
  return y!
}

/** The definition: y[t, o] = bias[o] + Σ x[t · stride + k − padding, i] kernel[o, i, k]. */
function convolution(
  x: Float32Array,
  inputs: number,
  { kernel, bias, stride, padding = 0 }: Convolution,
): Float64Array {
  const [outputs, , width] = kernel.dims as [number, number, number]
  const weight = dequantized({ ...(kernel as QuantizedTensor), rows: outputs, columns: inputs * width })
  const positions = x.length / inputs
  const count = Math.floor((positions + 2 * padding - width) / stride) + 1
  return Float64Array.from({ length: count * outputs }, (_, index) => {
    const [at, out] = [Math.floor(index / outputs), index % outputs]
    let sum = bias!.values[out]!
    for (let k = 0; k < width; k++) {
      const position = at * stride + k - padding
      if (position < 0 || position >= positions) continue
      for (let i = 0; i < inputs; i++) sum += x[position * inputs + i]! * weight[(out * inputs + i) * width + k]!
    }
    return sum
  })
}

function integers(random: () => number, dims: readonly number[]): QuantizedTensor {
  const length = dims.reduce((product, size) => product * size, 1)
  return {
    values: Int8Array.from({ length }, () => Math.floor(random() * 256) - 128),
    dims,
    scales: Float32Array.of(0.01),
    zeroPoints: Int8Array.of(-5),
  }
}

/** Whole numbers from 0 to 255, both among them: quantizing such an input changes nothing. */
function whole(random: () => number, length: number): Float32Array {
  return Float32Array.from({ length }, (_, index) => index === 0 ? 0 : index === 1 ? 255 : Math.floor(random() * 256))
}

function isClose(t: Test, found: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  t.equal(found.length, expected.length, what)
  t.ok(
    Array.from(found).every(
      (value, index) => Math.abs(value - expected[index]!) <= 1e-5 * Math.max(1, Math.abs(expected[index]!)),
    ),
    what,
  )
}

function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return (state >>> 8) / 2 ** 24
  }
}
