/**
 * Whisper (Radford et al. 2022, arXiv:2212.04356), from its weights.
 *
 *   log-mel, 100 frames a second → two convolutions, 50 states a second → encoder: self-attention, feed-forward
 *   token → decoder: causal self-attention, cross-attention, feed-forward → logits
 *
 * Positions are learned tables that are added. Layers are pre-norm. The output matrix is the transposed embedding.
 * Whisper was trained on windows of 30 seconds, most of them padded with silence, and has learned to end where the
 * silence begins; without it, it repeats itself. So the encoder computes the clip and a margin, and the decoder attends
 * to silence that was computed once besides (compiler/silence.ts).
 */
import { writeAlignment } from '../compiler/alignment.js'
import { writeSteps } from '../compiler/beam-steps.js'
import { convolve, type Convolution } from '../compiler/convolution.js'
import { memoryOutputs, pairs, type Decoder } from '../compiler/decoder.js'
import { Graph, type Value } from '../compiler/graph.js'
import { writeGreedy } from '../compiler/greedy-loop.js'
import {
  constant, gatherRows, gelu, layerNorm, linear, linearByRow, linears, selfAttention, split, splitHeads,
  type AttentionOptions, type KeyValues, type Multiply,
} from '../compiler/layers.js'
import { concatColumns, padColumns, scaled, transposed, type FloatTensor, type Matrix } from '../compiler/matrices.js'
import { encodeSilence, withSilence, type EncoderPart } from '../compiler/silence.js'
import { UnknownModel } from '../compiler/published.js'
import { missingInBlock } from '../compiler/tokens.js'
import { countLayers, type WeightNames, type Weights } from '../compiler/weights.js'
import type { WriteModel } from '../compiler/compile.js'
import { encoderDecoderOf, type Manifest } from '../manifest.js'

const HEAD_WIDTH = 64
/** Logit of padding tokens, below that of any excluded token: they are never chosen, and their probability is 0. */
const IMPOSSIBLE = -1e30
/** Frames of the window that the model was trained on, two to a state. */
const WINDOW_FRAMES = 3_000
/** A silent frame after speech of usual loudness: features reach from their highest, about 1.5, down by two. */
const SILENT_FEATURE = -0.5
/** Of the encoder over silence; those of large-v3-turbo have 80 MB each. */
const LAYERS_AT_ONCE = 6
/** States of silence that one stands for, 60 ms. With ten, single words are transcribed twice. */
const STATES_PER_SILENCE = 3
/** Scores are divided by the root of the width of a head; the query matrices include that. */
const SCORE_SCALE = 1 / Math.sqrt(HEAD_WIDTH)

export const write: WriteModel = async ({ readWeights, target, kind, manifest, open }) => {
  const { endToken, alignmentHeads } = encoderDecoderOf(manifest)
  const weights = await readWeights(NAMES)
  checkBins(weights, manifest)
  const graph = new Graph('whisper', target)
  const model = readDecoder(weights, endToken, kind === 'greedy' ? linearByRow : linear)
  if (kind === 'greedy') writeGreedy(graph, model)
  else if (kind === 'steps') writeSteps(graph, model)
  else if (kind === 'align') writeAlignment(graph, model, alignmentHeads)
  else {
    const silence = await encodeSilence(
      open, STATES_PER_SILENCE, partsOfSilence(weights), (silent, states) => projectStates(silent, states, weights))
    const states = encode(graph, graph.activationInput('features', [1, binsOf(weights), 'frames']), weights)
    memoryOutputs(graph, model, withSilence(graph, projectStates(graph, states, weights), silence))
  }
  return graph.bytes()
}

/** OpenAI's names of the modules, which whisper.cpp keeps. */
const NAMES: WeightNames = {
  ggml: (name) => name
    .replace('.layers.', '.blocks.').replace('embed_tokens', 'token_embedding')
    .replace('embed_positions.weight', 'positional_embedding')
    .replace('self_attn_layer_norm', 'attn_ln').replace('encoder_attn_layer_norm', 'cross_attn_ln')
    .replace('final_layer_norm', 'mlp_ln')
    .replace('encoder.layer_norm', 'encoder.ln_post').replace('decoder.layer_norm', 'decoder.ln')
    .replace('self_attn.', 'attn.').replace('encoder_attn.', 'cross_attn.')
    .replace('q_proj', 'query').replace('k_proj', 'key').replace('v_proj', 'value').replace('out_proj', 'out')
    .replace('.fc1', '.mlp.0').replace('.fc2', '.mlp.2'),
}

/** [1, bins, frames] → [1, frames / 2, width] */
function encode(graph: Graph, features: Value, weights: Weights): Value {
  const stem = convolutionStem(graph, features, weights)
  return encoderNorm(graph, encodeLayers(graph, stem, weights, 0, encoderLayers(weights)), weights)
}

