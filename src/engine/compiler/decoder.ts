/**
 * An autoregressive decoder as its architecture describes it, and the encoder memory that it attends to. From these the
 * graphs are written: the encoder (`encoder.ts`), the greedy loop (`greedy-loop.ts`), the steps of a beam search
 * (`beam-steps.ts`) and word times (`alignment.ts`).
 */
import type { Graph, Value } from './graph.js'
import { biasedAttention, biasOfScores, type AttentionOptions, type KeyValues } from './layers.js'
import type { Shape } from './onnx.js'
import type { Vocabulary } from './tokens.js'

export interface Decoder extends Vocabulary {
  readonly layers: number
  readonly heads: number
  readonly headWidth: number
  /** Tokens [batch, n] as indices into `kept`, at positions [batch, n] → [batch, n, width]. */
  embed(graph: Graph, tokens: Value, positions: Value): Value
  /** One layer: [batch, n, width] → the same. It attends through `attention`. */
  layer(graph: Graph, index: number, hidden: Value, positions: Value, attention: LayerAttention): Value
  /** [batch, n, width] → [batch · n, kept], not normalized; padded with impossible tokens to whole rows of `BLOCK`. */
  logits(graph: Graph, hidden: Value): Value
}

/** The logits of a decoder in float32: probabilities and what is added to logits need more than float16. */
export function logitsOf(graph: Graph, decoder: Decoder, hidden: Value): Value {
  return graph.toFloat32(decoder.logits(graph, hidden))
}

/** How the tokens of one layer attend; queries include the factor of the scores. */
export interface LayerAttention {
  /** To the tokens before them and to themselves; all [batch, n, width]. */
  self(query: Value, keys: Value, values: Value): Value
  /** To the audio; [batch, n, width]. */
  cross(query: Value): Value
}

/** What the decoder attends to: keys and values of each layer, and what is added to the scores of their positions. */
export interface Memory {
  readonly layers: readonly KeyValues[]
  /** [batch, frames], float32: 0, or the logarithm of the number of frames that one stands for, or NOWHERE. */
  readonly bias: Value
}

/** Cross-attention of a layer: the batch of the memory is that of the query, or 1, and then all sequences share it. */
export type CrossAttention = (layer: number, query: Value) => Value

/** `queries` has the batch and the positions of all queries, as those of [batch, n, width]. */
export function crossAttentionTo(
  graph: Graph, { layers, bias }: Memory, queries: Value, { heads, headWidth }: Pick<Decoder, 'heads' | 'headWidth'>,
): CrossAttention {
  const options: AttentionOptions = { heads, scale: 1 }
  const batch = graph.op('Shape', [bias], { start: 0, end: 1 })
  const width = heads * headWidth
  const grouped = graph.op('Concat', [batch, graph.integers(-1, width)], { axis: 0 })
  const size = graph.op('Shape', [queries], { start: 0, end: 2 })
  const count = graph.op('Div', [graph.op('ReduceProd', [size], { keepdims: 1 }), batch])
  const shape = graph.op('Concat', [batch, graph.integers(1), count, graph.integers(1)], { axis: 0 })
  const added = graph.op('Unsqueeze', [biasOfScores(graph, bias), graph.integers(1, 2)])
  const ofQueries = graph.op('Expand', [added, shape])
  const original = graph.op('Concat', [size, graph.integers(width)], { axis: 0 })
  return (layer, query) => {
    const together = graph.op('Reshape', [query, grouped])
    return graph.op('Reshape', [biasedAttention(graph, together, layers[layer]!, ofQueries, options), original])
  }
}

/**
 * The memory of an encoder as inputs: `memory_keys_0`, `memory_values_0` and so on, float32 [batch, heads, frames, head
 * width], and `memory_bias`, float32 [batch, frames]. Each is a tensor of its own, since a run would copy the parts of
 * a common one.
 */
export function memoryInputs(graph: Graph, decoder: Decoder, batch: number | string = 1): Memory {
  const ports = memoryPorts(decoder, batch)
  const bias = ports.pop()!
  const values = ports.map(({ name, shape }) => graph.activationInput(name, shape))
  return { layers: pairs(values), bias: graph.input(bias.name, 'float32', bias.shape) }
}

export function memoryOutputs(graph: Graph, decoder: Decoder, { layers, bias }: Memory): void {
  const values = [...flat(layers), bias]
  for (const [index, { name, shape }] of memoryPorts(decoder, 1).entries()) {
    graph.output(values[index]!, name, 'float32', shape)
  }
}

function memoryPorts(
  { layers, heads, headWidth }: Decoder, batch: number | string,
): { name: string; shape: Shape }[] {
  const shape = [batch, heads, 'frames', headWidth]
  const ports = Array.from({ length: layers }, (_, layer) =>
    ['keys', 'values'].map((kind) => ({ name: `memory_${kind}_${layer}`, shape })))
  return [...ports.flat(), { name: 'memory_bias', shape: [batch, 'frames'] }]
}

/** [keys, values, keys, values …] → keys and values of each layer. */
export function pairs(values: readonly Value[]): KeyValues[] {
  return Array.from({ length: values.length / 2 }, (_, layer) => {
    const [keys, ofKeys] = values.slice(2 * layer, 2 * layer + 2) as [Value, Value]
    return { keys, values: ofKeys }
  })
}

/** The reverse of `pairs`. */
export function flat(layers: readonly KeyValues[]): Value[] {
  return layers.flatMap(({ keys, values }) => [keys, values])
}

/** 0, 1, … [n], as many as an axis of a value is long; at most MAX_POSITIONS. */
export function indicesAlong(graph: Graph, value: Value, axis: number): Value {
  const all = graph.weight(BigInt64Array.from({ length: MAX_POSITIONS }, (_, index) => BigInt(index)), [MAX_POSITIONS])
  const count = graph.op('Shape', [value], { start: axis, end: axis + 1 })
  return graph.op('Slice', [all, graph.integers(0), count])
}

/** Longest sequence of states or tokens; 30 s of speech are 1,500 states. */
export const MAX_POSITIONS = 4_096
