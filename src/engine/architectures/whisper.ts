/**
 * Whisper (Radford et al. 2022, arXiv:2212.04356), from its published weights.
 *
 *   log-mel, 100 frames a second → two convolutions, 50 states a second → encoder: self-attention, feed-forward
 *   token → decoder: causal self-attention, cross-attention, feed-forward → logits
 *
 * Positions are learned tables that are added. Layers are pre-norm. The output matrix is the transposed embedding.
 * Whisper was trained on windows of 30 seconds, most of them padded with silence, and has learned to end where the
 * silence begins; without it, it repeats itself. Silence is the same in every clip, so the encoder computes the clip
 * alone, and the keys and values of the silence after it are computed here, once (`encodeSilence`). Neighbouring states
 * of silence are nearly equal: one with a count stands for several.
 */
import { writeAlignment } from '../compiler/alignment.js'
import { convolve, type Convolution } from '../compiler/convolution.js'
import { encoderKeyValues, pairs, writeGreedy, writeSteps, type Decoder } from '../compiler/decoder.js'
import { Graph, type Target, type Value } from '../compiler/graph.js'
import {
  causalSelfAttention, concat, constant, crossAttention, gatherColumns, gelu, layerNorm, linear, linears, selfAttention,
  split, splitHeads, type AttentionOptions, type KeyValues,
} from '../compiler/layers.js'
import {
  concatColumns, padColumns, scaled, transposed, UnknownModel, type FloatTensor, type Published, type QuantizedMatrix,
} from '../compiler/published.js'
import { missingInBlock } from '../compiler/tokens.js'
import type { WriteModel } from '../compiler/compile.js'
import { encoderDecoderOf } from '../manifest.js'
import { outputOf, type OpenSession } from '../runtime/session.js'

const HEAD_WIDTH = 64
/** Logit of padding tokens: they are never chosen, and their probability is 0. */
const IMPOSSIBLE = -1e30
/** Frames of the window that the model was trained on, two to a state. */
const WINDOW_FRAMES = 3_000
/** A silent frame after speech of usual loudness: features reach from their highest, about 1.5, down by two. */
const SILENT_FEATURE = -0.5
/** States of silence that one stands for, 60 ms. With ten, single words are transcribed twice. */
const STATES_PER_SILENCE = 3
/** Scores are divided by the root of the width of a head; the query matrices include that. */
const SCORE_SCALE = 1 / Math.sqrt(HEAD_WIDTH)

export const write: WriteModel = async ({ encoder, decoder, target, kind, manifest, open }) => {
  const { endToken, alignmentHeads } = encoderDecoderOf(manifest)
  const graph = new Graph('whisper', target)
  const silence = await encodeSilence(encoder, decoder, target, open)
  const model = readDecoder(decoder, endToken, silence)
  if (kind !== 'greedy') {
    if (kind === 'steps') writeSteps(graph, model)
    else writeAlignment(graph, model, alignmentHeads)
    return graph.bytes()
  }
  const features = graph.input('features', 'float32', [1, binsOf(encoder), 'frames'])
  writeGreedy(graph, model, () => encoderKeyValues(graph, model, features, 2, (body) =>
    projectStates(body, encode(body, features, encoder), decoder)))
  return graph.bytes()
}

