/**
 * The weights of a published model, by the names that its graph gives them.
 *
 * Exported graphs keep the name of the layer in the name of the node (`/layers.0/mlp/fc1/MatMul_quant`) while the
 * weights are numbered, so a matrix is looked up by the node that multiplies with it. A name that is missing means that
 * the architecture was written for another model: `UnknownModel` is thrown, and the published graph is run instead.
 */
import { shifted, type FloatTensor, type QuantizedMatrix, type QuantizedTensor } from './matrices.js'
import { bytesOf, type PublishedGraph, type Tensor } from './onnx.js'

/** Part of a step by which a published offset may differ from a whole number of steps: both are float32. */
const WHOLE = 1e-3

export class Published {
  readonly #graph: PublishedGraph
  readonly #nodes: ReadonlyMap<string, PublishedGraph['nodes'][number]>

  constructor(graph: PublishedGraph) {
    this.#graph = graph
    this.#nodes = new Map(graph.nodes.map((node) => [node.name, node]))
  }

  has(name: string): boolean { return this.#graph.weights.has(name) }

  floats(name: string): FloatTensor {
    const tensor = this.#tensor(name)
    if (tensor.type !== 'float32') throw new UnknownModel(`${name} is ${tensor.type}, not float32`)
    return { values: new Float32Array(alignedCopy(tensor.bytes)), dims: tensor.dims }
  }

  /** The name of the second input of a node. */
  operandOf(node: string): string {
    const [, operand] = this.#inputsOf(node)
    if (operand === undefined) throw new UnknownModel(`the node ${node} has no second input`)
    return operand
  }

  /** The matrix of an integer multiplication, by the name of its node. */
  matrixOfNode(node: string): QuantizedMatrix {
    const values = this.operandOf(node)
    const zeroPoint = this.#inputsOf(node)[3]
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

  /**
   * A kernel. Some are published with an offset of real numbers: where it is a whole number of steps, it is a zero
   * point, and they are integers as the others; else they are what the integers stand for.
   */
  kernel(name: string, scaleName: string, offsetName: string): FloatTensor | QuantizedTensor {
    if (this.#tensor(offsetName).type !== 'float32') return this.quantized(name, scaleName, offsetName)
    const integers = this.quantized(name, scaleName, undefined)
    const [scale] = integers.scales
    const [offset] = this.floats(offsetName).values
    if (scale === undefined || offset === undefined) throw new UnknownModel(`${name} has no scale or no offset`)
    const zeroPoint = Math.round(-offset / scale)
    if (Math.abs(zeroPoint * scale + offset) < WHOLE * scale && Int8Array.of(zeroPoint)[0] === zeroPoint) {
      return { ...integers, zeroPoints: Int8Array.of(zeroPoint) }
    }
    return { values: Float32Array.from(integers.values, (value) => value * scale + offset), dims: integers.dims }
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
