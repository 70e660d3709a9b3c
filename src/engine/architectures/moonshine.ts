/**
 * Moonshine (Jeffries et al. 2024, arXiv:2410.15608), from its published weights.
 *
 *   waveform, 16 kHz → three convolutions, 41.7 states a second → encoder: layers of self-attention and feed-forward
 *   token → decoder: layers of causal self-attention, cross-attention, gated feed-forward → logits
 *
 * Positions are rotary in both. Layers are pre-norm, and norms have no bias. The output matrix is the transposed
 * embedding.
 */
import { writeAlignment } from '../compiler/alignment.js'
import { writeSteps } from '../compiler/beam-steps.js'
import { convolve } from '../compiler/convolution.js'
import { MAX_POSITIONS, memoryOutputs, pairs, type Decoder } from '../compiler/decoder.js'
import { fillUpStates } from '../compiler/encoder.js'
import { Graph, type Value } from '../compiler/graph.js'
import { writeGreedy } from '../compiler/greedy-loop.js'
import {
  applyRotary, gatherRows, gelu, layerNorm, linear, linearByRow, linears, rotaryTables, selfAttention, silu, split,
  splitHeads, type AttentionOptions, type KeyValues, type Multiply,
} from '../compiler/layers.js'
import {
  concatColumns, scaled, selectRows, transposed, type FloatTensor, type Matrix, type QuantizedTensor,
} from '../compiler/matrices.js'
import { missingInBlock } from '../compiler/tokens.js'
import { countLayers, type WeightNames, type Weights } from '../compiler/weights.js'
import type { WriteModel } from '../compiler/compile.js'
import { encoderDecoderOf } from '../manifest.js'
import { llamaPieces } from '../tokenizer.js'

/** As published. A head is 36 wide in the tiny model and 52 in base, and 32 of them are rotated in both. */
const HEADS = 8
/** The frequencies of the positions fall from 1 to almost this fraction (rotary embedding, base 10,000). */
const ROTARY_BASE = 10_000
const ROTARY_WIDTH = 32
/** The query matrices include the scale. */
const ATTENTION: AttentionOptions = { heads: HEADS, scale: 1 }

export const write: WriteModel = async ({ readWeights, target, kind, manifest }) => {
  const { endToken, alignmentHeads } = encoderDecoderOf(manifest)
  const weights = await readWeights(NAMES)
  const graph = new Graph('moonshine', target)
  const model = readDecoder(graph, weights, endToken, manifest.languages, kind === 'greedy' ? linearByRow : linear)
  if (kind === 'greedy') writeGreedy(graph, model)
  else if (kind === 'steps') writeSteps(graph, model)
  else if (kind === 'align') writeAlignment(graph, model, alignmentHeads)
  else {
    const waveform = graph.activationInput('waveform', [1, 'samples'])
    const { states, bias } = fillUpStates(graph, encode(graph, waveform, weights))
    memoryOutputs(graph, model, { layers: projectStates(graph, states, weights, model), bias })
  }
  return graph.bytes()
}

/** The published graphs name some modules otherwise. */
const NAMES: WeightNames = {
  onnx: (name) => name
    .replace('groupnorm.weight', '/groupnorm/Mul').replace('groupnorm.bias', '/groupnorm/Add')
    .replace('.o_proj', '.dense')
    .replace(/^(decoder\..*\.mlp)\.fc1\b/, '$1.up_proj').replace(/^(decoder\..*\.mlp)\.fc2\b/, '$1.down_proj'),
}

/** Names within a layer of the encoder or the decoder → its weights. */
type MatrixOf = (name: string) => Matrix
type FloatsOf = (name: string) => FloatTensor

