/**
 * The layers that recognizers are made of. Values are channel-last, [batch, positions, width], unless stated otherwise.
 *
 * Matrices keep the integers that were published; real ones are quantized here, with a scale for each column.
 * Activations are quantized when the graph runs, with one scale for each tensor (dynamic quantization), as in the
 * published graphs. For a target with matrices of real numbers, float32 or float16, the same layers multiply with the
 * real values.
 */
import { usesIntegers, type Graph, type Value } from './graph.js'
import { multiply, quantize, quantizedConstants } from './integers.js'
import {
  asIntegers, inBlocks, quantizeRows, realValues, type FloatTensor, type Matrix,
} from './matrices.js'

/** x W + b; the bias is optional. */
export function linear(graph: Graph, x: Value, matrix: Matrix, bias?: FloatTensor): Value {
  if (!usesIntegers(graph.target)) return linearInReal(graph, x, matrix, bias)
  const constants = quantizedConstants(graph, asIntegers(matrix))
  return graph.op('DynamicQuantizeMatMul', [x, ...constants, bias && constant(graph, bias)])
}

/** The same with real numbers, for every target. */
export function linearInReal(graph: Graph, x: Value, matrix: Matrix, bias?: FloatTensor): Value {
  const product = graph.op('MatMul', [x, graph.weight(realValues(matrix), [matrix.rows, matrix.columns])])
  return bias === undefined ? product : graph.op('Add', [product, constant(graph, bias)])
}

/** Columns of weights that share a scale in `linearByRow`, and numbers of a row of activations. */
const BLOCK_OF_SCALE = 32
/** `accuracy_level` of MatMulNBits at which activations become 8-bit integers. */
const INTEGER_ACTIVATIONS = 4

/**
 * x W + b, every row by itself: activations are quantized in blocks of a row, so no row depends on the others, and a
 * row gives the same numbers, bit for bit, in whatever company. A product of few rows takes as long as `linear`; one of
 * many rows takes several times as long.
 */
export function linearByRow(graph: Graph, x: Value, matrix: Matrix, bias?: FloatTensor): Value {
  if (!usesIntegers(graph.target)) return linearInReal(graph, x, matrix, bias)
  const { values, scales, zeroPoints } = inBlocks(asIntegers(matrix), BLOCK_OF_SCALE)
  const { rows, columns } = matrix
  const blocks = Math.ceil(rows / BLOCK_OF_SCALE)
  const inputs = [
    x, graph.weight(values, [columns, blocks, BLOCK_OF_SCALE]), graph.weight(scales, [columns, blocks]),
    graph.weight(zeroPoints, [columns, blocks]), undefined, bias && constant(graph, bias),
  ]
  return graph.op('MatMulNBits', inputs, {
    K: rows, N: columns, bits: 8, block_size: BLOCK_OF_SCALE, accuracy_level: INTEGER_ACTIVATIONS,
  })
}

/** The form of a product with a matrix. */
export type Multiply = typeof linear

/** The same input through several matrices; it is quantized once. */
export function linears(
  graph: Graph, x: Value, matrices: readonly Matrix[], biases: readonly (FloatTensor | undefined)[] = [],
): Value[] {
  if (!usesIntegers(graph.target)) {
    return matrices.map((matrix, index) => linear(graph, x, matrix, biases[index]))
  }
  const quantized = quantize(graph, x)
  return matrices.map((matrix, index) => multiply(graph, quantized, asIntegers(matrix), biases[index]))
}

export function constant(graph: Graph, { values, dims }: FloatTensor): Value {
  return graph.weight(values, dims)
}

/**
 * Layer normalization (Ba et al. 2016, arXiv:1607.06450) over the width. The operator computes mean and deviation in
 * float32 whatever the type of x (`stash_type` of ONNX).
 */
export function layerNorm(graph: Graph, x: Value, gain: FloatTensor, bias?: FloatTensor): Value {
  const inputs = [x, constant(graph, gain), bias && constant(graph, bias)]
  return graph.op('LayerNormalization', inputs, { axis: -1, epsilon: { real: 1e-5 } })
}

/** The exact Gaussian error linear unit (Hendrycks and Gimpel 2016, arXiv:1606.08415): x Φ(x). */
export function gelu(graph: Graph, x: Value): Value {
  return graph.op('Gelu', [x])
}

/** SiLU, x σ(x) (Elfwing et al. 2017, arXiv:1702.03118). */
export function silu(graph: Graph, x: Value): Value {
  return graph.op('QuickGelu', [x], { alpha: { real: 1 } })
}

/** Keys and values of one attention layer, each [batch, heads, positions, head width]. */
export interface KeyValues {
  readonly keys: Value
  readonly values: Value
}

export interface AttentionOptions {
  readonly heads: number
  /** Factor of the scores; 1 where the query matrix includes it. */
  readonly scale: number
}

/** Self-attention without a mask (Vaswani et al. 2017, arXiv:1706.03762). All three are [batch, positions, width]. */
export function selfAttention(
  graph: Graph, query: Value, keys: Value, values: Value, { heads, scale }: AttentionOptions,
): Value {
  return graph.op('MultiHeadAttention', [query, keys, values], { num_heads: heads, scale: { real: scale } })
}

