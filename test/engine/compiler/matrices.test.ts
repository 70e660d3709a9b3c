/** Matrices of real numbers: rounding to integers, and what graphs make of them. */
import t from 'tap'
import { gatherColumns, linear, linears } from '../../../src/engine/compiler/layers.js'
import {
  concatColumns, padColumns, quantizeColumns, quantizeWhole, realValues, scaled, selectRows, transposed,
  type FloatMatrix,
} from '../../../src/engine/compiler/matrices.js'
import { Tensor } from '../../../src/engine/runtime/session.js'
import { signalToNoiseDb } from './real-model.js'
import { evaluate, farthest, randomNumbers } from './reference.js'

const [ROWS, COLUMNS] = [64, 24]
/** Columns of very different sizes, one of them zero. */
const sizes = Array.from({ length: COLUMNS }, (_, column) => column === 3 ? 0 : 2 ** -(column % 8))
const values = Float32Array.from(randomNumbers(1, ROWS * COLUMNS), (value, index) => value * sizes[index % COLUMNS]!)
const matrix: FloatMatrix = { values, rows: ROWS, columns: COLUMNS }

t.test('a column is rounded by at most half of its own scale, and its largest weight is kept', async (t) => {
  const { scales, zeroPoints, ...rounded } = quantizeColumns(matrix)
  const real = realValues({ ...rounded, scales, zeroPoints })
  for (const [index, value] of values.entries()) {
    const column = index % COLUMNS
    if (Math.abs(real[index]! - value) > 0.501 * scales[column]!) t.fail(`${index}`)
  }
  t.ok(zeroPoints.every((zero) => zero === 0))
  t.ok(rounded.values.every((value) => value >= -127))
  t.equal(scales[3], 1, 'a column of zeros')
  const largest = sizes.map((_, column) => Math.max(...rounded.values.filter((__, at) => at % COLUMNS === column)))
  t.ok(largest.some((value) => value === 127))
})

t.test('one scale for each column keeps more than one for all', async (t) => {
  const whole = quantizeWhole(matrix)
  t.equal(whole.scales.length, 1)
  const [byColumn, byWhole] = [quantizeColumns(matrix), whole].map((one) => signalToNoiseDb(values, realValues(one)))
  t.ok(byColumn! > byWhole! + 3, `${byColumn} and ${byWhole} dB`)
})

t.test('real matrices are joined, scaled, turned, selected and padded as integers are', async (t) => {
  const whole = quantizeWhole(matrix)
  const exact: FloatMatrix = { ...matrix, values: realValues(whole) }
  for (const change of [
    (one: typeof whole | FloatMatrix) => concatColumns(one, one),
    (one: typeof whole | FloatMatrix) => scaled(one, 0.5),
    (one: typeof whole | FloatMatrix) => transposed(one),
    (one: typeof whole | FloatMatrix) => selectRows(one, [5, 0, 63]),
    (one: typeof whole | FloatMatrix) => padColumns(one, 3),
  ]) {
    const [ofIntegers, ofReal] = [change(whole), change(exact)]
    t.notOk('scales' in ofReal)
    t.same([ofReal.rows, ofReal.columns], [ofIntegers.rows, ofIntegers.columns])
    t.ok(farthest(realValues(ofReal), [...realValues(ofIntegers)]) < 1e-6)
  }
  const mixed = concatColumns(whole, exact)
  t.ok('scales' in mixed)
  t.ok(farthest(realValues(mixed), [...realValues(concatColumns(exact, exact))]) < 0.01)
})

t.test('graphs multiply with the rounded columns, and look up the same in them', async (t) => {
  const rounded = realValues(quantizeColumns(matrix))
  const x = new Tensor('float32', Float32Array.from({ length: ROWS }, (_, row) => (row % 5 - 2) / 2), [1, 1, ROWS])
  const expected = Float32Array.from({ length: COLUMNS }, (_, column) => (x.data).reduce(
    (sum, value, row) => sum + value * rounded[row * COLUMNS + column]!, 0))
  const picked = [3, 7, 0]
  for (const matrices of ['signed', 'unsigned'] as const) {
    const product = await evaluate({ matrices }, { x }, (graph, { x }) => linear(graph, x, matrix))
    t.ok(signalToNoiseDb(expected, product.data) > 40, `${matrices} linear`)
    const first = await evaluate({ matrices }, { x }, (graph, { x }) => linears(graph, x, [matrix])[0]!)
    t.ok(signalToNoiseDb(expected, first.data) > 40, `${matrices} linears`)
    const looked = await evaluate({ matrices }, { x }, (graph, { x }) => {
      const zero = graph.op('Mul', [graph.op('ReduceMax', [x], { keepdims: 0 }), graph.float(0)])
      const indices = graph.op('Unsqueeze', [graph.integers(...picked), graph.integers(0)])
      return graph.op('Add', [gatherColumns(graph, matrix, indices), zero])
    })
    t.same(looked.dims, [1, picked.length, ROWS])
    const columns = picked.flatMap((column) =>
      Array.from({ length: ROWS }, (_, row) => rounded[row * COLUMNS + column]!))
    t.ok(farthest(looked.data, columns) < 1e-6, `${matrices} columns`)
  }
})
