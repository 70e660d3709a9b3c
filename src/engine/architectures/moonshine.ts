/**
 * Moonshine (Jeffries et al. 2024, arXiv:2410.15608), from its published weights.
 *
 *   waveform, 16 kHz → three convolutions, 41.7 states a second → encoder: layers of attention and feed-forward
 *   token → decoder: layers of attention to the tokens before, attention to the encoder, gated feed-forward → logits
 *
 * Positions are rotary in both. Norms come before their layer and have no bias. The output matrix is the embedding,
 * turned around.
 */
import { writeAlignment } from '../compiler/alignment.js'
import { convolve, type Convolution } from '../compiler/convolution.js'
import { memoriesOf, missingInBlock, writeGreedy, writeSteps, type Decoder } from '../compiler/decoder.js'
import { Graph, type Value } from '../compiler/graph.js'
import {
  attend, attendToMemory, attendToPast, columns, gelu, layerNorm, linear, linears, parts, rotate, rotation, silu, splitHeads,
  type Attention, type Memory,
} from '../compiler/layers.js'
import { Published, rowsOf, sideBySide, times, turned, type Matrix, type Reals } from '../compiler/published.js'
import type { WriteModel } from '../compiler/compile.js'
import { encoderDecoderOf } from '../manifest.js'
import { llamaPieces } from '../tokenizer.js'

/** Longest sequence of states or tokens; 30 s of speech are 1,250 states. */
const MAX_POSITIONS = 4_096
/** Shape of a head, as published: 36 numbers, of which 32 turn. The scores are divided by the root of the former. */
const HEADS = 8

export const write: WriteModel = async ({ encoder, decoder, target, entrance, manifest }) => {
  const graph = new Graph('moonshine', target)
  const model = readDecoder(graph, decoder, encoderDecoderOf(manifest).endToken, keptTokens(manifest.languages, decoder))
  if (entrance !== 'greedy') {
    if (entrance === 'steps') writeSteps(graph, model)
    else writeAlignment(graph, model, encoderDecoderOf(manifest).alignmentHeads)
    return graph.bytes()
  }
  const waveform = graph.input('waveform', 'float32', [1, 'samples'])
  const hear = (): Value[] => memoriesOf(graph, model, waveform, 1, (fresh) => remember(fresh, encode(fresh, waveform, encoder), decoder, model))
  writeGreedy(graph, model, hear)
  return graph.bytes()
}

/** [1, samples] → [1, states, width] */
function encode(graph: Graph, waveform: Value, published: Published): Value {
  const stem = listen(graph, waveform, published)
  const width = published.reals('layer_norm.weight').dims[0]!
  const attention: Attention = { heads: HEADS, scale: 1 }
  const turn = rotation(graph, published.reals('/rotary_emb/Cast_1_output_0').values, MAX_POSITIONS)
  const start = graph.integers(0)
  let states = stem
  for (let layer = 0; layer < published.count((index) => `layers.${index}.input_layernorm.weight`); layer++) {
    const matrix = (name: string): Matrix => published.matrix(`/layers.${layer}/${name}/MatMul_quant`)
    const reals = (name: string): Reals => published.reals(`layers.${layer}.${name}`)
    const normed = layerNorm(graph, states, reals('input_layernorm.weight'))
    const [query, key, value] = parts(graph, linear(graph, normed, attentionMatrix(matrix, width)), 3, 2) as [Value, Value, Value]
    const heard = attend(graph, rotate(graph, query, start, turn, HEADS), rotate(graph, key, start, turn, HEADS), value, attention)
    const attended = graph.op('Add', [states, linear(graph, heard, matrix('self_attn/dense'))])
    const hidden = gelu(graph, linear(graph, layerNorm(graph, attended, reals('post_attention_layernorm.weight')), matrix('mlp/fc1'), reals('mlp.fc1.bias')))
    states = graph.op('Add', [attended, linear(graph, hidden, matrix('mlp/fc2'), reals('mlp.fc2.bias'))])
  }
  return layerNorm(graph, states, published.reals('layer_norm.weight'))
}