/** [1, samples] → [1, states, width] */
function encode(graph: Graph, waveform: Value, weights: Weights): Value {
  const embedded = convolutionStem(graph, waveform, weights)
  const finalGain = weights.floats('encoder.layer_norm.weight')
  const width = finalGain.values.length
  const rotary = rotaryTables(graph, rotaryFrequencies(), MAX_POSITIONS)
  const start = graph.integers(0)
  const layers = countLayers(weights, (index) => `encoder.layers.${index}.input_layernorm.weight`)
  let states = embedded
  for (let layer = 0; layer < layers; layer++) {
    const matrix: MatrixOf = (name) => weights.matrix(`encoder.layers.${layer}.${name}`)
    const floats: FloatsOf = (name) => weights.floats(`encoder.layers.${layer}.${name}`)
    const normed = layerNorm(graph, states, floats('input_layernorm.weight'))
    const query = scaled(matrix('self_attn.q_proj'), scoreScale(width))
    const projections = [query, matrix('self_attn.k_proj'), matrix('self_attn.v_proj')]
    const [queries, keys, value] = linears(graph, normed, projections) as [Value, Value, Value]
    const [q, k] = [queries, keys].map((x) => applyRotary(graph, x, start, rotary, HEADS)) as [Value, Value]
    const attention = selfAttention(graph, q, k, value, ATTENTION)
    const attended = graph.op('Add', [states, linear(graph, attention, matrix('self_attn.o_proj'))])
    const normedAgain = layerNorm(graph, attended, floats('post_attention_layernorm.weight'))
    const hidden = gelu(graph, linear(graph, normedAgain, matrix('mlp.fc1'), floats('mlp.fc1.bias')))
    states = graph.op('Add', [attended, linear(graph, hidden, matrix('mlp.fc2'), floats('mlp.fc2.bias'))])
  }
  return layerNorm(graph, states, finalGain)
}

/**
 * 16,000 samples a second become 250, 83.3 and 41.7 positions. [1, samples] → [1, states, width]
 *
 * With activations of 8 bits the last convolution would destroy the words, and the second would cost some. The first,
 * of one channel, is faster in real numbers than in two passes of 8 bits.
 */
function convolutionStem(graph: Graph, waveform: Value, weights: Weights): Value {
  const samples = graph.op('Reshape', [waveform, graph.integers(-1, 1)])
  const kernel = (name: string): FloatTensor | QuantizedTensor => weights.kernel(`encoder.${name}`)
  const layer = (x: Value, name: string, stride: number): Value =>
    convolve(graph, x, { kernel: kernel(name), bias: weights.floats(`encoder.${name}.bias`), stride, bits: 16 })
  const first = { kernel: kernel('conv1'), bias: undefined, stride: 64, bits: 32 } as const
  const fine = graph.op('Tanh', [convolve(graph, samples, first)])
  const normed = groupNorm(
    graph, fine, weights.floats('encoder.groupnorm.weight'), weights.floats('encoder.groupnorm.bias'))
  const coarse = gelu(graph, layer(normed, 'conv2', 3))
  const states = gelu(graph, layer(coarse, 'conv3', 2))
  return graph.op('Unsqueeze', [states, graph.integers(0)])
}

function rotaryFrequencies(): Float32Array {
  return Float32Array.from({ length: ROTARY_WIDTH / 2 }, (_, pair) => ROTARY_BASE ** (-2 * pair / ROTARY_WIDTH))
}

/**
 * Group normalization with one group (Wu and He 2018, arXiv:1803.08494): mean and variance over the whole clip, gain
 * and bias for each channel. Folded into the next kernel, they would make it one of real numbers. Mean and variance of
 * some million numbers are computed in float32.
 * [positions, channels]
 */
function groupNorm(graph: Graph, x: Value, gain: FloatTensor, bias: FloatTensor): Value {
  const channels = gain.values.length
  const whole = graph.op('Reshape', [x, graph.integers(1, 1, -1)])
  const [one, zero] = [1, 0].map((value) => graph.weight(Float32Array.of(value), [1], 'float32'))
  const inputs = [graph.toFloat32(whole), one, zero]
  const normed = graph.op('InstanceNormalization', inputs, { epsilon: { real: 1e-5 } })
  const rows = graph.op('Reshape', [graph.toActivation(normed), graph.integers(-1, channels)])
  const [gains, biases] = [gain, bias].map(({ values }) => graph.weight(values, [channels]))
  return graph.op('Add', [graph.op('Mul', [rows, gains]), biases])
}

/** Keys and values of the cross-attention of each decoder layer, from the states of the encoder. */
function projectStates(
  graph: Graph, states: Value, weights: Weights, { layers, heads, headWidth }: Decoder,
): KeyValues[] {
  const matrices = Array.from({ length: layers }, (_, layer) => ['k_proj', 'v_proj'].map((name) =>
    weights.matrix(`decoder.layers.${layer}.encoder_attn.${name}`))).flat()
  return pairs(linears(graph, states, matrices).map((value) => splitHeads(graph, value, heads, headWidth)))
}