/**
 * Causal self-attention with a key/value cache: each new position attends to `past`, to the new positions before it and
 * to itself. Returns the attention output and the grown cache.
 */
export function causalSelfAttention(
  graph: Graph, query: Value, keys: Value, values: Value, past: KeyValues, { heads, scale }: AttentionOptions,
): { output: Value; keyValues: KeyValues } {
  const inputs = [query, keys, values, undefined, undefined, undefined, past.keys, past.values]
  const attributes = { num_heads: heads, unidirectional: 1, scale: { real: scale } }
  const [output, newKeys, newValues] = graph.ops('MultiHeadAttention', inputs, 3, attributes) as [Value, Value, Value]
  return { output, keyValues: { keys: newKeys, values: newValues } }
}

/**
 * A bias of scores, float32 → the type of activations. NOWHERE and what else is beyond float16 becomes a number of it
 * to which any score can be added: −∞ in all of a block of positions would make a fused kernel return NaN.
 */
export function biasOfScores(graph: Graph, bias: Value): Value {
  if (graph.activationType === 'float32') return bias
  return graph.toActivation(graph.op('Max', [bias, graph.float(LOWEST_BIAS_OF_HALF)]))
}
const LOWEST_BIAS_OF_HALF = -30_000

/**
 * Attention to keys and values that are given as they are. `bias` is added to the scores, [batch, 1, queries,
 * positions]. The query is [batch, queries, width].
 */
export function biasedAttention(
  graph: Graph, query: Value, { keys, values }: KeyValues, bias: Value, { heads, scale }: AttentionOptions,
): Value {
  const inputs = [query, keys, values, undefined, undefined, bias]
  return graph.op('MultiHeadAttention', inputs, { num_heads: heads, scale: { real: scale } })
}

/** Rows of a table: [batch, n] → [batch, n, columns]. Real numbers become integers with a scale for each row. */
export function gatherRows(graph: Graph, table: Matrix, indices: Value): Value {
  const { rows, columns } = table
  if (!usesIntegers(graph.target)) {
    return graph.op('Gather', [graph.weight(realValues(table), [rows, columns]), indices])
  }
  const { values, scales, zeroPoints } = 'scales' in table ? table : quantizeRows(table)
  const picked = graph.op('Gather', [graph.weight(values, [rows, columns]), indices])
  if (scales.length === 1) {
    return graph.op('DequantizeLinear', [picked, graph.weight(scales, []), graph.weight(zeroPoints, [])])
  }
  const scaleOfEach = graph.op('Gather', [graph.weight(scales, [rows, 1]), indices])
  return graph.op('Mul', [graph.cast(picked, 'float32'), scaleOfEach])
}

/** [batch, positions, heads × head width] → [batch, heads, positions, head width] */
export function splitHeads(graph: Graph, x: Value, heads: number, headWidth: number): Value {
  const reshaped = graph.op('Reshape', [x, graph.integers(0, 0, heads, headWidth)])
  return graph.op('Transpose', [reshaped], { perm: [0, 2, 1, 3] })
}

/** Cosines and sines of a rotary embedding, [positions, half of the rotated width]. */
export interface RotaryTables { readonly cosines: Value; readonly sines: Value; readonly width: number }

/** Rotary position embedding (Su et al. 2021, arXiv:2104.09864): position p rotates pair i by p · frequency i. */
export function rotaryTables(graph: Graph, frequencies: Float32Array, positions: number): RotaryTables {
  const table = (of: (angle: number) => number): Value => {
    const values = new Float32Array(positions * frequencies.length)
    for (let position = 0; position < positions; position++) {
      for (const [pair, frequency] of frequencies.entries()) {
        values[position * frequencies.length + pair] = of(position * frequency)
      }
    }
    return graph.weight(values, [positions, frequencies.length])
  }
  return { cosines: table(Math.cos), sines: table(Math.sin), width: 2 * frequencies.length }
}

/**
 * Rotates neighbouring pairs within the first `width` numbers of each head; `positions` are those of all, [batch, n],
 * or the first one, [1].
 */
export function applyRotary(
  graph: Graph, x: Value, positions: Value, { cosines, sines, width }: RotaryTables, heads: number,
): Value {
  const attributes = { interleaved: 1, num_heads: heads, rotary_embedding_dim: width }
  return graph.op('RotaryEmbedding', [x, positions, cosines, sines], attributes)
}

export function concat(graph: Graph, values: readonly Value[], axis: number): Value {
  return graph.op('Concat', values, { axis })
}

/** x[from … until) along an axis; negative bounds count from the end. */
export function slice(graph: Graph, x: Value, from: number, until: number | undefined, axis: number): Value {
  return graph.op('Slice', [x, graph.integers(from), graph.integers(until ?? 2 ** 40), graph.integers(axis)])
}

/** Equal parts along an axis. */
export function split(graph: Graph, x: Value, count: number, axis: number): Value[] {
  return graph.ops('Split', [x], count, { axis })
}
