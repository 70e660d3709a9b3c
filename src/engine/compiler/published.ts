/**
 * The weights of a published model, by the names that its graph gives them.
 *
 * Exported graphs keep the name of the layer in the name of the node (`/layers.0/mlp/fc1/MatMul_quant`) while the
 * weights are numbered, so a matrix is looked up by the node that multiplies with it. A name that is missing means that
 * the architecture was written for another model: `UnknownModel` is thrown, and the published graph is run instead.
 */
import { bytesOf, type PublishedGraph, type Tensor } from './onnx.js'

/** A tensor that was published as integers: real value = scale × (value − zero point). Row-major. */
export interface QuantizedTensor {
  readonly values: Int8Array
  readonly dims: readonly number[]
  /** One for the whole tensor, or one for each column of a matrix. */
  readonly scales: Float32Array
  readonly zeroPoints: Int8Array
}

/** A matrix [rows, columns] that multiplies from the right. */
export interface QuantizedMatrix extends Omit<QuantizedTensor, 'dims'> {
  readonly rows: number
  readonly columns: number
}

/** A tensor of real numbers, row-major. */
export interface FloatTensor { readonly values: Float32Array; readonly dims: readonly number[] }

export class Published {
  readonly #graph: PublishedGraph
  readonly #nodes: ReadonlyMap<string, PublishedGraph['nodes'][number]>

  constructor(graph: PublishedGraph) {
    this.#graph = graph
    this.#nodes = new Map(graph.nodes.map((node) => [node.name, node]))
  }

  has(name: string): boolean { return this.#graph.weights.has(name) }

  /** Number of layers: the first index for which there are no weights. */
  countLayers(nameOf: (index: number) => string): number {
    let index = 0
    while (this.has(nameOf(index))) index++
    return index
  }

  floats(name: string): FloatTensor {
    const tensor = this.#tensor(name)
    if (tensor.type !== 'float32') throw new UnknownModel(`${name} is ${tensor.type}, not float32`)
    return { values: new Float32Array(alignedCopy(tensor.bytes)), dims: tensor.dims }
  }

  /** The first number of a tensor of real numbers. */
  scalar(name: string): number {
    const [value] = this.floats(name).values
    if (value === undefined) throw new UnknownModel(`${name} is empty`)
    return value
  }

  /** As it was published. */
  raw(name: string): { readonly bytes: Uint8Array; readonly dims: readonly number[] } { return this.#tensor(name) }

  /** The matrix of an integer multiplication, by the name of its node. */
  matrixOfNode(node: string): QuantizedMatrix {
    const [, values, , zeroPoint] = this.#inputsOf(node)
    if (values === undefined) throw new UnknownModel(`the node ${node} has no second input`)
    const scale = values.replace(/_quantized$/, '_scale')
    return this.matrix(values, scale, zeroPoint)
  }

  /** A matrix, or a table, by the names of its values, scale and zero point. */
  matrix(name: string, scaleName: string, zeroPointName: string | undefined): QuantizedMatrix {
    const { dims, ...matrix } = this.quantized(name, scaleName, zeroPointName)
    const [rows, columns, ...more] = dims
    if (rows === undefined || columns === undefined || more.length > 0) {
      throw new UnknownModel(`${name} is no matrix but [${dims.join(', ')}]`)
    }
    return { ...matrix, rows, columns }
  }

  /** A tensor of any shape. Unsigned integers become signed ones of the same real value. */
  quantized(name: string, scaleName: string, zeroPointName: string | undefined): QuantizedTensor {
    const { type, dims, bytes } = this.#tensor(name)
    if (type !== 'uint8' && type !== 'int8') throw new UnknownModel(`${name} is ${type}, not integers of 8 bits`)
    const hasZeroPoint = zeroPointName !== undefined && zeroPointName !== ''
    const zeroPoints = hasZeroPoint ? this.#tensor(zeroPointName).bytes : new Uint8Array(1)
    const signed = (given: Uint8Array): Int8Array =>
      type === 'uint8' ? shifted(new Int8Array(given.length), given, -128) : new Int8Array(given)
    return { values: signed(bytes), dims, scales: this.floats(scaleName).values, zeroPoints: signed(zeroPoints) }
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
export function concatColumns(first: QuantizedMatrix, ...others: readonly QuantizedMatrix[]): QuantizedMatrix {
  const matrices = [first, ...others]
  const { rows } = first
  const columns = matrices.reduce((sum, matrix) => sum + matrix.columns, 0)
  const values = new Int8Array(rows * columns)
  let from = 0
  for (const matrix of matrices) {
    for (let row = 0; row < rows; row++) {
      values.set(matrix.values.subarray(row * matrix.columns, (row + 1) * matrix.columns), row * columns + from)
    }
    from += matrix.columns
  }
  return {
    values, rows, columns,
    scales: Float32Array.from(matrices.flatMap((matrix) => perColumn(matrix.scales, matrix.columns))),
    zeroPoints: Int8Array.from(matrices.flatMap((matrix) => perColumn(matrix.zeroPoints, matrix.columns))),
  }
}

/** The matrix times a number: only its scales change. */
export function scaled(matrix: QuantizedMatrix, factor: number): QuantizedMatrix {
  return { ...matrix, scales: matrix.scales.map((scale) => scale * factor) }
}

/** Some rows of a table with one scale. */
export function selectRows(matrix: QuantizedMatrix, rows: readonly number[]): QuantizedMatrix {
  const { columns } = matrix
  const values = new Int8Array(rows.length * columns)
  for (const [index, row] of rows.entries()) {
    values.set(matrix.values.subarray(row * columns, (row + 1) * columns), index * columns)
  }
  return { ...matrix, values, rows: rows.length }
}

/** The transpose. Scales stay, so there must be only one. */
export function transposed({ values, rows, columns, scales, zeroPoints }: QuantizedMatrix): QuantizedMatrix {
  const result = new Int8Array(values.length)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) result[column * rows + row] = values[row * columns + column]!
  }
  return { values: result, rows: columns, columns: rows, scales, zeroPoints }
}

/** Appends columns of zeros. Scales and zero points stay, so there must be only one of each. */
export function padColumns(matrix: QuantizedMatrix, by: number): QuantizedMatrix {
  const { values, rows, columns, scales, zeroPoints } = matrix
  const result = new Int8Array(rows * (columns + by)).fill(zeroPoints[0]!)
  for (let row = 0; row < rows; row++) {
    result.set(values.subarray(row * columns, (row + 1) * columns), row * (columns + by))
  }
  return { values: result, rows, columns: columns + by, scales, zeroPoints }
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

/** A copy at an address that any typed array may begin at. */
function alignedCopy(bytes: Uint8Array): ArrayBuffer {
  const copy = new ArrayBuffer(bytes.byteLength)
  bytesOf(new Uint8Array(copy)).set(bytes)
  return copy
}

/** The model is not the one that an architecture describes. */
export class UnknownModel extends Error {
  override readonly name = 'UnknownModel'
}
