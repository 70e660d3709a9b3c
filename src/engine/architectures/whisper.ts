/**
 * Whisper (Radford et al. 2022, arXiv:2212.04356), from its published weights.
 *
 *   log-mel, 100 frames a second → two convolutions, 50 states a second → encoder: layers of attention and feed-forward
 *   token → decoder: layers of attention to the tokens before, attention to the encoder, feed-forward → logits
 *
 * Positions are tables that are added. Norms come before their layer. The output matrix is the embedding, turned around.
 *
 * Whisper was trained on windows of 30 seconds, most of them filled up with silence, and has learned to end where the
 * silence begins: without it, it repeats itself. But silence sounds the same in every clip, so the encoder hears the
 * clip alone, and what the decoder remembers of the silence behind it is computed here, once (`hearSilence`). The
 * states of neighbouring moments of silence are all but equal: one that counts for many stands for them.
 */
import { writeAlignment } from '../compiler/alignment.js'
import { convolve, type Convolution } from '../compiler/convolution.js'
import { memoriesOf, missingInBlock, writeGreedy, writeSteps, type Decoder } from '../compiler/decoder.js'
import { Graph, type Target, type Value } from '../compiler/graph.js'
import {
  attend, attendToMemory, attendToPast, columns, gelu, joined, layerNorm, linear, linears, parts, reals as realsOf, splitHeads,
  type Attention, type Memory,
} from '../compiler/layers.js'
import { sideBySide, times, turned, widened, type Matrix, type Published, type Reals } from '../compiler/published.js'
import type { WriteModel } from '../compiler/compile.js'
import { encoderDecoderOf } from '../manifest.js'
import type { OpenSession } from '../runtime/session.js'

const HEAD_WIDTH = 64
/** Never chosen, and no probability is left for it. */
const IMPOSSIBLE = -1e30
/** Frames of the window that the model was trained on, two to a state. */
const WINDOW_FRAMES = 3_000
/** A silent frame as it is behind speech of the usual loudness: features reach from their highest, about 1.5, two down. */
const SILENT_FEATURE = -0.5
/** Neighbouring states of silence for which one stands, 60 ms of it. With ten of them single words are said twice. */
const STATES_TOGETHER = 3
/** Every attention divides its scores by the root of the width of a head; the queries' matrices do it. */
const SCORE_SCALE = 1 / Math.sqrt(HEAD_WIDTH)

export const write: WriteModel = async ({ encoder, decoder, target, entrance, manifest, open }) => {
  const graph = new Graph('whisper', target)
  const model = readDecoder(decoder, encoderDecoderOf(manifest).endToken, await hearSilence(encoder, decoder, target, open))
  if (entrance !== 'greedy') {
    if (entrance === 'steps') writeSteps(graph, model)
    else writeAlignment(graph, model, encoderDecoderOf(manifest).alignmentHeads)
    return graph.bytes()
  }
  const features = graph.input('features', 'float32', [1, binsOf(encoder), 'frames'])
  writeGreedy(graph, model, () => memoriesOf(graph, model, features, 2, (fresh) => remember(fresh, encode(fresh, features, encoder), decoder)))
  return graph.bytes()
}

/** [1, bins, frames] → [1, frames / 2, width] */
function encode(graph: Graph, features: Value, published: Published): Value {
  const heads = published.reals('layer_norm.weight').dims[0]! / HEAD_WIDTH
  let states = listen(graph, features, published)
  for (let layer = 0; layer < published.count((index) => `layers.${index}.fc1.bias`); layer++) {
    const matrix = (name: string): Matrix => published.matrix(`/layers.${layer}/${name}/MatMul_quant`)
    const reals = (name: string): Reals => published.reals(`layers.${layer}.${name}`)
    const normed = layerNorm(graph, states, reals('self_attn_layer_norm.weight'), reals('self_attn_layer_norm.bias'))
    const [query, key, value] = ownQueryKeyValue(graph, normed, matrix, reals)
    const heard = attend(graph, query, key, value, { heads, scale: 1 })
    const attended = graph.op('Add', [states, linear(graph, heard, matrix('self_attn/out_proj'), reals('self_attn.out_proj.bias'))])
    states = graph.op('Add', [attended, feedForward(graph, attended, matrix, reals)])
  }
  return layerNorm(graph, states, published.reals('layer_norm.weight'), published.reals('layer_norm.bias'))
}