function encoderLayers(weights: Weights): number {
  return countLayers(weights, (index) => `encoder.layers.${index}.fc1.bias`)
}

function encoderNorm(graph: Graph, states: Value, weights: Weights): Value {
  const [gain, bias] = [weights.floats('encoder.layer_norm.weight'), weights.floats('encoder.layer_norm.bias')]
  return layerNorm(graph, states, gain, bias)
}

/** The layers from `first` up to, but without, `until`. */
function encodeLayers(graph: Graph, input: Value, weights: Weights, first: number, until: number): Value {
  const width = weights.floats('encoder.layer_norm.weight').values.length
  const attention: AttentionOptions = { heads: width / HEAD_WIDTH, scale: 1 }
  let states = input
  for (let layer = first; layer < until; layer++) {
    const matrix: MatrixOf = (name) => weights.matrix(`encoder.layers.${layer}.${name}`)
    const floats: FloatsOf = (name) => weights.floats(`encoder.layers.${layer}.${name}`)
    const normed = layerNorm(graph, states, floats('self_attn_layer_norm.weight'), floats('self_attn_layer_norm.bias'))
    const [query, key, value] = queryKeyValue(graph, normed, matrix, floats)
    const own = selfAttention(graph, query, key, value, attention)
    const projected = linear(graph, own, matrix('self_attn.out_proj'), floats('self_attn.out_proj.bias'))
    const attended = graph.op('Add', [states, projected])
    states = graph.op('Add', [attended, feedForward(graph, attended, matrix, floats)])
  }
  return states
}

/** Two convolutions, and the position of each state added. [1, bins, frames] → [1, frames / 2, width] */
function convolutionStem(graph: Graph, features: Value, weights: Weights): Value {
  const convolution = (name: string, stride: number): Convolution => ({
    kernel: weights.kernel(`encoder.${name}`), bias: weights.floats(`encoder.${name}.bias`), stride, padding: 1,
  })
  const channelsLast = graph.op('Transpose', [features], { perm: [0, 2, 1] })
  const frames = graph.op('Squeeze', [channelsLast, graph.integers(0)])
  const fine = gelu(graph, convolve(graph, frames, convolution('conv1', 1)))
  const states = gelu(graph, convolve(graph, fine, convolution('conv2', 2)))
  const count = graph.op('Shape', [states], { start: 0, end: 1 })
  const table = constant(graph, weights.floats('encoder.embed_positions.weight'))
  const positions = graph.op('Slice', [table, graph.integers(0), count])
  return graph.op('Unsqueeze', [graph.op('Add', [states, positions]), graph.integers(0)])
}

/** Names within a layer of the encoder or the decoder → its weights. */
type MatrixOf = (name: string) => Matrix
type FloatsOf = (name: string) => FloatTensor

/**
 * Query, key and value from one matrix, the scale of the scores included in the query. Keys have no bias: it would move
 * all scores alike.
 */
function queryKeyValue(
  graph: Graph, x: Value, matrix: MatrixOf, floats: FloatsOf, multiply: Multiply = linear,
): [Value, Value, Value] {
  const queryBias = scaledFloats(floats('self_attn.q_proj.bias'))
  const width = queryBias.values.length
  const biases = new Float32Array(3 * width)
  biases.set(queryBias.values)
  biases.set(floats('self_attn.v_proj.bias').values, 2 * width)
  const query = scaled(matrix('self_attn.q_proj'), SCORE_SCALE)
  const all = concatColumns(query, matrix('self_attn.k_proj'), matrix('self_attn.v_proj'))
  const projected = multiply(graph, x, all, { values: biases, dims: [3 * width] })
  return split(graph, projected, 3, 2) as [Value, Value, Value]
}

function feedForward(
  graph: Graph, x: Value, matrix: MatrixOf, floats: FloatsOf, multiply: Multiply = linear,
): Value {
  const normed = layerNorm(graph, x, floats('final_layer_norm.weight'), floats('final_layer_norm.bias'))
  const hidden = gelu(graph, multiply(graph, normed, matrix('fc1'), floats('fc1.bias')))
  return multiply(graph, hidden, matrix('fc2'), floats('fc2.bias'))
}

/** Keys and values of the cross-attention of each decoder layer, from the states of the encoder. */
function projectStates(graph: Graph, states: Value, weights: Weights): KeyValues[] {
  const { layers, heads } = sizeOf(weights)
  const indices = Array.from({ length: layers }, (_, layer) => layer)
  const matrices = indices.flatMap((layer) => ['k_proj', 'v_proj'].map((name) =>
    weights.matrix(`decoder.layers.${layer}.encoder_attn.${name}`)))
  const biases = indices.flatMap((layer) =>
    [undefined, weights.floats(`decoder.layers.${layer}.encoder_attn.v_proj.bias`)])
  return pairs(linears(graph, states, matrices, biases).map((value) => splitHeads(graph, value, heads, HEAD_WIDTH)))
}

