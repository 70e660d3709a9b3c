/**
 * Convolution over time as a matrix multiplication: the inputs under the kernel are laid side by side (im2col), and
 * because kernel and stride have a common measure, whole blocks of positions are, not single ones.
 *
 * Channels come last, so no value is turned around. Input [positions, channels in], output [positions, channels out].
 */
import type { Graph, Value } from './graph.js'
import { joined, linear, reals, slice } from './layers.js'
import { UnknownModel, type Integers, type Reals } from './published.js'

/** A kernel as published, [channels out, channels in, kernel], and its stride. */
export interface Convolution {
  /** Integers are multiplied with the input as `linear` does. */
  readonly kernel: Reals | Integers
  readonly bias: Reals | undefined
  readonly stride: number
  /** Zeros before the first position and after the last; none when absent. */
  readonly padding?: number
}

/** The last positions that do not fill a kernel are left out. */
export function convolve(graph: Graph, x: Value, convolution: Convolution): Value {
  const { kernel, bias } = convolution
  const under = underKernel(graph, x, convolution)
  const [outputs, inputs, width] = threeOf(kernel)
  if ('scales' in kernel) return linear(graph, under, { ...kernel, values: matrixOf(kernel), rows: width * inputs, columns: outputs }, bias)
  const product = graph.op('MatMul', [under, graph.weight(matrixOf(kernel), [width * inputs, outputs])])
  return bias === undefined ? product : graph.op('Add', [product, reals(graph, bias)])
}

/** What each output position sees: [positions, channels] → [outputs, kernel × channels]. */
function underKernel(graph: Graph, x: Value, { kernel, stride, padding = 0 }: Convolution): Value {
  const [, inputs, width] = threeOf(kernel)
  const reach = Math.ceil(width / stride) - 1 // blocks under a kernel, but for the first
  const rest = width - reach * stride // positions of the last of them that are under the kernel
  const blocks = blocksOf(graph, x, stride, { before: padding, after: padding + stride - rest }, inputs)
  const columns = Array.from({ length: reach + 1 }, (_, index) => {
    const block = slice(graph, blocks, index, index === reach ? undefined : index - reach, 0)
    return index === reach && rest < stride ? slice(graph, block, 0, rest * inputs, 1) : block
  })
  return columns.length === 1 ? columns[0]! : joined(graph, columns, 1)
}

/** [positions, channels] → [blocks, stride × channels], with zeros before and after; what fills no block is dropped. */
function blocksOf(graph: Graph, x: Value, stride: number, { before, after }: { before: number; after: number }, channels: number): Value {
  const positions = graph.op('Shape', [x], { start: 0, end: 1 })
  const filled = graph.op('Add', [positions, graph.integers(before + after)])
  const excess = graph.op('Mod', [filled, graph.integers(stride)])
  const atEnd = graph.op('Sub', [graph.integers(after), excess]) // negative where positions are dropped
  const padded = graph.op('Pad', [x, joined(graph, [graph.integers(before, 0), atEnd, graph.integers(0)], 0)])
  return graph.op('Reshape', [padded, graph.integers(-1, stride * channels)])
}

/** [out, in, kernel] → [kernel × in, out]: rows in the order in which time and channels lie in memory. */
function matrixOf<Numbers extends Float32Array | Int8Array>({ values, dims }: { readonly values: Numbers; readonly dims: readonly number[] }): Numbers {
  const [outputs, inputs, width] = threeOf({ dims })
  const matrix = values.slice() as Numbers
  for (let out = 0; out < outputs; out++) {
    for (let input = 0; input < inputs; input++) {
      for (let at = 0; at < width; at++) matrix[(at * inputs + input) * outputs + out] = values[(out * inputs + input) * width + at]!
    }
  }
  return matrix
}

function threeOf({ dims }: { readonly dims: readonly number[] }): [number, number, number] {
  if (dims.length !== 3) throw new UnknownModel(`a kernel has the shape [${dims.join(', ')}]; expected [out, in, width]`)
  return dims as [number, number, number]
}