/** [1, bins, frames] → [1, frames / 2, width] */
function encode(graph: Graph, features: Value, published: Published): Value {
  const finalGain = published.floats('layer_norm.weight')
  const attention: AttentionOptions = { heads: finalGain.values.length / HEAD_WIDTH, scale: 1 }
  const layers = published.countLayers((index) => `layers.${index}.fc1.bias`)
  let states = convolutionStem(graph, features, published)
  for (let layer = 0; layer < layers; layer++) {
    const matrix = (name: string): QuantizedMatrix => published.matrixOfNode(`/layers.${layer}/${name}/MatMul_quant`)
    const floats = (name: string): FloatTensor => published.floats(`layers.${layer}.${name}`)
    const normed = layerNorm(graph, states, floats('self_attn_layer_norm.weight'), floats('self_attn_layer_norm.bias'))
    const [query, key, value] = queryKeyValue(graph, normed, matrix, floats)
    const own = selfAttention(graph, query, key, value, attention)
    const projected = linear(graph, own, matrix('self_attn/out_proj'), floats('self_attn.out_proj.bias'))
    const attended = graph.op('Add', [states, projected])
    states = graph.op('Add', [attended, feedForward(graph, attended, matrix, floats)])
  }
  return layerNorm(graph, states, finalGain, published.floats('layer_norm.bias'))
}

/** Two convolutions, and the position of each state added. [1, bins, frames] → [1, frames / 2, width] */
function convolutionStem(graph: Graph, features: Value, published: Published): Value {
  const convolution = (name: string, stride: number): Convolution => ({
    kernel: published.quantized(`${name}.weight_quantized`, `${name}.weight_scale`, `${name}.weight_zero_point`),
    bias: published.floats(`${name}.bias`), stride, padding: 1,
  })
  const channelsLast = graph.op('Transpose', [features], { perm: [0, 2, 1] })
  const frames = graph.op('Squeeze', [channelsLast, graph.integers(0)])
  const fine = gelu(graph, convolve(graph, frames, convolution('conv1', 1)))
  const states = gelu(graph, convolve(graph, fine, convolution('conv2', 2)))
  const count = graph.op('Shape', [states], { start: 0, end: 1 })
  const table = constant(graph, published.floats('embed_positions.weight'))
  const positions = graph.op('Slice', [table, graph.integers(0), count])
  return graph.op('Unsqueeze', [graph.op('Add', [states, positions]), graph.integers(0)])
}

/** Names within a layer of the encoder or the decoder → its weights. */
type MatrixOf = (name: string) => QuantizedMatrix
type FloatsOf = (name: string) => FloatTensor

/**
 * Query, key and value from one matrix, the scale of the scores included in the query. Keys have no bias: it would move
 * all scores alike.
 */
function queryKeyValue(graph: Graph, x: Value, matrix: MatrixOf, floats: FloatsOf): [Value, Value, Value] {
  const queryBias = scaledFloats(floats('self_attn.q_proj.bias'))
  const width = queryBias.values.length
  const biases = new Float32Array(3 * width)
  biases.set(queryBias.values)
  biases.set(floats('self_attn.v_proj.bias').values, 2 * width)
  const query = scaled(matrix('self_attn/q_proj'), SCORE_SCALE)
  const all = concatColumns(query, matrix('self_attn/k_proj'), matrix('self_attn/v_proj'))
  const projected = linear(graph, x, all, { values: biases, dims: [3 * width] })
  return split(graph, projected, 3, 2) as [Value, Value, Value]
}

function feedForward(graph: Graph, x: Value, matrix: MatrixOf, floats: FloatsOf): Value {
  const normed = layerNorm(graph, x, floats('final_layer_norm.weight'), floats('final_layer_norm.bias'))
  const hidden = gelu(graph, linear(graph, normed, matrix('fc1'), floats('fc1.bias')))
  return linear(graph, hidden, matrix('fc2'), floats('fc2.bias'))
}

/** Keys and values of the cross-attention of each decoder layer, from the states of the encoder. */
function projectStates(graph: Graph, states: Value, published: Published): KeyValues[] {
  const { layers, heads } = sizeOf(published)
  const indices = Array.from({ length: layers }, (_, layer) => layer)
  const matrices = indices.flatMap((layer) => ['k_proj', 'v_proj'].map((name) =>
    published.matrixOfNode(`/model/decoder/layers.${layer}/encoder_attn/${name}/MatMul_quant`)))
  const biases = indices.flatMap((layer) =>
    [undefined, published.floats(`model.decoder.layers.${layer}.encoder_attn.v_proj.bias_merged_0`)])
  return pairs(linears(graph, states, matrices, biases).map((value) => splitHeads(graph, value, heads, HEAD_WIDTH)))
}

