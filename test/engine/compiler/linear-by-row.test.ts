/** Products of which each row is computed by itself: near the exact product, and the same bits in any company. */
import t from 'tap'
import type { Target } from '../../../src/engine/compiler/graph.js'
import { linearByRow } from '../../../src/engine/compiler/layers.js'
import {
  asIntegers, inBlocks, quantizeWhole, realValues, type Matrix, type QuantizedMatrix,
} from '../../../src/engine/compiler/matrices.js'
import { Tensor } from '../../../src/engine/runtime/session.js'
import { evaluate, farthest, plus, product, randomNumbers, randomTable, REAL, tableOf, tensorOf } from './reference.js'

const TARGETS: readonly Target[] = [{ matrices: 'signed' }, { matrices: 'unsigned' }]
const COLUMNS = 24

function matrixOf(rows: number, seed = 1): Matrix {
  return { values: randomNumbers(seed, rows * COLUMNS), rows, columns: COLUMNS }
}

t.test('it is the exact product within a step of the quantization, for widths of whole blocks and others', async (t) => {
  for (const rows of [8, 32, 36, 64, 100, 288]) {
    const real = matrixOf(rows, rows)
    const published: QuantizedMatrix = { ...quantizeWhole(real as never), zeroPoints: Int8Array.of(-7) }
    for (const matrix of [real, published]) {
      const [x, bias] = [randomTable(rows + 1, 5, rows), randomNumbers(3, COLUMNS)]
      const weights = tableOf(realValues(asIntegers(matrix)), COLUMNS)
      const exact = plus(product(x, weights), [[...bias]]).flat()
      for (const target of [...TARGETS, REAL]) {
        const found = await evaluate(target, { x: tensorOf(x, [1, 5, rows]) }, (graph, { x }) =>
          linearByRow(graph, x, matrix, { values: bias, dims: [COLUMNS] }))
        t.same(found.dims, [1, 5, COLUMNS])
        // An activation is off by at most half a step of 1/127 of the largest of its block; weights are below 1.1.
        // As real numbers, published integers stay what they are, and real ones are not rounded by half a step either.
        const most = rows * (0.5 / 127) * 1.1
        t.ok(farthest(found.data, exact) < most, `${rows} numbers, ${target.matrices}`)
      }
    }
  }
})

t.test('a row alone and the same row in a batch of any size have the same bits', async (t) => {
  for (const rows of [8, 36, 288]) {
    const matrix = matrixOf(rows, 7)
    const x = randomTable(9, 9, rows).map((row, at) => row.map((value) => value * 3 ** (at - 4)))
    for (const target of TARGETS) {
      const multiply = async (part: typeof x): Promise<number[][]> => {
        const given = { x: tensorOf(part, [part.length, 1, rows]) }
        const { data } = await evaluate(target, given, (graph, { x }) => linearByRow(graph, x, matrix))
        return Array.from({ length: part.length }, (_, row) => [...data.subarray(row * COLUMNS, (row + 1) * COLUMNS)])
      }
      const alone: number[][] = []
      for (const row of x) alone.push(...await multiply([row]))
      for (const size of [2, 3, 4, 5, 8, 9]) {
        t.same(await multiply(x.slice(0, size)), alone.slice(0, size), `${size} rows of ${rows}, ${target.matrices}`)
        t.same(await multiply(x.slice(-size)), alone.slice(-size), `the last ${size}`)
      }
    }
  }
})

t.test('the largest sums do not saturate: all activations ±1, weights at both ends', async (t) => {
  const rows = 1_152
  for (const [activation, weight, zero] of [
    [1, 127, 0], [-1, 127, 0], [1, -128, 0], [-1, -128, 0], [1, 127, -128], [-1, 127, -128], [1, -128, 127],
  ] as const) {
    const matrix: QuantizedMatrix = {
      values: new Int8Array(rows * COLUMNS).fill(weight), rows, columns: COLUMNS, scales: Float32Array.of(0.01),
      zeroPoints: Int8Array.of(zero),
    }
    const x = new Tensor('float32', new Float32Array(2 * rows).fill(activation), [2, 1, rows])
    const exact = rows * activation * 0.01 * (weight - zero)
    for (const target of TARGETS) {
      const { data } = await evaluate(target, { x }, (graph, { x }) => linearByRow(graph, x, matrix))
      t.ok(data.every((value) => Math.abs(value - exact) <= 1e-4 * Math.abs(exact)),
        `${activation} × (${weight} − ${zero}), ${target.matrices}: ${data[0]} for ${exact}`)
    }
  }
})

t.test('a matrix in blocks has its numbers by column, and zero points where a block is filled up', (t) => {
  const [rows, columns, block] = [5, 2, 4]
  const matrix: QuantizedMatrix = {
    values: Int8Array.of(1, -1, 2, -2, 3, -3, 127, -128, 5, -5), rows, columns, scales: Float32Array.of(0.5, 2),
    zeroPoints: Int8Array.of(0, 3),
  }
  t.same(inBlocks(matrix, block), {
    values: Uint8Array.of(129, 130, 131, 255, 133, 128, 128, 128, 127, 126, 125, 0, 123, 131, 131, 131),
    scales: Float32Array.of(0.5, 0.5, 2, 2), zeroPoints: Uint8Array.of(128, 128, 131, 131),
  })
  const one = inBlocks({ ...matrix, scales: Float32Array.of(0.25), zeroPoints: Int8Array.of(-1) }, block)
  t.same(one.scales, Float32Array.of(0.25, 0.25, 0.25, 0.25))
  t.same(one.zeroPoints, Uint8Array.of(127, 127, 127, 127))
  t.equal(inBlocks(matrix, 5).values.length, rows * columns, 'nothing is filled up where blocks are whole')
  t.end()
})
