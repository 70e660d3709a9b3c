/**
 * The weights of a model by the names that its architecture gives them, whatever file they come from.
 *
 * Names are those of the modules in Hugging Face's implementation, `encoder.layers.0.fc1` for instance, since files of
 * the safetensors format have them. For the two other formats an architecture translates them (`WeightNames`). A name
 * that is missing, or a shape that does not fit, means that the architecture was written for another model:
 * `UnknownModel` is thrown.
 */
import { transposed, type FloatTensor, type Matrix, type QuantizedTensor } from './matrices.js'
import { UnknownModel, type Published } from './published.js'

export interface Weights {
  /** Whether there is a tensor of real numbers of this name. */
  has(name: string): boolean
  /** A tensor of real numbers: a bias, the gain of a norm, a table of positions. */
  floats(name: string): FloatTensor
  /** The matrix of a linear layer, [inputs, outputs], by the name of its module. */
  matrix(module: string): Matrix
  /** A table of embeddings, [entries, width]. Integers have one scale. */
  table(module: string): Matrix
  /** The kernel of a convolution, [channels out, channels in, width]. */
  kernel(module: string): FloatTensor | QuantizedTensor
}

/** From the names of this interface to those of a file format; where a format is absent, it cannot be read. */
export interface WeightNames {
  /**
   * Of modules in a published graph, where they differ: the name of the module is changed before it is looked up. After
   * the part, `/module/Op` is the second input of that node: exporters number what they computed from several tensors.
   */
  readonly onnx?: (name: string) => string
  /** Of tensors in a ggml file. */
  readonly ggml?: (name: string) => string
}

/** Number of layers: the first index for which there is no tensor. */
export function countLayers(weights: Weights, nameOf: (index: number) => string): number {
  let index = 0
  while (weights.has(nameOf(index))) index++
  return index
}

/**
 * The weights of two published graphs, encoder and merged decoder, as Optimum exports and quantizes them: a matrix has
 * the name of the node that multiplies with it, the rest the name of its module.
 */
export function publishedWeights(
  encoder: Published, decoder: Published, rename: (name: string) => string = (name) => name,
): Weights {
  const find = (name: string): { readonly part: Published; readonly inner: string; readonly ofDecoder: boolean } => {
    const [, part, inner = ''] = /^(encoder|decoder)\.(.*)$/.exec(rename(name)) ?? []
    return { part: part === 'decoder' ? decoder : encoder, inner, ofDecoder: part === 'decoder' }
  }
  const tensorOf = (name: string): { readonly part: Published; readonly tensor: string } => {
    const { part, inner, ofDecoder } = find(name)
    if (inner.startsWith('/')) return { part, tensor: part.operandOf(inner) }
    return { part, tensor: ofDecoder ? `model.decoder.${inner}_merged_0` : inner }
  }
  return {
    has(name) {
      const { part, tensor } = tensorOf(name)
      return part.has(tensor)
    },
    floats(name) {
      const { part, tensor } = tensorOf(name)
      return part.floats(tensor)
    },
    matrix(module) {
      const { part, inner, ofDecoder } = find(module)
      const [, layer = '', rest = ''] = /^(layers\.\d+)\.(.*)$/.exec(inner) ?? []
      const top = ofDecoder ? '/model/decoder' : ''
      return part.matrixOfNode(`${top}/${layer}/${rest.replaceAll('.', '/')}/MatMul_quant`)
    },
    table(module) {
      const { part, tensor } = tensorOf(`${module}.weight`)
      return part.matrix(`${tensor}_quantized`, `${tensor}_scale`, `${tensor}_zero_point`)
    },
    kernel(module) {
      const { part, tensor } = tensorOf(`${module}.weight`)
      return part.kernel(`${tensor}_quantized`, `${tensor}_scale`, `${tensor}_zero_point`)
    },
  }
}

/** Tensors of a file that holds real numbers. */
export interface TensorFile {
  has(name: string): boolean
  /** Undefined where there is none of this name. */
  read(name: string): FloatTensor | undefined
}

/** The weights of a file of real numbers, in which linear layers are stored as [outputs, inputs]. */
export function realWeights(file: TensorFile, rename: (name: string) => string): Weights {
  const floats = (name: string): FloatTensor => {
    const tensor = file.read(rename(name))
    if (tensor === undefined) throw new UnknownModel(`it has no weights ${rename(name)}`)
    return tensor
  }
  const shaped = (module: string, axes: number): FloatTensor => {
    const tensor = floats(`${module}.weight`)
    if (tensor.dims.length === axes) return tensor
    throw new UnknownModel(`${rename(`${module}.weight`)} is [${tensor.dims.join(', ')}]; expected ${axes} axes`)
  }
  const table = (module: string): Matrix => {
    const { values, dims } = shaped(module, 2)
    const [rows, columns] = dims as [number, number]
    return { values, rows, columns }
  }
  return {
    has: (name) => file.has(rename(name)),
    floats,
    matrix: (module) => transposed(table(module)),
    table,
    kernel: (module) => shaped(module, 3),
  }
}