function sizeOf(decoder: Published): { layers: number; heads: number } {
  return {
    layers: decoder.countLayers((index) => `model.decoder.layers.${index}.fc1.bias_merged_0`),
    heads: decoder.floats('model.decoder.layer_norm.weight_merged_0').values.length / HEAD_WIDTH,
  }
}

/** Keys and values of silence for one layer, [1, heads, positions, head width], one for `STATES_PER_SILENCE` states. */
interface Silence { readonly keys: FloatTensor; readonly values: FloatTensor; readonly positions: number }

/** Runs the encoder of the model over a window of silence; one result for each layer of the decoder. */
async function encodeSilence(
  encoder: Published, decoder: Published, target: Target, open: OpenSession,
): Promise<Silence[]> {
  const graph = new Graph('silence', target)
  const bins = binsOf(encoder)
  const window = new Float32Array(bins * WINDOW_FRAMES).fill(SILENT_FEATURE)
  const features = graph.weight(window, [1, bins, WINDOW_FRAMES])
  const encoded = projectStates(graph, encode(graph, features, encoder), decoder)
  for (const [layer, { keys, values }] of encoded.entries()) {
    graph.output(keys, `keys ${layer}`, 'float32')
    graph.output(values, `values ${layer}`, 'float32')
  }
  const session = await open(graph.bytes(), { fixedShapes: true })
  const results = await session.run({})
  await session.release()
  const read = (name: string): FloatTensor & { readonly positions: number } => {
    const { data, dims } = outputOf(results, name)
    return thinOut(data as Float32Array, dims)
  }
  return encoded.map((_, layer) => {
    const { positions, ...keys } = read(`keys ${layer}`)
    return { keys, values: read(`values ${layer}`), positions }
  })
}

function binsOf(encoder: Published): number {
  const [, bins] = encoder.raw('conv1.weight_quantized').dims
  if (bins === undefined) throw new UnknownModel('the kernel conv1 has no input channels')
  return bins
}

/** Of each `STATES_PER_SILENCE` neighbours the middle one. Their mean is worse: a mean of keys is no key. */
function thinOut(values: Float32Array, dims: readonly number[]): FloatTensor & { readonly positions: number } {
  const [, heads, positions] = dims as [number, number, number, number]
  const count = Math.floor(positions / STATES_PER_SILENCE)
  const result = new Float32Array(heads * count * HEAD_WIDTH)
  for (let row = 0; row < heads * count; row++) {
    const [head, group] = [Math.floor(row / count), row % count]
    const from = head * positions + group * STATES_PER_SILENCE + Math.floor(STATES_PER_SILENCE / 2)
    result.set(values.subarray(from * HEAD_WIDTH, (from + 1) * HEAD_WIDTH), row * HEAD_WIDTH)
  }
  return { values: result, dims: [1, heads, count, HEAD_WIDTH], positions: count }
}

/** Keys and values of the clip, followed by those of silence from the end of the clip to the end of the window. */
function withSilence(graph: Graph, encoded: readonly KeyValues[], silence: readonly Silence[]): KeyValues[] {
  const [first] = encoded as [KeyValues, ...KeyValues[]]
  const [{ positions: silentPositions }] = silence as [Silence, ...Silence[]]
  const positions = graph.op('Shape', [first.keys], { start: 2, end: 3 })
  const roundedUp = graph.op('Add', [positions, graph.integers(STATES_PER_SILENCE - 1)])
  const from = graph.op('Div', [roundedUp, graph.integers(STATES_PER_SILENCE)])
  const rest = (table: FloatTensor): Value =>
    graph.op('Slice', [constant(graph, table), from, graph.integers(silentPositions), graph.integers(2)])
  const count = graph.op('Sub', [graph.integers(silentPositions), from])
  const filled = (length: Value, value: number): Value =>
    graph.op('Expand', [graph.weight(Float32Array.of(value), [1]), length])
  const logCounts = concat(graph, [filled(positions, 0), filled(count, Math.log(STATES_PER_SILENCE))], 0)
  return encoded.map(({ keys, values }, layer) => ({
    keys: concat(graph, [keys, rest(silence[layer]!.keys)], 2),
    values: concat(graph, [values, rest(silence[layer]!.values)], 2),
    logCounts,
  }))
}

