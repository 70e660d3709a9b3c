/**
 * The network of Silero VAD v5, rewritten from the weights of the published graph: all but the recurrent layer takes
 * many windows as one batch.
 */
import { SpeechError } from '../../domain/errors.js'
import { Graph, type Value } from '../../engine/compiler/graph.js'
import { readOnnx } from '../../engine/compiler/onnx.js'
import { Published, UnknownModel } from '../../engine/compiler/published.js'
import type { DetectorManifest } from '../../engine/manifest.js'

export const WINDOW_SAMPLES = 512
/** Samples before a window that are fed with it. */
export const CONTEXT_SAMPLES = 64
export const INPUT_SAMPLES = CONTEXT_SAMPLES + WINDOW_SAMPLES
/** Width of the recurrent layer. */
export const STATE = 128
/** Prefix of the weights for 16 kHz; the others of the file are for 8 kHz. */
const PREFIX = 'If_0_then_branch__Inline_0__'
/** Samples at the end of each window by which it is extended, reflected, and the hop of its spectra. */
const REFLECTED = 64
const SPECTRUM_HOP = 128
const ENCODER_STRIDES = [1, 2, 2, 1]

/** Throws MODEL_INVALID when the published graph lacks some of the weights. */
export function writeNetwork(manifest: DetectorManifest, published: Uint8Array): Uint8Array {
  const weights = new Published(readOnnx(published))
  try {
    return networkOf(new Graph(manifest.name, { matrices: 'real' }), weights)
  } catch (cause) {
    if (!(cause instanceof UnknownModel)) throw cause
    throw new SpeechError('MODEL_INVALID', `${manifest.name}: ${cause.message}`, { cause })
  }
}

/**
 * Inputs `windows` [windows, 576], `hidden` and `cell` [1, 1, 128]; outputs `speech` [windows], `new_hidden` and
 * `new_cell`. A short-time Fourier transform by convolution, four convolutions over its 4 frames (which leave one), a
 * recurrent layer, a weighted sum.
 */
function networkOf(graph: Graph, weights: Published): Uint8Array {
  const reals = (name: string): Value => {
    const { values, dims } = weights.floats(PREFIX + name)
    return graph.weight(values, dims)
  }
  const windows = graph.input('windows', 'float32', ['windows', INPUT_SAMPLES])
  const hidden = graph.input('hidden', 'float32', [1, 1, STATE])
  const cell = graph.input('cell', 'float32', [1, 1, STATE])
  const channels = graph.op('Unsqueeze', [windows, graph.integers(1)])
  const padded = graph.op('Pad', [channels, graph.integers(0, 0, 0, 0, 0, REFLECTED)], { mode: 'reflect' })
  const waves = graph.op('Conv', [padded, reals('stft.forward_basis_buffer')], { strides: [SPECTRUM_HOP] })
  const [cosines, sines] =
    graph.ops('Split', [graph.op('Mul', [waves, waves])], 2, { axis: 1 }) as [Value, Value]
  const encoded = ENCODER_STRIDES.reduce((x, stride, layer) => {
    const parts = ['weight', 'bias'].map((part) => reals(`encoder.${layer}.reparam_conv.${part}`))
    return graph.op('Relu', [graph.op('Conv', [x, ...parts], { strides: [stride], pads: [1, 1] })])
  }, graph.op('Sqrt', [graph.op('Add', [cosines, sines])])) // [windows, 128, 1]
  const sequence = graph.op('Transpose', [encoded], { perm: [0, 2, 1] })
  const { states, newHidden, newCell } = recurrent(graph, sequence, hidden, cell, weights)
  const activated = graph.op('Relu', [graph.op('Transpose', [states], { perm: [0, 2, 1] })])
  const [weight, bias] = [reals('decoder.decoder.2.weight'), reals('decoder.decoder.2.bias')]
  const sum = graph.op('Conv', [activated, weight, bias])
  const speech = graph.op('Reshape', [graph.op('Sigmoid', [sum]), graph.integers(-1)])
  graph.output(speech, 'speech', 'float32', ['windows'])
  graph.output(newHidden, 'new_hidden', 'float32', [1, 1, STATE])
  graph.output(newCell, 'new_cell', 'float32', [1, 1, STATE])
  return graph.bytes()
}

interface LstmOutputs { readonly states: Value; readonly newHidden: Value; readonly newCell: Value }

/**
 * An LSTM over [windows, 1, 128]; `states` has the same shape. PyTorch orders the gates input, forget, cell, output;
 * ONNX orders them input, output, forget, cell.
 */
function recurrent(graph: Graph, x: Value, hidden: Value, cell: Value, weights: Published): LstmOutputs {
  const reordered = (name: string): Float32Array => {
    const { values } = weights.floats(`${PREFIX}decoder.rnn.${name}`)
    const gate = values.length / 4
    return Float32Array.from([0, 3, 1, 2].flatMap((index) => [...values.subarray(index * gate, (index + 1) * gate)]))
  }
  const matrices = ['weight_ih', 'weight_hh'].map((name) => graph.weight(reordered(name), [1, 4 * STATE, STATE]))
  const bias = graph.weight(Float32Array.from([...reordered('bias_ih'), ...reordered('bias_hh')]), [1, 8 * STATE])
  const inputs = [x, ...matrices, bias, undefined, hidden, cell]
  const [all, newHidden, newCell] =
    graph.ops('LSTM', inputs, 3, { hidden_size: STATE }) as [Value, Value, Value]
  return { states: graph.op('Squeeze', [all, graph.integers(1)]), newHidden, newCell }
}