/** The stem: 16,000 samples a second become 250, 83.3 and 41.7 positions. [1, samples] → [1, states, width] */
function listen(graph: Graph, waveform: Value, published: Published): Value {
  const samples = graph.op('Reshape', [waveform, graph.integers(-1, 1)])
  const heard = graph.op('Tanh', [convolve(graph, samples, { kernel: kernelOf(published, 'conv1'), bias: undefined, stride: 64 })])
  const second = afterNorm({ kernel: kernelOf(published, 'conv2'), bias: published.reals('conv2.bias'), stride: 3 }, published.reals('onnx::Mul_1488'), published.reals('onnx::Add_1489'))
  const coarse = gelu(graph, convolve(graph, normalize(graph, heard, second.channels), second.convolution))
  const states = gelu(graph, convolve(graph, coarse, { kernel: kernelOf(published, 'conv3'), bias: published.reals('conv3.bias'), stride: 2 }))
  return graph.op('Unsqueeze', [states, graph.integers(0)])
}

/** Published as integers q with a real offset: q × scale + offset. */
function kernelOf(published: Published, name: string): Reals {
  const { bytes, dims } = published.bytes(`${name}.weight_quantized`)
  const [scale, offset] = ['scale', 'zero_point'].map((part) => published.reals(`${name}.weight_${part}`).values[0]!) as [number, number]
  return { values: Float32Array.from(bytes, (value) => ((value << 24) >> 24) * scale + offset), dims }
}

/** Group normalization with one group (Wu and He 2018, arXiv:1803.08494): mean and variance over the whole clip. [positions, channels] */
function normalize(graph: Graph, x: Value, channels: number): Value {
  const whole = graph.op('Reshape', [x, graph.integers(1, 1, -1)])
  const normed = graph.op('InstanceNormalization', [whole, graph.weight(Float32Array.of(1), [1]), graph.weight(Float32Array.of(0), [1])], { epsilon: { real: 1e-5 } })
  return graph.op('Reshape', [normed, graph.integers(-1, channels)])
}

/** Gain and bias of the norm before a convolution become part of it: there is no padding, so each output sees all of the kernel. */
function afterNorm({ kernel, bias, stride }: Convolution & { bias: Reals }, gain: Reals, shift: Reals): { convolution: Convolution; channels: number } {
  const [outputs, inputs, width] = kernel.dims as [number, number, number]
  const values = new Float32Array(kernel.values.length)
  const biases = Float32Array.from(bias.values)
  for (let out = 0; out < outputs; out++) {
    let sum = 0
    for (let at = 0; at < inputs * width; at++) {
      const channel = Math.floor(at / width)
      const weight = kernel.values[out * inputs * width + at]!
      values[out * inputs * width + at] = weight * gain.values[channel]!
      sum += weight * shift.values[channel]!
    }
    biases[out]! += sum
  }
  return { convolution: { kernel: { values, dims: kernel.dims }, bias: { values: biases, dims: bias.dims }, stride }, channels: inputs }
}

/** Keys and values of each decoder layer's attention to the encoder. */
function remember(graph: Graph, states: Value, published: Published, { layers, heads, headWidth }: Decoder): Memory[] {
  const matrices = Array.from({ length: layers }, (_, layer) => ['k_proj', 'v_proj'].map((name) => published.matrix(`/model/decoder/layers.${layer}/encoder_attn/${name}/MatMul_quant`))).flat()
  const split = linears(graph, states, matrices).map((value) => splitHeads(graph, value, heads, headWidth))
  return Array.from({ length: layers }, (_, layer) => ({ keys: split[2 * layer]!, values: split[2 * layer + 1]! }))
}

