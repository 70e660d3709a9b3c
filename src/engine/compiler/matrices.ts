/**
 * The tensors that graphs are written from: as integers where they were published as such, else as real numbers.
 *
 * Real matrices become integers only where a graph multiplies with them, with one scale for each column. One scale for
 * the whole matrix, as published files have it, is set by its largest weight and rounds the other columns more coarsely
 * than needed; the runtime multiplies both forms in the same time. `npm run bench -- quantization` states the effect.
 */

/** A tensor that was published as integers: real value = scale × (value − zero point). Row-major. */
export interface QuantizedTensor {
  readonly values: Int8Array
  readonly dims: readonly number[]
  /** One for the whole tensor, or one for each column of a matrix. */
  readonly scales: Float32Array
  readonly zeroPoints: Int8Array
}

/** A tensor of real numbers, row-major. */
export interface FloatTensor { readonly values: Float32Array; readonly dims: readonly number[] }

interface Size { readonly rows: number; readonly columns: number }

/** A matrix [rows, columns] that multiplies from the right. */
export interface QuantizedMatrix extends Omit<QuantizedTensor, 'dims'>, Size {}
export interface FloatMatrix extends Size { readonly values: Float32Array }
export type Matrix = QuantizedMatrix | FloatMatrix

/** Largest integer of a quantized weight: the range is symmetric, so that zero points are 0. */
const LARGEST = 127

/**
 * Rounds to integers of 8 bits, one scale for each column and zero points of 0: the largest weight of a column becomes
 * ±127.
 */
export function quantizeColumns({ values, rows, columns }: FloatMatrix): QuantizedMatrix {
  const largest = new Float32Array(columns)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const size = Math.abs(values[row * columns + column]!)
      if (size > largest[column]!) largest[column] = size
    }
  }
  const scales = largest.map((size) => size === 0 ? 1 : size / LARGEST)
  const result = new Int8Array(values.length)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      result[row * columns + column] = Math.round(values[row * columns + column]! / scales[column]!)
    }
  }
  return { values: result, rows, columns, scales, zeroPoints: new Int8Array(columns) }
}

/** The same with one scale for each row. */
export function quantizeRows({ values, rows, columns }: FloatMatrix): QuantizedMatrix {
  const result = new Int8Array(values.length)
  const scales = new Float32Array(rows)
  for (let row = 0; row < rows; row++) {
    const numbers = values.subarray(row * columns, (row + 1) * columns)
    const largest = numbers.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
    scales[row] = largest === 0 ? 1 : largest / LARGEST
    for (let column = 0; column < columns; column++) {
      result[row * columns + column] = Math.round(numbers[column]! / scales[row]!)
    }
  }
  return { values: result, rows, columns, scales, zeroPoints: new Int8Array(rows) }
}

/** The same with one scale for the whole matrix. */
export function quantizeWhole({ values, rows, columns }: FloatMatrix): QuantizedMatrix {
  return { ...quantizeColumns({ values, rows: values.length, columns: 1 }), rows, columns }
}

/** As integers: those that were published, else `quantizeColumns`. */
export function asIntegers(matrix: Matrix): QuantizedMatrix {
  return 'scales' in matrix ? matrix : quantizeColumns(matrix)
}

/** As real numbers, row-major. */
export function realValues(matrix: Matrix): Float32Array {
  return 'scales' in matrix ? dequantized(matrix) : matrix.values
}

/** Several matrices side by side, [rows, sum of columns]: one multiplication instead of several. */
export function concatColumns(first: Matrix, ...others: readonly Matrix[]): Matrix {
  const matrices = [first, ...others]
  const { rows } = first
  const columns = matrices.reduce((sum, matrix) => sum + matrix.columns, 0)
  if (!matrices.some((matrix) => 'scales' in matrix)) {
    return { values: sideBySide(new Float32Array(rows * columns), matrices, columns), rows, columns }
  }
  const all = matrices.map(asIntegers)
  return {
    values: sideBySide(new Int8Array(rows * columns), all, columns), rows, columns,
    scales: Float32Array.from(all.flatMap((matrix) => perColumn(matrix.scales, matrix.columns))),
    zeroPoints: Int8Array.from(all.flatMap((matrix) => perColumn(matrix.zeroPoints, matrix.columns))),
  }
}

function sideBySide<Numbers extends Float32Array | Int8Array>(
  result: Numbers, matrices: readonly Matrix[], columns: number,
): Numbers {
  let from = 0
  for (const matrix of matrices) {
    for (let row = 0; row < matrix.rows; row++) {
      result.set(matrix.values.subarray(row * matrix.columns, (row + 1) * matrix.columns), row * columns + from)
    }
    from += matrix.columns
  }
  return result
}

