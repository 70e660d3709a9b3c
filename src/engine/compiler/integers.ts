/**
 * Products of 8-bit integers. Weights are integers when a graph is written, activations become integers when it runs,
 * with one scale for a whole tensor (dynamic quantization). Sums have 32 bits and are exact; all that is lost is lost
 * in rounding the activations, and a second pass over what the first one rounded away makes 16 bits of 8.
 */
import type { Graph, Value } from './graph.js'
import { shifted, type FloatTensor, type QuantizedMatrix } from './matrices.js'

/** Bytes that stand for scale × (value − zero point); scale and zero point are scalars. */
export interface Quantized {
  readonly values: Value
  readonly scale: Value
  readonly zeroPoint: Value
}

/**
 * Steps of the second pass in one of the first: what is left after rounding is half a step at most, so that 127 steps
 * on each side of 128 hold it.
 */
const STEPS_OF_REST = 254
const MIDDLE = 128

/** 8 bits over the range of the tensor, which includes 0. */
export function quantize(graph: Graph, x: Value): Quantized {
  const [values, scale, zeroPoint] = graph.ops('DynamicQuantizeLinear', [x], 3) as [Value, Value, Value]
  return { values, scale, zeroPoint }
}

/** Two tensors of 8 bits whose sum is x to about 16 bits. */
export function quantizeTwice(graph: Graph, x: Value): Quantized[] {
  const high = quantize(graph, x)
  const rounded = graph.op('DequantizeLinear', [high.values, high.scale, high.zeroPoint])
  const scale = graph.op('Mul', [high.scale, graph.float(1 / STEPS_OF_REST)])
  const zeroPoint = graph.weight(Uint8Array.of(MIDDLE), [])
  const values = graph.op('QuantizeLinear', [graph.op('Sub', [x, rounded]), scale, zeroPoint])
  return [high, { values, scale, zeroPoint }]
}

/** x W + b in real numbers; the bias is optional. */
export function multiply(
  graph: Graph, { values, scale, zeroPoint }: Quantized, matrix: QuantizedMatrix, bias?: FloatTensor,
): Value {
  const [weights, scales, zeroPoints] = quantizedConstants(graph, matrix)
  const inputs = [values, weights, scale, scales, zeroPoint, zeroPoints]
  return graph.op('MatMulIntegerToFloat', [...inputs, bias && graph.weight(bias.values, bias.dims)])
}

/** Matrix, scales and zero points in the form that the target needs. */
export function quantizedConstants(
  graph: Graph, matrix: QuantizedMatrix,
): [values: Value, scales: Value, zeroPoints: Value] {
  const { values, rows, columns, scales, zeroPoints } = matrix
  return [
    graph.weight(forTarget(graph, values), [rows, columns]),
    graph.weight(scales, scales.length === 1 ? [] : [columns]),
    graph.weight(forTarget(graph, zeroPoints), zeroPoints.length === 1 ? [] : [columns]),
  ]
}

/** Signed or unsigned integers. Values and zero points change alike, so that the real values stay. */
function forTarget(graph: Graph, values: Int8Array): Int8Array | Uint8Array {
  return graph.target.matrices === 'unsigned' ? shifted(new Uint8Array(values.length), values, 128) : values
}