/** The stem, and where each state lies in time. [1, bins, frames] → [1, frames / 2, width] */
function listen(graph: Graph, features: Value, published: Published): Value {
  const convolution = (name: string, stride: number): Convolution => ({
    kernel: published.integersOfAnyShape(`${name}.weight_quantized`, `${name}.weight_scale`, `${name}.weight_zero_point`),
    bias: published.reals(`${name}.bias`), stride, padding: 1,
  })
  const frames = graph.op('Squeeze', [graph.op('Transpose', [features], { perm: [0, 2, 1] }), graph.integers(0)])
  const fine = gelu(graph, convolve(graph, frames, convolution('conv1', 1)))
  const states = gelu(graph, convolve(graph, fine, convolution('conv2', 2)))
  const count = graph.op('Shape', [states], { start: 0, end: 1 })
  const places = graph.op('Slice', [realsOf(graph, published.reals('embed_positions.weight')), graph.integers(0), count])
  return graph.op('Unsqueeze', [graph.op('Add', [states, places]), graph.integers(0)])
}

/** Names of an encoder's or a decoder's layer → its numbers. */
type MatrixOf = (name: string) => Matrix
type RealsOf = (name: string) => Reals

/** Query, key and value side by side, the scale of the scores part of the query. Keys have no bias: it would move all scores alike. */
function ownQueryKeyValue(graph: Graph, x: Value, matrix: MatrixOf, reals: RealsOf): [Value, Value, Value] {
  const bias = reals('self_attn.q_proj.bias').values
  const width = bias.length
  const biases = new Float32Array(3 * width)
  biases.set(bias.map((value) => value * SCORE_SCALE))
  biases.set(reals('self_attn.v_proj.bias').values, 2 * width)
  const all = sideBySide([times(matrix('self_attn/q_proj'), SCORE_SCALE), matrix('self_attn/k_proj'), matrix('self_attn/v_proj')])
  return parts(graph, linear(graph, x, all, { values: biases, dims: [3 * width] }), 3, 2) as [Value, Value, Value]
}

function feedForward(graph: Graph, x: Value, matrix: MatrixOf, reals: RealsOf): Value {
  const normed = layerNorm(graph, x, reals('final_layer_norm.weight'), reals('final_layer_norm.bias'))
  const hidden = gelu(graph, linear(graph, normed, matrix('fc1'), reals('fc1.bias')))
  return linear(graph, hidden, matrix('fc2'), reals('fc2.bias'))
}

/** Keys and values of each decoder layer's attention to the encoder. */
function remember(graph: Graph, states: Value, published: Published): Memory[] {
  const { layers, heads } = sizeOf(published)
  const matrices = Array.from({ length: layers }, (_, layer) => ['k_proj', 'v_proj'].map((name) => published.matrix(`/model/decoder/layers.${layer}/encoder_attn/${name}/MatMul_quant`))).flat()
  const biases = Array.from({ length: layers }, (_, layer) => [undefined, published.reals(`model.decoder.layers.${layer}.encoder_attn.v_proj.bias_merged_0`)]).flat()
  const split = linears(graph, states, matrices, biases).map((value) => splitHeads(graph, value, heads, HEAD_WIDTH))
  return Array.from({ length: layers }, (_, layer) => ({ keys: split[2 * layer]!, values: split[2 * layer + 1]! }))
}

function sizeOf(decoder: Published): { layers: number; heads: number } {
  return {
    layers: decoder.count((index) => `model.decoder.layers.${index}.fc1.bias_merged_0`),
    heads: decoder.reals('model.decoder.layer_norm.weight_merged_0').dims[0]! / HEAD_WIDTH,
  }
}

/** Keys and values of a window of silence, for each layer, [1, heads, positions, head width], one for `STATES_TOGETHER`. */
interface Silence { readonly memories: readonly { readonly keys: Reals; readonly values: Reals }[] }

/** Runs the model's own encoder over a window of silence. */
async function hearSilence(encoder: Published, decoder: Published, target: Target, open: OpenSession): Promise<Silence> {
  const graph = new Graph('silence', target)
  const bins = binsOf(encoder)
  const features = graph.weight(new Float32Array(bins * WINDOW_FRAMES).fill(SILENT_FEATURE), [1, bins, WINDOW_FRAMES])
  const remembered = remember(graph, encode(graph, features, encoder), decoder)
  remembered.forEach(({ keys, values }, layer) => {
    graph.output(keys, `keys ${layer}`, 'float32')
    graph.output(values, `values ${layer}`, 'float32')
  })
  const session = await open(graph.bytes(), { fixedShapes: true })
  const heard = await session.run({})
  await session.release()
  const thinnedOf = (name: string): Reals => thinned({ values: heard[name]!.data as Float32Array, dims: heard[name]!.dims })
  return { memories: remembered.map((_, layer) => ({ keys: thinnedOf(`keys ${layer}`), values: thinnedOf(`values ${layer}`) })) }
}

function binsOf(encoder: Published): number {
  return encoder.bytes('conv1.weight_quantized').dims[1]!
}