/** The matrix times a number. */
export function scaled(matrix: Matrix, factor: number): Matrix {
  if ('scales' in matrix) return { ...matrix, scales: matrix.scales.map((scale) => scale * factor) }
  const values = matrix.values.slice()
  for (let index = 0; index < values.length; index++) values[index]! *= factor
  return { ...matrix, values }
}

/** Some rows of a table. Integers must have one scale. */
export function selectRows(matrix: Matrix, rows: readonly number[]): Matrix {
  const { columns } = matrix
  const select = <Numbers extends Float32Array | Int8Array>(result: Numbers): Numbers => {
    for (const [index, row] of rows.entries()) {
      result.set(matrix.values.subarray(row * columns, (row + 1) * columns), index * columns)
    }
    return result
  }
  const size = rows.length * columns
  if ('scales' in matrix) return { ...matrix, values: select(new Int8Array(size)), rows: rows.length }
  return { columns, values: select(new Float32Array(size)), rows: rows.length }
}

/** The transpose. Integers must have one scale, which stays. */
export function transposed(matrix: Matrix): Matrix {
  const { values, rows, columns } = matrix
  const transpose = <Numbers extends Float32Array | Int8Array>(result: Numbers): Numbers => {
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) result[column * rows + row] = values[row * columns + column]!
    }
    return result
  }
  if ('scales' in matrix) {
    return { ...matrix, values: transpose(new Int8Array(values.length)), rows: columns, columns: rows }
  }
  return { values: transpose(new Float32Array(values.length)), rows: columns, columns: rows }
}

/** Appends columns of zeros. Integers must have one scale. */
export function padColumns(matrix: Matrix, by: number): Matrix {
  const { rows } = matrix
  const columns = matrix.columns + by
  const pad = <Numbers extends Float32Array | Int8Array>(result: Numbers): Numbers => {
    for (let row = 0; row < rows; row++) {
      result.set(matrix.values.subarray(row * matrix.columns, (row + 1) * matrix.columns), row * columns)
    }
    return result
  }
  if (!('scales' in matrix)) return { values: pad(new Float32Array(rows * columns)), rows, columns }
  return { ...matrix, values: pad(new Int8Array(rows * columns).fill(matrix.zeroPoints[0]!)), columns }
}

/** A matrix in blocks of rows, by column: [columns, blocks, block], each block with its scale and zero point. */
export interface BlockedMatrix {
  /** Unsigned; the last block of a column is filled up with its zero point. */
  readonly values: Uint8Array
  /** [columns, blocks] */
  readonly scales: Float32Array
  readonly zeroPoints: Uint8Array
}

/** The same numbers for an operator that wants blocks (`MatMulNBits` of ONNX Runtime). */
export function inBlocks({ values, rows, columns, scales, zeroPoints }: QuantizedMatrix, block: number): BlockedMatrix {
  const blocks = Math.ceil(rows / block)
  const width = blocks * block
  const blocked = { values: new Uint8Array(columns * width), scales: new Float32Array(columns * blocks) }
  const zeros = new Uint8Array(columns * blocks)
  for (let column = 0; column < columns; column++) {
    const at = scales.length === 1 ? 0 : column
    const zero = zeroPoints[at]! + 128
    blocked.scales.fill(scales[at]!, column * blocks, (column + 1) * blocks)
    zeros.fill(zero, column * blocks, (column + 1) * blocks)
    const into = column * width
    for (let row = 0; row < rows; row++) blocked.values[into + row] = values[row * columns + column]! + 128
    blocked.values.fill(zero, into + rows, into + width)
  }
  return { ...blocked, zeroPoints: zeros }
}

/** The real values that the integers stand for. */
export function dequantized({ values, columns, scales, zeroPoints }: QuantizedMatrix): Float32Array {
  const result = new Float32Array(values.length)
  for (let index = 0; index < values.length; index++) {
    const column = scales.length === 1 ? 0 : index % columns
    result[index] = scales[column]! * (values[index]! - zeroPoints[column]!)
  }
  return result
}

/** Writes `given` plus `by` into `result`. A loop: `from` with a function takes a hundred times as long. */
export function shifted<Numbers extends Int8Array | Uint8Array>(
  result: Numbers, given: Int8Array | Uint8Array, by: number,
): Numbers {
  for (let index = 0; index < given.length; index++) result[index] = given[index]! + by
  return result
}

function perColumn(numbers: Float32Array | Int8Array, columns: number): number[] {
  return numbers.length === 1 ? new Array<number>(columns).fill(numbers[0]!) : [...numbers]
}