function readDecoder(
  graph: Graph, weights: Weights, endToken: number, languages: readonly string[], multiply: Multiply,
): Decoder {
  const embedding = weights.table('decoder.embed_tokens')
  const kept = keptTokens(languages, embedding.rows)
  const table = selectRows(embedding, kept)
  const output = transposed(table)
  const width = embedding.columns
  const rotary = rotaryTables(graph, rotaryFrequencies(), MAX_POSITIONS)
  const finalGain = weights.floats('decoder.norm.weight')
  return {
    layers: countLayers(weights, (index) => `decoder.layers.${index}.input_layernorm.weight`),
    heads: HEADS,
    headWidth: width / HEADS,
    vocabulary: embedding.rows,
    kept,
    endToken,
    embed: (graph, tokens) => gatherRows(graph, table, tokens),
    layer(graph, index, hidden, positions, attention) {
      const matrix: MatrixOf = (name) => weights.matrix(`decoder.layers.${index}.${name}`)
      const floats: FloatsOf = (name) => weights.floats(`decoder.layers.${index}.${name}`)
      const normed = layerNorm(graph, hidden, floats('input_layernorm.weight'))
      const [query, key, value] = queryKeyValue(graph, normed, matrix, width, multiply)
      const [q, k] = [query, key].map((x) => applyRotary(graph, x, positions, rotary, HEADS)) as [Value, Value]
      const own = multiply(graph, attention.self(q, k, value), matrix('self_attn.o_proj'))
      const selfAttended = graph.op('Add', [hidden, own])
      const crossNormed = layerNorm(graph, selfAttended, floats('post_attention_layernorm.weight'))
      const crossQuery = multiply(graph, crossNormed, scaled(matrix('encoder_attn.q_proj'), scoreScale(width)))
      const ofAudio = multiply(graph, attention.cross(crossQuery), matrix('encoder_attn.o_proj'))
      const attended = graph.op('Add', [selfAttended, ofAudio])
      return graph.op('Add', [attended, gatedFeedForward(graph, attended, matrix, floats, multiply)])
    },
    logits(graph, hidden) {
      const logits = multiply(graph, layerNorm(graph, hidden, finalGain), output)
      return graph.op('Reshape', [logits, graph.integers(-1, kept.length)])
    },
  }
}

/** SwiGLU (Shazeer 2020, arXiv:2002.05202), content and gate from one matrix. */
function gatedFeedForward(graph: Graph, x: Value, matrix: MatrixOf, floats: FloatsOf, multiply: Multiply): Value {
  const normed = layerNorm(graph, x, floats('final_layernorm.weight'))
  const wide = multiply(graph, normed, matrix('mlp.fc1'), floats('mlp.fc1.bias'))
  const [content, gate] = split(graph, wide, 2, 2) as [Value, Value]
  const gated = graph.op('Mul', [silu(graph, gate), content])
  return multiply(graph, gated, matrix('mlp.fc2'), floats('mlp.fc2.bias'))
}

/** Query, key and value from one matrix, the scale of the scores included in the query. */
function queryKeyValue(
  graph: Graph, x: Value, matrix: MatrixOf, width: number, multiply: Multiply = linear,
): [query: Value, key: Value, value: Value] {
  const query = scaled(matrix('self_attn.q_proj'), scoreScale(width))
  const all = concatColumns(query, matrix('self_attn.k_proj'), matrix('self_attn.v_proj'))
  return split(graph, multiply(graph, x, all), 3, 2) as [Value, Value, Value]
}

function scoreScale(width: number): number {
  return 1 / Math.sqrt(width / HEADS)
}

/**
 * The tokens that can be chosen. For a model of English alone they are those of printable ASCII, so that only a fifth
 * of the output matrix, the largest of all, is read at every step; their number is rounded up to whole blocks with
 * tokens of other Latin letters.
 */
function keptTokens(languages: readonly string[], vocabulary: number): readonly number[] {
  const pieces = llamaPieces()
  const all = Array.from({ length: vocabulary }, (_, id) => id)
  if (languages.join() !== 'en') return all
  const matches = (id: number, pattern: RegExp): boolean => pattern.test(pieces[id] ?? '\u0000')
  const isAscii = (id: number): boolean => matches(id, /^[▁\x20-\x7e\n\t]*$/)
  const ascii = all.filter(isAscii)
  const latin = all.filter((id) => !isAscii(id) && matches(id, /^[▁\x20-\xff]+$/))
  return [...ascii, ...latin.slice(0, missingInBlock(ascii.length))].sort((a, b) => a - b)
}
