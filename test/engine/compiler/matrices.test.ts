/** Matrices of real numbers: rounding to integers, and what graphs make of them. */
import t from 'tap'
import { gatherRows, linear, linears } from '../../../src/engine/compiler/layers.js'
import {
  concatColumns, padColumns, quantizeColumns, quantizeRows, quantizeWhole, realValues, scaled, selectRows, transposed,
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

t.test('graphs multiply with the rounded columns', async (t) => {
  const rounded = realValues(quantizeColumns(matrix))
  const x = new Tensor('float32', Float32Array.from({ length: ROWS }, (_, row) => (row % 5 - 2) / 2), [1, 1, ROWS])
  const expected = Float32Array.from({ length: COLUMNS }, (_, column) => (x.data).reduce(
    (sum, value, row) => sum + value * rounded[row * COLUMNS + column]!, 0))
  for (const matrices of ['signed', 'unsigned'] as const) {
    const product = await evaluate({ matrices }, { x }, (graph, { x }) => linear(graph, x, matrix))
    t.ok(signalToNoiseDb(expected, product.data) > 40, `${matrices} linear`)
    const first = await evaluate({ matrices }, { x }, (graph, { x }) => linears(graph, x, [matrix])[0]!)
    t.ok(signalToNoiseDb(expected, first.data) > 40, `${matrices} linears`)
  }
})

t.test('a row is rounded by at most half of its own scale, and its largest number is kept', async (t) => {
  const turned = transposed(matrix) as FloatMatrix
  const { values: integers, rows, columns, scales, zeroPoints } = quantizeRows(turned)
  t.same([rows, columns, scales.length, zeroPoints.length], [COLUMNS, ROWS, COLUMNS, COLUMNS])
  t.ok(zeroPoints.every((zero) => zero === 0))
  t.equal(scales[3], 1, 'a row of zeros')
  for (let row = 0; row < rows; row++) {
    const own = integers.subarray(row * columns, (row + 1) * columns)
    const isNear = (value: number, at: number): boolean =>
      Math.abs(scales[row]! * value - turned.values[row * columns + at]!) <= 0.501 * scales[row]!
    t.ok(own.every(isNear), `row ${row}`)
    t.equal(own.reduce((most, value) => Math.max(most, Math.abs(value)), 0), row === 3 ? 0 : 127)
  }
})

t.test('rows of a table are looked up as they were rounded, for every target', async (t) => {
  const picked = [3, 7, 0]
  const none = { none: new Tensor('float32', new Float32Array(1), [1]) }
  const ofRows = { ...quantizeRows(matrix) }
  const exactRows = Float32Array.from(ofRows.values, (value, at) => value * ofRows.scales[Math.floor(at / COLUMNS)]!)
  const published = { ...quantizeWhole(matrix), zeroPoints: Int8Array.of(-5) }
  for (const { matrices, table, real } of [
    { matrices: 'real', table: matrix, real: values }, { matrices: 'signed', table: matrix, real: exactRows },
    { matrices: 'unsigned', table: matrix, real: exactRows },
    ...(['real', 'signed', 'unsigned'] as const).map((matrices) =>
      ({ matrices, table: published, real: realValues(published) })),
  ] as const) {
    const found = await evaluate({ matrices }, none, (graph, { none }) => {
      const indices = graph.op('Unsqueeze', [graph.integers(...picked), graph.integers(0)])
      return graph.op('Add', [gatherRows(graph, table, indices), none])
    })
    t.same(found.dims, [1, picked.length, COLUMNS])
    const expected = picked.flatMap((row) => [...real.subarray(row * COLUMNS, (row + 1) * COLUMNS)])
    t.ok(farthest(found.data, expected) < 1e-6, matrices)
  }
})