function readDecoder(published: Published, endToken: number, silence: readonly Silence[]): Decoder {
  const table = 'model.decoder.embed_tokens.weight_merged_0'
  const embedding = published.matrix(`${table}_quantized`, `${table}_scale`, `${table}_zero_point`)
  const vocabulary = embedding.rows
  const columns = vocabulary + missingInBlock(vocabulary)
  const output = padColumns(transposed(embedding), columns - vocabulary)
  const outputBias = { values: new Float32Array(columns).fill(IMPOSSIBLE, vocabulary), dims: [columns] }
  const { layers, heads } = sizeOf(published)
  const attention: AttentionOptions = { heads, scale: 1 }
  const positionTable = published.floats('model.decoder.embed_positions.weight_merged_0')
  const finalGain = published.floats('model.decoder.layer_norm.weight_merged_0')
  const finalBias = published.floats('model.decoder.layer_norm.bias_merged_0')
  return {
    layers, heads, headWidth: HEAD_WIDTH, vocabulary, kept: undefined, endToken,
    embed(graph, tokens, position) {
      const until = graph.op('Add', [position, graph.op('Shape', [tokens], { start: 1, end: 2 })])
      const embedded = gatherColumns(graph, output, tokens)
      const positions = graph.op('Slice', [constant(graph, positionTable), position, until])
      return graph.op('Add', [embedded, positions])
    },
    extendCross: (graph, encoded) => withSilence(graph, encoded, silence),
    layer(graph, index, hidden, _, past, cross) {
      const matrix: MatrixOf = (name) => published.matrixOfNode(`/model/decoder/layers.${index}/${name}/MatMul_quant`)
      const floats: FloatsOf = (name) => published.floats(`model.decoder.layers.${index}.${name}_merged_0`)
      const project = (x: Value, name: string): Value =>
        linear(graph, x, matrix(`${name}/out_proj`), floats(`${name}.out_proj.bias`))
      const norm = (x: Value, name: string): Value =>
        layerNorm(graph, x, floats(`${name}_layer_norm.weight`), floats(`${name}_layer_norm.bias`))
      const [query, key, value] = queryKeyValue(graph, norm(hidden, 'self_attn'), matrix, floats)
      const own = causalSelfAttention(graph, query, key, value, past, attention)
      const selfAttended = graph.op('Add', [hidden, project(own.output, 'self_attn')])
      const crossQuery = linear(graph, norm(selfAttended, 'encoder_attn'),
        scaled(matrix('encoder_attn/q_proj'), SCORE_SCALE), scaledFloats(floats('encoder_attn.q_proj.bias')))
      const crossOutput = project(crossAttention(graph, crossQuery, cross, attention), 'encoder_attn')
      const attended = graph.op('Add', [selfAttended, crossOutput])
      const next = graph.op('Add', [attended, feedForward(graph, attended, matrix, floats)])
      return { hidden: next, keyValues: own.keyValues, crossQuery }
    },
    logits: (graph, hidden) => graph.op('Reshape', [
      linear(graph, layerNorm(graph, hidden, finalGain, finalBias), output, outputBias), graph.integers(-1, columns),
    ]),
  }
}

function scaledFloats({ values, dims }: FloatTensor): FloatTensor {
  return { values: values.map((value) => value * SCORE_SCALE), dims }
}