function readDecoder(graph: Graph, published: Published, endToken: number, kept: readonly number[]): Decoder {
  const table = 'model.decoder.embed_tokens.weight_merged_0'
  const embedding = published.integers(`${table}_quantized`, `${table}_scale`, `${table}_zero_point`)
  const output = turned(rowsOf(embedding, kept))
  const width = embedding.columns
  const attention: Attention = { heads: HEADS, scale: 1 }
  const turn = rotation(graph, published.reals('/model/decoder/rotary_emb/Cast_1_output_0').values, MAX_POSITIONS)
  return {
    layers: published.count((index) => `model.decoder.layers.${index}.input_layernorm.weight_merged_0`),
    heads: HEADS,
    headWidth: width / HEADS,
    vocabulary: embedding.rows,
    kept,
    endToken,
    embed: (graph, tokens) => columns(graph, output, tokens),
    layer(graph, index, hidden, position, past, heard) {
      const matrix = (name: string): Matrix => published.matrix(`/model/decoder/layers.${index}/${name}/MatMul_quant`)
      const reals = (name: string): Reals => published.reals(`model.decoder.layers.${index}.${name}_merged_0`)
      const normed = layerNorm(graph, hidden, reals('input_layernorm.weight'))
      const [query, key, value] = parts(graph, linear(graph, normed, attentionMatrix(matrix, width)), 3, 2) as [Value, Value, Value]
      const own = attendToPast(graph, rotate(graph, query, position, turn, HEADS), rotate(graph, key, position, turn, HEADS), value, past, attention)
      const remembered = graph.op('Add', [hidden, linear(graph, own.heard, matrix('self_attn/dense'))])
      const asked = linear(graph, layerNorm(graph, remembered, reals('post_attention_layernorm.weight')), times(matrix('encoder_attn/q_proj'), scoreScale(width)))
      const listened = graph.op('Add', [remembered, linear(graph, attendToMemory(graph, asked, heard, attention), matrix('encoder_attn/dense'))])
      const wide = linear(graph, layerNorm(graph, listened, reals('final_layernorm.weight')), matrix('mlp/up_proj'), reals('mlp.up_proj.bias'))
      const [content, gate] = parts(graph, wide, 2, 2) as [Value, Value]
      const gated = graph.op('Mul', [silu(graph, gate), content])
      return { hidden: graph.op('Add', [listened, linear(graph, gated, matrix('mlp/down_proj'), reals('mlp.down_proj.bias'))]), memory: own.memory, asked }
    },
    logits: (graph, hidden) => graph.op('Reshape', [linear(graph, layerNorm(graph, hidden, published.reals('model.decoder.norm.weight_merged_0')), output), graph.integers(-1, kept.length)]),
  }
}

/** Query, key and value side by side, the scale of the scores part of the query. */
function attentionMatrix(matrix: (name: string) => Matrix, width: number): Matrix {
  return sideBySide([times(matrix('self_attn/q_proj'), scoreScale(width)), matrix('self_attn/k_proj'), matrix('self_attn/v_proj')])
}

function scoreScale(width: number): number {
  return 1 / Math.sqrt(width / HEADS)
}

/**
 * Of a model for English alone, the tokens that English is written with: a fifth of the output matrix, the largest of
 * all, need not be read at every step. Their number is rounded up to whole blocks with other Latin letters.
 */
function keptTokens(languages: readonly string[], published: Published): readonly number[] {
  const pieces = llamaPieces()
  const all = Array.from({ length: published.bytes('model.decoder.embed_tokens.weight_merged_0_quantized').dims[0]! }, (_, id) => id)
  if (languages.join() !== 'en') return all
  const isPlain = (id: number): boolean => /^[▁\x20-\x7e\n\t]*$/.test(pieces[id] ?? '\u0000')
  const plain = all.filter(isPlain)
  const others = all.filter((id) => !isPlain(id) && /^[▁\x20-\xff]+$/.test(pieces[id] ?? '\u0000')).slice(0, missingInBlock(plain.length))
  return [...plain, ...others].sort((a, b) => a - b)
}
