/**
 * The layers that recognizers are made of. Values are channel-last, [batch, positions, width], unless it says otherwise.
 *
 * Matrices stay the integers that were published; activations are quantized as they come, with one scale a tensor
 * (dynamic quantization), as the published graphs do. For a target with real matrices the same layers multiply with
 * what the integers stand for.
 */
import type { Graph, Value } from './graph.js'
import { realValues, shifted, type Matrix, type Reals } from './published.js'

/** x W + b, the bias left out where there is none. */
export function linear(graph: Graph, x: Value, matrix: Matrix, bias?: Reals): Value {
  if (graph.target.matrices !== 'real') return graph.op('DynamicQuantizeMatMul', [x, ...integers(graph, matrix), bias && reals(graph, bias)])
  const product = graph.op('MatMul', [x, graph.weight(realValues(matrix), [matrix.rows, matrix.columns])])
  return bias === undefined ? product : graph.op('Add', [product, reals(graph, bias)])
}

/** The same input through several matrices; it is quantized once. */
export function linears(graph: Graph, x: Value, matrices: readonly Matrix[], biases: readonly (Reals | undefined)[] = []): Value[] {
  if (graph.target.matrices === 'real') return matrices.map((matrix, index) => linear(graph, x, matrix, biases[index]))
  const [quantized, scale, zeroPoint] = graph.ops('DynamicQuantizeLinear', [x], 3)
  return matrices.map((matrix, index) => {
    const [values, scales, zeroPoints] = integers(graph, matrix)
    const bias = biases[index]
    return graph.op('MatMulIntegerToFloat', [quantized, values, scale, scales, zeroPoint, zeroPoints, bias && reals(graph, bias)])
  })
}

/** Matrix, scales and zero points as the target wants them. */
export function integers(graph: Graph, { values, rows, columns, scales, zeroPoints }: Matrix): [Value, Value, Value] {
  const dims = scales.length === 1 ? [] : [columns]
  return [
    graph.weight(ofTarget(graph, values), [rows, columns]),
    graph.weight(scales, dims),
    graph.weight(ofTarget(graph, zeroPoints), zeroPoints.length === 1 ? [] : [columns]),
  ]
}

/** Signed or unsigned, values and zero points alike, so that the real values stay. */
function ofTarget(graph: Graph, values: Int8Array): Int8Array | Uint8Array {
  return graph.target.matrices === 'unsigned' ? shifted(new Uint8Array(values.length), values, 128) : values
}

export function reals(graph: Graph, { values, dims }: Reals): Value {
  return graph.weight(values, dims)
}

/** Layer normalization (Ba et al. 2016, arXiv:1607.06450) over the width. */
export function layerNorm(graph: Graph, x: Value, gain: Reals, bias?: Reals): Value {
  return graph.op('LayerNormalization', [x, reals(graph, gain), bias && reals(graph, bias)], { axis: -1, epsilon: { real: 1e-5 } })
}

/** The exact Gaussian error linear unit (Hendrycks and Gimpel 2016, arXiv:1606.08415): x Φ(x). */
export function gelu(graph: Graph, x: Value): Value {
  return graph.op('Gelu', [x])
}

/** SiLU, x σ(x) (Elfwing et al. 2017, arXiv:1702.03118). */
export function silu(graph: Graph, x: Value): Value {
  return graph.op('QuickGelu', [x], { alpha: { real: 1 } })
}

/** Keys and values of one attention, each [batch, heads, positions, head width]. */
export interface Memory {
  readonly keys: Value
  readonly values: Value
  /** Added to the scores, [positions]: the logarithm of how many positions each of them stands for. */
  readonly logCounts?: Value
  /** One memory, batch 1, for queries of any batch. */
  readonly isShared?: boolean
}

export interface Attention { readonly heads: number; /** Factor of the scores; where it is part of the query matrix, 1. */ readonly scale: number }

/** Every position attends to every other (Vaswani et al. 2017, arXiv:1706.03762). All three [batch, positions, width]. */
export function attend(graph: Graph, query: Value, keys: Value, values: Value, { heads, scale }: Attention): Value {
  return graph.op('MultiHeadAttention', [query, keys, values], { num_heads: heads, scale: { real: scale } })
}

