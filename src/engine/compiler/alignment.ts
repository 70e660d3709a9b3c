/**
 * Where in the audio each token was heard: the decoder run once over a finished transcript, all tokens at a time, for
 * the attention of some of its heads to the audio.
 *
 * A few heads of a trained decoder look at the sound of the word that they are about to write, and nothing taught them
 * to (Radford et al. 2022, arXiv:2212.04356; the heads of its models are published in OpenAI's whisper/__init__.py).
 * The fused attention of the runtime does not give its weights away, so those of the wanted heads are written out
 * beside it. Nothing is computed above the last layer that has one.
 */
import { keptIds, pairs, surroundings, type Decoder } from './decoder.js'
import type { Graph, Value } from './graph.js'
import { joined, parts, splitHeads, type Memory } from './layers.js'
import { UnknownModel } from './published.js'

/** Layer and head, from 0. */
export type Head = readonly [layer: number, head: number]

/**
 * inputs   tokens      int64 [n]                   prompt and transcript
 *          memory      float32 [2 layers, heads, frames, head width]   of the encoder, as a greedy run leaves it
 *          length      int64 [1]                   frames that are looked at: what lies behind them is silence
 * outputs  weights     float32 [wanted heads, n, length]   by layer and head; each row sums to 1
 */
export function writeAlignment(graph: Graph, decoder: Decoder, wanted: readonly Head[] = upperHalf(decoder)): void {
  const { layers, heads, headWidth } = decoder
  const outside = wanted.find(([layer, head]) => layer >= layers || head >= heads)
  if (outside !== undefined) throw new UnknownModel(`it has no head ${outside.join('.')}, only ${layers} layers of ${heads}`)
  const tokens = graph.op('Unsqueeze', [keptIds(graph, decoder, graph.input('tokens', 'int64', ['tokens'])), graph.integers(0)])
  const memory = graph.input('memory', 'float32', [2 * layers, heads, 'frames', headWidth])
  const length = graph.input('length', 'int64', [1])

  const heard = pairs(parts(graph, memory, 2 * layers, 0))
  const surrounded = surroundings(graph, decoder, heard)
  const nothing = graph.weight(new Float32Array(0), [1, heads, 0, headWidth])
  const start = graph.integers(0)
  const weights: Value[] = []
  let hidden = decoder.embed(graph, tokens, start)
  for (let layer = 0; layer <= Math.max(...wanted.map(([one]) => one)); layer++) {
    const after = decoder.layer(graph, layer, hidden, start, { keys: nothing, values: nothing }, surrounded[layer]!)
    const own = wanted.filter(([one]) => one === layer).map(([, head]) => head).sort((a, b) => a - b)
    if (own.length > 0) weights.push(attention(graph, splitHeads(graph, after.asked, heads, headWidth), heard[layer]!, own, length))
    hidden = after.hidden
  }
  graph.output(joined(graph, weights, 0), 'weights', 'float32', ['heads', 'tokens', 'length'])
}

/** softmax(q kᵀ) of some heads, the factor of the scores part of the queries. [1, heads, n, head width] → [wanted, n, length] */
function attention(graph: Graph, queries: Value, { keys }: Memory, heads: readonly number[], length: Value): Value {
  const own = (value: Value): Value => graph.op('Gather', [graph.op('Squeeze', [value, graph.integers(0)]), graph.integers(...heads)], { axis: 0 })
  const looked = graph.op('Slice', [own(keys), graph.integers(0), length, graph.integers(1)])
  return graph.op('Softmax', [graph.op('MatMul', [own(queries), graph.op('Transpose', [looked], { perm: [0, 2, 1] })])], { axis: 2 })
}

/** Lower layers sort out what was heard, upper ones where. */
function upperHalf({ layers, heads }: Decoder): Head[] {
  const first = Math.floor(layers / 2)
  return Array.from({ length: (layers - first) * heads }, (_, index) => [first + Math.floor(index / heads), index % heads])
}