function sizeOf(weights: Weights): { layers: number; heads: number } {
  return {
    layers: countLayers(weights, (index) => `decoder.layers.${index}.fc1.bias`),
    heads: weights.floats('decoder.layer_norm.weight').values.length / HEAD_WIDTH,
  }
}

/** The encoder over a window without speech, a few layers at a time. */
function partsOfSilence(weights: Weights): EncoderPart[] {
  const bins = binsOf(weights)
  const layers = encoderLayers(weights)
  const window = new Float32Array(bins * WINDOW_FRAMES).fill(SILENT_FEATURE)
  const firsts = Array.from({ length: Math.ceil(layers / LAYERS_AT_ONCE) }, (_, part) => part * LAYERS_AT_ONCE)
  return [
    (graph) => convolutionStem(graph, graph.weight(window, [1, bins, WINDOW_FRAMES]), weights),
    ...firsts.map((first): EncoderPart => (graph, states) =>
      encodeLayers(graph, states!, weights, first, Math.min(layers, first + LAYERS_AT_ONCE))),
    (graph, states) => encoderNorm(graph, states!, weights),
  ]
}

function binsOf(weights: Weights): number {
  const [, bins] = weights.kernel('encoder.conv1').dims
  if (bins === undefined) throw new UnknownModel('the kernel conv1 has no input channels')
  return bins
}

function checkBins(weights: Weights, { frontEnd }: Manifest): void {
  const [expected, found] = [binsOf(weights), frontEnd.kind === 'log-mel' ? frontEnd.bins : 0]
  if (found !== expected) throw new UnknownModel(`it takes ${expected} mel bins, and its manifest says ${found}`)
}

function readDecoder(weights: Weights, endToken: number, multiply: Multiply): Decoder {
  const embedding = weights.table('decoder.embed_tokens')
  const vocabulary = embedding.rows
  const columns = vocabulary + missingInBlock(vocabulary)
  const output = padColumns(transposed(embedding), columns - vocabulary)
  const outputBias = { values: new Float32Array(columns).fill(IMPOSSIBLE, vocabulary), dims: [columns] }
  const { layers, heads } = sizeOf(weights)
  const positionTable = weights.floats('decoder.embed_positions.weight')
  const finalGain = weights.floats('decoder.layer_norm.weight')
  const finalBias = weights.floats('decoder.layer_norm.bias')
  return {
    layers, heads, headWidth: HEAD_WIDTH, vocabulary, kept: undefined, endToken,
    embed(graph, tokens, positions) {
      const ofPositions = graph.op('Gather', [constant(graph, positionTable), positions])
      return graph.op('Add', [gatherRows(graph, embedding, tokens), ofPositions])
    },
    layer(graph, index, hidden, _, attention) {
      const matrix: MatrixOf = (name) => weights.matrix(`decoder.layers.${index}.${name}`)
      const floats: FloatsOf = (name) => weights.floats(`decoder.layers.${index}.${name}`)
      const project = (x: Value, name: string): Value =>
        multiply(graph, x, matrix(`${name}.out_proj`), floats(`${name}.out_proj.bias`))
      const norm = (x: Value, name: string): Value =>
        layerNorm(graph, x, floats(`${name}_layer_norm.weight`), floats(`${name}_layer_norm.bias`))
      const [query, key, value] = queryKeyValue(graph, norm(hidden, 'self_attn'), matrix, floats, multiply)
      const own = project(attention.self(query, key, value), 'self_attn')
      const selfAttended = graph.op('Add', [hidden, own])
      const crossQuery = multiply(graph, norm(selfAttended, 'encoder_attn'),
        scaled(matrix('encoder_attn.q_proj'), SCORE_SCALE), scaledFloats(floats('encoder_attn.q_proj.bias')))
      const attended = graph.op('Add', [selfAttended, project(attention.cross(crossQuery), 'encoder_attn')])
      return graph.op('Add', [attended, feedForward(graph, attended, matrix, floats, multiply)])
    },
    logits(graph, hidden) {
      const normed = layerNorm(graph, hidden, finalGain, finalBias)
      const padded = withPadding(graph, normed, output, outputBias, multiply)
      return graph.op('Reshape', [padded, graph.integers(-1, columns)])
    },
  }
}

/** Logits of the last norm; the bias of padding is beyond float16 and is added in float32 there. */
function withPadding(graph: Graph, normed: Value, output: Matrix, bias: FloatTensor, multiply: Multiply): Value {
  if (graph.activationType === 'float32') return multiply(graph, normed, output, bias)
  const logits = graph.toFloat32(multiply(graph, normed, output))
  return graph.op('Add', [logits, graph.weight(bias.values, bias.dims, 'float32')])
}

function scaledFloats({ values, dims }: FloatTensor): FloatTensor {
  return { values: values.map((value) => value * SCORE_SCALE), dims }
}
