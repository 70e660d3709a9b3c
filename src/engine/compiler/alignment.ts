/**
 * Attention from which word times are computed: the decoder runs once over a finished transcript, all tokens at a time,
 * and returns the cross-attention weights of some of its heads.
 *
 * In a trained decoder a few heads attend to the audio of the word that is written next, without having been trained
 * for it (Radford et al. 2022, arXiv:2212.04356; OpenAI's whisper/__init__.py lists those heads for its models). The
 * fused attention operator of the runtime does not return weights, so those of the requested heads are computed beside
 * it. Nothing is computed above the last layer with a requested head.
 */
import { growingStep } from './beam-steps.js'
import { memoryInputs, type Decoder } from './decoder.js'
import type { Graph, Value } from './graph.js'
import { concat, splitHeads, type KeyValues } from './layers.js'
import { UnknownModel } from './published.js'
import { keptIndices } from './tokens.js'

/** Layer and head, from 0. */
export type Head = readonly [layer: number, head: number]

/**
 * inputs   tokens      int64 [n]                   prompt and transcript
 *          memory_*                                of the encoder, as a greedy run returns it (`memoryInputs`)
 *          length      int64 [1]                   frames to attend to; those after them are silence
 * outputs  weights     float32 [requested heads, n, length]   by layer and head; each row sums to 1
 */
export function writeAlignment(graph: Graph, decoder: Decoder, requested: readonly Head[] = upperHalf(decoder)): void {
  const { layers, heads, headWidth } = decoder
  const outside = requested.find(([layer, head]) => layer >= layers || head >= heads)
  if (outside !== undefined) {
    throw new UnknownModel(`it has no head ${outside.join('.')}, only ${layers} layers of ${heads}`)
  }
  const ids = graph.input('tokens', 'int64', ['tokens'])
  const tokens = graph.op('Unsqueeze', [keptIndices(graph, decoder, ids), graph.integers(0)])
  const memory = memoryInputs(graph, decoder)
  const length = graph.input('length', 'int64', [1])
  const empty = graph.weight(new Float32Array(0), [1, heads, 0, headWidth])
  const needed = 1 + Math.max(...requested.map(([layer]) => layer))
  const weights: Value[] = []
  const past = Array.from({ length: needed }, () => ({ keys: empty, values: empty }))
  growingStep(graph, decoder, tokens, past, memory, (layer, query) => {
    const own = requested.filter(([one]) => one === layer).map(([, head]) => head).sort((a, b) => a - b)
    if (own.length === 0) return
    const queries = splitHeads(graph, query, heads, headWidth)
    weights.push(attentionWeights(graph, queries, memory.layers[layer]!, own, length))
  })
  graph.output(concat(graph, weights, 0), 'weights', 'float32', ['heads', 'tokens', 'length'])
}

/**
 * softmax(q kᵀ) of some heads; the queries include the factor of the scores.
 * [1, heads, n, head width] → [requested, n, length]
 */
function attentionWeights(
  graph: Graph, queries: Value, { keys }: KeyValues, heads: readonly number[], length: Value,
): Value {
  const select = (value: Value): Value =>
    graph.op('Gather', [graph.op('Squeeze', [value, graph.integers(0)]), graph.integers(...heads)], { axis: 0 })
  const visible = graph.op('Slice', [select(keys), graph.integers(0), length, graph.integers(1)])
  const scores = graph.op('MatMul', [select(queries), graph.op('Transpose', [visible], { perm: [0, 2, 1] })])
  return graph.op('Softmax', [graph.toFloat32(scores)], { axis: 2 })
}

/** Where no heads are known: those of the upper half of the layers, which align better than lower ones. */
function upperHalf({ layers, heads }: Decoder): Head[] {
  const first = Math.floor(layers / 2)
  return Array.from({ length: (layers - first) * heads }, (_, index) =>
    [first + Math.floor(index / heads), index % heads])
}