/** A new position attends to those before it and to itself. Answers what it heard, and the memory that it leaves. */
export function attendToPast(graph: Graph, query: Value, keys: Value, values: Value, past: Memory, { heads, scale }: Attention): { heard: Value; memory: Memory } {
  const inputs = [query, keys, values, undefined, undefined, undefined, past.keys, past.values]
  const [heard, newKeys, newValues] = graph.ops('MultiHeadAttention', inputs, 3, { num_heads: heads, unidirectional: 1, scale: { real: scale } })
  return { heard: heard!, memory: { keys: newKeys!, values: newValues! } }
}

/** Attends to a memory that does not grow. The query is [batch, positions, width]; to a shared memory, a batch of one position is as good as positions. */
export function attendToMemory(graph: Graph, query: Value, { keys, values, isShared = false, logCounts }: Memory, { heads, scale }: Attention): Value {
  const turned = (x: Value): Value => isShared ? graph.op('Transpose', [x], { perm: [1, 0, 2] }) : x
  const queries = turned(query)
  const bias = logCounts && graph.op('Expand', [logCounts, joined(graph, [graph.integers(1, 1), graph.op('Shape', [queries], { start: 1, end: 2 }), graph.integers(1)], 0)])
  return turned(graph.op('MultiHeadAttention', [queries, keys, values, undefined, undefined, bias], { num_heads: heads, scale: { real: scale } }))
}

/**
 * Columns of a matrix: [batch, n] → [batch, n, rows]. Where the output matrix is the embedding turned around, a column
 * of it is the embedding of its token, and one table serves both ways.
 */
export function columns(graph: Graph, matrix: Matrix, indices: Value): Value {
  const pick = (table: Value): Value => graph.op('Transpose', [graph.op('Gather', [table, indices], { axis: 1 })], { perm: [1, 2, 0] })
  if (graph.target.matrices === 'real') return pick(graph.weight(realValues(matrix), [matrix.rows, matrix.columns]))
  const [table, scale, zeroPoint] = integers(graph, matrix)
  return graph.op('DequantizeLinear', [pick(table), scale, zeroPoint])
}

/** [batch, positions, heads × head width] → [batch, heads, positions, head width] */
export function splitHeads(graph: Graph, x: Value, heads: number, headWidth: number): Value {
  return graph.op('Transpose', [graph.op('Reshape', [x, graph.integers(0, 0, heads, headWidth)])], { perm: [0, 2, 1, 3] })
}

/** Angles of a rotary embedding: cosines and sines, [positions, half of the rotated width]. */
export interface Rotation { readonly cosines: Value; readonly sines: Value; readonly width: number }

/** Position p turns the pair i by the angle p · frequency i (Su et al. 2021, arXiv:2104.09864). */
export function rotation(graph: Graph, frequencies: Float32Array, positions: number): Rotation {
  const angles = (turn: (angle: number) => number): Value => graph.weight(
    Float32Array.from({ length: positions * frequencies.length }, (_, index) => turn(Math.floor(index / frequencies.length) * frequencies[index % frequencies.length]!)),
    [positions, frequencies.length])
  return { cosines: angles(Math.cos), sines: angles(Math.sin), width: 2 * frequencies.length }
}

/** Turns neighbouring pairs within the first `rotation.width` numbers of each head; `from` is the first position, [1]. */
export function rotate(graph: Graph, x: Value, from: Value, { cosines, sines, width }: Rotation, heads: number): Value {
  return graph.op('RotaryEmbedding', [x, from, cosines, sines], { interleaved: 1, num_heads: heads, rotary_embedding_dim: width })
}

/** One after the other along an axis. */
export function joined(graph: Graph, values: readonly Value[], axis: number): Value {
  return graph.op('Concat', values, { axis })
}

/** x[from … until) along an axis; negative bounds count from the end. */
export function slice(graph: Graph, x: Value, from: number, until: number | undefined, axis: number): Value {
  return graph.op('Slice', [x, graph.integers(from), graph.integers(until ?? 2 ** 40), graph.integers(axis)])
}

/** Equal parts along an axis. */
export function parts(graph: Graph, x: Value, count: number, axis: number): Value[] {
  return graph.ops('Split', [x], count, { axis })
}
