/**
 * Convolution over time as a matrix multiplication: the inputs under the kernel are placed side by side (im2col), in
 * blocks of `stride` positions, because successive outputs share all blocks but one.
 *
 * Channels come last, so no value is transposed. Input [positions, channels in], output [positions, channels out].
 */
import type { Graph, Value } from './graph.js'
import { concat, linear, linearInReal, slice } from './layers.js'
import type { FloatTensor, QuantizedTensor } from './matrices.js'
import { UnknownModel } from './published.js'

/** A kernel as published, [channels out, channels in, kernel], and its stride. */
export interface Convolution {
  /** Integers are multiplied with the input as `linear` does, real numbers with real numbers. */
  readonly kernel: FloatTensor | QuantizedTensor
  readonly bias: FloatTensor | undefined
  readonly stride: number
  /** Zeros before the first position and after the last; none when absent. */
  readonly padding?: number
}

/** The last positions that do not fill a kernel are left out. */
export function convolve(graph: Graph, x: Value, convolution: Convolution): Value {
  const { kernel, bias } = convolution
  const patches = im2col(graph, x, convolution)
  const [outputs, inputs, width] = kernelShape(kernel)
  const rows = width * inputs
  if ('scales' in kernel) {
    return linear(graph, patches, { ...kernel, values: matrixOf(kernel), rows, columns: outputs }, bias)
  }
  return linearInReal(graph, patches, { values: matrixOf(kernel), rows, columns: outputs }, bias)
}

/** The inputs of each output position: [positions, channels] → [outputs, kernel × channels]. */
function im2col(graph: Graph, x: Value, { kernel, stride, padding = 0 }: Convolution): Value {
  const [, inputs, width] = kernelShape(kernel)
  const lastBlock = Math.ceil(width / stride) - 1 // index of the last block under a kernel
  const rest = width - lastBlock * stride // positions of that block that are under the kernel
  const blocks = blocksOf(graph, x, stride, { before: padding, after: padding + stride - rest }, inputs)
  const columns = Array.from({ length: lastBlock + 1 }, (_, index) => {
    const block = slice(graph, blocks, index, index === lastBlock ? undefined : index - lastBlock, 0)
    return index === lastBlock && rest < stride ? slice(graph, block, 0, rest * inputs, 1) : block
  })
  const [first, ...others] = columns
  return first !== undefined && others.length === 0 ? first : concat(graph, columns, 1)
}

/** [positions, channels] → [blocks, stride × channels], with zeros before and after. An incomplete block is dropped. */
function blocksOf(
  graph: Graph, x: Value, stride: number, { before, after }: { before: number; after: number }, channels: number,
): Value {
  const positions = graph.op('Shape', [x], { start: 0, end: 1 })
  const filled = graph.op('Add', [positions, graph.integers(before + after)])
  const excess = graph.op('Mod', [filled, graph.integers(stride)])
  const atEnd = graph.op('Sub', [graph.integers(after), excess]) // negative where positions are dropped
  const padded = graph.op('Pad', [x, concat(graph, [graph.integers(before, 0), atEnd, graph.integers(0)], 0)])
  return graph.op('Reshape', [padded, graph.integers(-1, stride * channels)])
}

/** [out, in, kernel] → [kernel × in, out]: rows in the order of time and channels in memory. */
function matrixOf<Numbers extends Float32Array | Int8Array>(
  { values, dims }: { readonly values: Numbers; readonly dims: readonly number[] },
): Numbers {
  const [outputs, inputs, width] = kernelShape({ dims })
  const matrix = values.slice() as Numbers
  for (let out = 0; out < outputs; out++) {
    for (let input = 0; input < inputs; input++) {
      for (let at = 0; at < width; at++) {
        matrix[(at * inputs + input) * outputs + out] = values[(out * inputs + input) * width + at]!
      }
    }
  }
  return matrix
}

function kernelShape({ dims }: { readonly dims: readonly number[] }): [outputs: number, inputs: number, width: number] {
  if (dims.length !== 3) throw new UnknownModel(`a kernel of shape [${dims.join(', ')}]; expected [out, in, width]`)
  return dims as [number, number, number]
}