/** Of each `STATES_TOGETHER` neighbours the middle one. Their mean is worse: a mean of keys is nobody's key. */
function thinned({ values, dims }: Reals): Reals {
  const [, heads, positions] = dims as [number, number, number, number]
  const count = Math.floor(positions / STATES_TOGETHER)
  const result = new Float32Array(heads * count * HEAD_WIDTH)
  for (let row = 0; row < heads * count; row++) {
    const from = Math.floor(row / count) * positions + (row % count) * STATES_TOGETHER + Math.floor(STATES_TOGETHER / 2)
    result.set(values.subarray(from * HEAD_WIDTH, (from + 1) * HEAD_WIDTH), row * HEAD_WIDTH)
  }
  return { values: result, dims: [1, heads, count, HEAD_WIDTH] }
}

/** The memory of the clip, and that of silence from where the clip ends to the end of the window. */
function withSilence(graph: Graph, heard: readonly Memory[], { memories }: Silence): Memory[] {
  const positions = graph.op('Shape', [heard[0]!.keys], { start: 2, end: 3 })
  const from = graph.op('Div', [graph.op('Add', [positions, graph.integers(STATES_TOGETHER - 1)]), graph.integers(STATES_TOGETHER)])
  const rest = (table: Reals): Value => graph.op('Slice', [realsOf(graph, table), from, graph.integers(table.dims[2]!), graph.integers(2)])
  const count = graph.op('Sub', [graph.integers(memories[0]!.keys.dims[2]!), from])
  const constant = (length: Value, value: number): Value => graph.op('Expand', [graph.weight(Float32Array.of(value), [1]), length])
  const logCounts = joined(graph, [constant(positions, 0), constant(count, Math.log(STATES_TOGETHER))], 0)
  return heard.map(({ keys, values }, layer) => ({
    keys: joined(graph, [keys, rest(memories[layer]!.keys)], 2),
    values: joined(graph, [values, rest(memories[layer]!.values)], 2),
    logCounts,
  }))
}

function readDecoder(published: Published, endToken: number, silence: Silence): Decoder {
  const table = 'model.decoder.embed_tokens.weight_merged_0'
  const embedding = published.integers(`${table}_quantized`, `${table}_scale`, `${table}_zero_point`)
  const vocabulary = embedding.rows
  const missing = missingInBlock(vocabulary)
  const output = widened(turned(embedding), missing)
  const outputBias: Reals = { values: new Float32Array(vocabulary + missing).fill(IMPOSSIBLE, vocabulary), dims: [vocabulary + missing] }
  const { layers, heads } = sizeOf(published)
  const attention: Attention = { heads, scale: 1 }
  const places = published.reals('model.decoder.embed_positions.weight_merged_0')
  return {
    layers, heads, headWidth: HEAD_WIDTH, vocabulary, kept: undefined, endToken,
    embed(graph, tokens, position) {
      const until = graph.op('Add', [position, graph.op('Shape', [tokens], { start: 1, end: 2 })])
      return graph.op('Add', [columns(graph, output, tokens), graph.op('Slice', [realsOf(graph, places), position, until])])
    },
    surround: (graph, heard) => withSilence(graph, heard, silence),
    layer(graph, index, hidden, _, past, heard) {
      const matrix = (name: string): Matrix => published.matrix(`/model/decoder/layers.${index}/${name}/MatMul_quant`)
      const reals = (name: string): Reals => published.reals(`model.decoder.layers.${index}.${name}_merged_0`)
      const normed = layerNorm(graph, hidden, reals('self_attn_layer_norm.weight'), reals('self_attn_layer_norm.bias'))
      const own = attendToPast(graph, ...ownQueryKeyValue(graph, normed, matrix, reals), past, attention)
      const remembered = graph.op('Add', [hidden, linear(graph, own.heard, matrix('self_attn/out_proj'), reals('self_attn.out_proj.bias'))])
      const asking = layerNorm(graph, remembered, reals('encoder_attn_layer_norm.weight'), reals('encoder_attn_layer_norm.bias'))
      const asked = linear(graph, asking, times(matrix('encoder_attn/q_proj'), SCORE_SCALE), scaled(reals('encoder_attn.q_proj.bias')))
      const answer = linear(graph, attendToMemory(graph, asked, heard, attention), matrix('encoder_attn/out_proj'), reals('encoder_attn.out_proj.bias'))
      const listened = graph.op('Add', [remembered, answer])
      return { hidden: graph.op('Add', [listened, feedForward(graph, listened, matrix, reals)]), memory: own.memory, asked }
    },
    logits(graph, hidden) {
      const normed = layerNorm(graph, hidden, published.reals('model.decoder.layer_norm.weight_merged_0'), published.reals('model.decoder.layer_norm.bias_merged_0'))
      return graph.op('Reshape', [linear(graph, normed, output, outputBias), graph.integers(-1, vocabulary + missing)])
    },
  }
}

function scaled({ values, dims }: Reals): Reals {
  return { values: values.map((value) => value * SCORE_SCALE), dims }
}
