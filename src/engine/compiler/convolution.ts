/**
 * Convolution over time as a matrix multiplication: the inputs under the kernel are placed side by side (im2col), in
 * blocks of `stride` positions, because successive outputs share all blocks but one.
 *
 * Channels come last, so no value is transposed. Input [positions, channels in], output [positions, channels out].
 *
 * Activations become integers before they are placed side by side: every one is rounded once, not once for each output
 * that it belongs to, and bytes are copied instead of real numbers.
 */
import type { Graph, Value } from './graph.js'
import { multiply, quantize, quantizeTwice } from './integers.js'
import { concat, linearInReal, slice } from './layers.js'
import type { FloatTensor, Matrix, QuantizedTensor } from './matrices.js'
import { UnknownModel } from './published.js'

/** A kernel as published, [channels out, channels in, kernel], and its stride. */
export interface Convolution {
  /** Integers are multiplied with integers where the target has them, real numbers with real numbers. */
  readonly kernel: FloatTensor | QuantizedTensor
  readonly bias: FloatTensor | undefined
  readonly stride: number
  /** Zeros before the first position and after the last; none when absent. */
  readonly padding?: number
  /**
   * Bits of the activations that a kernel of integers is multiplied with: 8, also when absent; 16, in two passes; 32,
   * as real numbers. Without VNNI two passes take longer than real numbers, so that unsigned integers have no 16 bits.
   */
  readonly bits?: 8 | 16 | 32
}

/** The last positions that do not fill a kernel are left out. */
export function convolve(graph: Graph, x: Value, convolution: Convolution): Value {
  const { bias, bits = 8 } = convolution
  const matrix = matrixOf(convolution.kernel)
  const mostBits = { signed: 16, unsigned: 8, real: 0, half: 0, 'emulated-half': 0 }[graph.target.matrices]
  if (!('scales' in matrix) || bits > mostBits) {
    return linearInReal(graph, im2col(graph, x, convolution), matrix, bias)
  }
  const products = (bits === 8 ? [quantize(graph, x)] : quantizeTwice(graph, x)).map((part, index) => {
    const values = im2col(graph, part.values, convolution, part.zeroPoint)
    return multiply(graph, { ...part, values }, matrix, index === 0 ? bias : undefined)
  })
  return products.reduce((sum, product) => graph.op('Add', [sum, product]))
}

/**
 * The inputs of each output position: [positions, channels] → [outputs, kernel × channels]. `zero` is what padding is
 * filled with, a scalar; the number 0 when absent.
 */
function im2col(graph: Graph, x: Value, { kernel, stride, padding = 0 }: Convolution, zero?: Value): Value {
  const [, inputs, width] = kernelShape(kernel)
  const lastBlock = Math.ceil(width / stride) - 1 // index of the last block under a kernel
  const rest = width - lastBlock * stride // positions of that block that are under the kernel
  const blocks = blocksOf(graph, x, stride, { before: padding, after: padding + stride - rest, zero }, inputs)
  const columns = Array.from({ length: lastBlock + 1 }, (_, index) => {
    const block = slice(graph, blocks, index, index === lastBlock ? undefined : index - lastBlock, 0)
    return index === lastBlock && rest < stride ? slice(graph, block, 0, rest * inputs, 1) : block
  })
  const [first, ...others] = columns
  return first !== undefined && others.length === 0 ? first : concat(graph, columns, 1)
}

interface Padding {
  readonly before: number
  readonly after: number
  readonly zero: Value | undefined
}

/** [positions, channels] → [blocks, stride × channels], with zeros before and after. An incomplete block is dropped. */
function blocksOf(
  graph: Graph, x: Value, stride: number, { before, after, zero }: Padding, channels: number,
): Value {
  const positions = graph.op('Shape', [x], { start: 0, end: 1 })
  const filled = graph.op('Add', [positions, graph.integers(before + after)])
  const excess = graph.op('Mod', [filled, graph.integers(stride)])
  const atEnd = graph.op('Sub', [graph.integers(after), excess]) // negative where positions are dropped
  const pads = concat(graph, [graph.integers(before, 0), atEnd, graph.integers(0)], 0)
  return graph.op('Reshape', [graph.op('Pad', [x, pads, zero]), graph.integers(-1, stride * channels)])
}

/** [out, in, kernel] → [kernel × in, out]: rows in the order of time and channels in memory. */
function matrixOf(kernel: FloatTensor | QuantizedTensor): Matrix {
  const [columns, inputs, width] = kernelShape(kernel)
  const size = { rows: width * inputs, columns }
  const ordered = <Numbers extends Float32Array | Int8Array>(values: Numbers): Numbers => {
    const matrix = values.slice() as Numbers
    for (let out = 0; out < columns; out++) {
      for (let input = 0; input < inputs; input++) {
        for (let at = 0; at < width; at++) {
          matrix[(at * inputs + input) * columns + out] = values[(out * inputs + input) * width + at]!
        }
      }
    }
    return matrix
  }
  return 'scales' in kernel
    ? { ...kernel, values: ordered(kernel.values), ...size } : { values: ordered(kernel.values), ...size }
}

function kernelShape({ dims }: { readonly dims: readonly number[] }): [outputs: number, inputs: number, width: number] {
  if (dims.length !== 3) throw new UnknownModel(`a kernel of shape [${dims.join(', ')}]; expected [out, in, width]`)
  return dims as [number, number, number]
}
