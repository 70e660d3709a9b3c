/**
 * The weights of a published model, by the names that its graph gives them.
 *
 * Exported graphs keep the name of the layer in the name of the node (`/layers.0/mlp/fc1/MatMul_quant`) while the
 * weights are numbered, so a matrix is asked for by the node that multiplies with it. A name that is not there means
 * that this is another model than the architecture was written for: `UnknownModel`, and the published graph is run.
 */
import { bytesOf, type PublishedGraph, type Tensor } from './onnx.js'

/** Numbers that were published as integers: real value = scale × (value − zero point). Row-major. */
export interface Integers {
  readonly values: Int8Array
  readonly dims: readonly number[]
  /** One for all of them; of a matrix, perhaps one for each column. */
  readonly scales: Float32Array
  readonly zeroPoints: Int8Array
}

/** A matrix [rows, columns] that multiplies from the right. */
export interface Matrix extends Omit<Integers, 'dims'> {
  readonly rows: number
  readonly columns: number
}

/** Real numbers, row-major. */
export interface Reals { readonly values: Float32Array; readonly dims: readonly number[] }

export class Published {
  readonly #graph: PublishedGraph
  readonly #nodes: ReadonlyMap<string, PublishedGraph['nodes'][number]>

  constructor(graph: PublishedGraph) {
    this.#graph = graph
    this.#nodes = new Map(graph.nodes.map((node) => [node.name, node]))
  }

  has(name: string): boolean { return this.#graph.weights.has(name) }

  /** How many layers there are: the first index of which there are no weights. */
  count(nameOf: (index: number) => string): number {
    let index = 0
    while (this.has(nameOf(index))) index++
    return index
  }

  reals(name: string): Reals {
    const tensor = this.#tensor(name)
    if (tensor.type !== 'float32') throw new UnknownModel(`${name} is ${tensor.type}, not float32`)
    return { values: new Float32Array(aligned(tensor.bytes)), dims: tensor.dims }
  }

  /** As it was published. */
  bytes(name: string): { readonly bytes: Uint8Array; readonly dims: readonly number[] } { return this.#tensor(name) }

  /** The matrix of an integer multiplication, by the name of its node. */
  matrix(node: string): Matrix {
    const [, values, , zeroPoint] = this.#inputsOf(node)
    const scale = values!.replace(/_quantized$/, '_scale')
    return this.integers(values!, scale, zeroPoint)
  }

  /** A matrix, or a table, by the names of its parts. */
  integers(name: string, scaleName: string, zeroPointName: string | undefined): Matrix {
    const { dims, ...matrix } = this.integersOfAnyShape(name, scaleName, zeroPointName)
    if (dims.length !== 2) throw new UnknownModel(`${name} is no matrix but [${dims.join(', ')}]`)
    return { ...matrix, rows: dims[0]!, columns: dims[1]! }
  }

  /** Unsigned integers become signed ones of the same real value. */
  integersOfAnyShape(name: string, scaleName: string, zeroPointName: string | undefined): Integers {
    const { type, dims, bytes } = this.#tensor(name)
    if (type !== 'uint8' && type !== 'int8') throw new UnknownModel(`${name} is ${type}, not integers of 8 bits`)
    const zeroPoints = zeroPointName === undefined || zeroPointName === '' ? new Uint8Array(1) : this.#tensor(zeroPointName).bytes
    const signed = (given: Uint8Array): Int8Array => type === 'uint8' ? shifted(new Int8Array(given.length), given, -128) : new Int8Array(given)
    return { values: signed(bytes), dims, scales: this.reals(scaleName).values, zeroPoints: signed(zeroPoints) }
  }

  #tensor(name: string): Tensor {
    const tensor = this.#graph.weights.get(name)
    if (tensor === undefined) throw new UnknownModel(`it has no weights ${name}`)
    return tensor
  }

  #inputsOf(name: string): readonly string[] {
    const node = this.#nodes.get(name)
    if (node === undefined) throw new UnknownModel(`it has no node ${name}`)
    return node.inputs
  }
}

/** Several matrices side by side, [rows, sum of columns]: one multiplication instead of several. */
export function sideBySide(matrices: readonly Matrix[]): Matrix {
  const rows = matrices[0]!.rows
  const columns = matrices.reduce((sum, matrix) => sum + matrix.columns, 0)
  const values = new Int8Array(rows * columns)
  let from = 0
  for (const matrix of matrices) {
    for (let row = 0; row < rows; row++) values.set(matrix.values.subarray(row * matrix.columns, (row + 1) * matrix.columns), row * columns + from)
    from += matrix.columns
  }
  return {
    values, rows, columns,
    scales: Float32Array.from(matrices.flatMap((matrix) => perColumn(matrix.scales, matrix.columns))),
    zeroPoints: Int8Array.from(matrices.flatMap((matrix) => perColumn(matrix.zeroPoints, matrix.columns))),
  }
}

/** The matrix times a number: only its scales change. */
export function times(matrix: Matrix, factor: number): Matrix {
  return { ...matrix, scales: matrix.scales.map((scale) => scale * factor) }
}

/** Some rows of a table with one scale. */
export function rowsOf(matrix: Matrix, rows: readonly number[]): Matrix {
  const values = new Int8Array(rows.length * matrix.columns)
  rows.forEach((row, place) => { values.set(matrix.values.subarray(row * matrix.columns, (row + 1) * matrix.columns), place * matrix.columns) })
  return { ...matrix, values, rows: rows.length }
}

/** Rows become columns. Scales stay, so there may be only one. */
export function turned({ values, rows, columns, scales, zeroPoints }: Matrix): Matrix {
  const result = new Int8Array(values.length)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) result[column * rows + row] = values[row * columns + column]!
  }
  return { values: result, rows: columns, columns: rows, scales, zeroPoints }
}

/** More columns at the end, of zeros. Scales and zero points stay, so there may be only one. */
export function widened({ values, rows, columns, scales, zeroPoints }: Matrix, by: number): Matrix {
  const result = new Int8Array(rows * (columns + by)).fill(zeroPoints[0]!)
  for (let row = 0; row < rows; row++) result.set(values.subarray(row * columns, (row + 1) * columns), row * (columns + by))
  return { values: result, rows, columns: columns + by, scales, zeroPoints }
}

/** What the integers stand for. */
export function realValues({ values, columns, scales, zeroPoints }: Matrix): Float32Array {
  const result = new Float32Array(values.length)
  for (let index = 0; index < values.length; index++) {
    const column = scales.length === 1 ? 0 : index % columns
    result[index] = scales[column]! * (values[index]! - zeroPoints[column]!)
  }
  return result
}

/** A loop and not `from` with a function, which takes a hundred times as long. */
export function shifted<Numbers extends Int8Array | Uint8Array>(result: Numbers, given: Int8Array | Uint8Array, by: number): Numbers {
  for (let index = 0; index < given.length; index++) result[index] = given[index]! + by
  return result
}

function perColumn(numbers: Float32Array | Int8Array, columns: number): number[] {
  return numbers.length === 1 ? new Array<number>(columns).fill(numbers[0]!) : [...numbers]
}

/** A copy whose first byte lies where numbers may begin. */
function aligned(bytes: Uint8Array): ArrayBuffer {
  const copy = new ArrayBuffer(bytes.byteLength)
  bytesOf(new Uint8Array(copy)).set(bytes)
  return copy
}

/** The model is not the one that an architecture describes. */
export class UnknownModel extends Error {
  override readonly name = 'UnknownModel'
}
