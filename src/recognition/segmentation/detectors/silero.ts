/**
 * Silero VAD v5 (Silero Team 2024, MIT): a small recurrent network that says, for each 32 ms of 16 kHz audio, how
 * probable speech is.
 *
 * The catch, which others miss: every window of 512 samples is fed with the 64 samples before it, 576 in all. Fed
 * without them the network runs too, and answers worse.
 *
 * Only the weights are taken from the published graph, which takes one window at a time and spends most of its time on
 * the way in and out. Here all but the recurrent layer sees the windows of two seconds side by side, and a window costs
 * about 0.07 ms instead of 0.2. Probabilities are the same to five decimals. The middle of long silences is not fed at all.
 *
 * Probabilities become spans as in its makers' own utilities: speech begins above 0.5 and goes on until it stays
 * below 0.35, shorter pauses are bridged, shorter bursts dropped. The network is not made for levels far below a
 * usual one, so it hears the clip at a peak of −6 dBFS.
 */
import { resample } from '../../../audio/signal/resample.js'
import { Graph, type Value } from '../../../engine/compiler/graph.js'
import { readOnnx } from '../../../engine/compiler/onnx.js'
import { Published, UnknownModel } from '../../../engine/compiler/published.js'
import type { SpeechDetector } from '../detector.js'
import { SpeechError } from '../../../domain/errors.js'
import type { DetectorManifest, ModelFiles } from '../../../engine/manifest.js'
import type { Interrupt } from '../../recognizer.js'
import { Tensor, type Tensor as TensorOfRuntime, type OpenSession, type Session } from '../../../engine/runtime/session.js'
import type { SpeechActivity, TimeSpan, Waveform } from '../../../domain/audio.js'

const SAMPLE_RATE = 16_000
const WINDOW = 512
const CONTEXT = 64
const INPUT = CONTEXT + WINDOW
/** Width of the recurrent layer. */
const STATE = 128
/** Names of the weights for 16 kHz; the others of the file are for 8 kHz. */
const PREFIX = 'If_0_then_branch__Inline_0__'
/** Samples at the end of each window that are mirrored behind it, and the step of its spectra. */
const MIRRORED = 64
const SPECTRUM_HOP = 128
const ENCODER_STRIDES = [1, 2, 2, 1]
const PEAK = 0.5
/** Windows of one run: two seconds. */
const RUN_WINDOWS = 64
/** No voice is below this, −78 dB under full scale (`TOO_QUIET_PEAK_DBFS` in recognition/segmentation/find-speech.ts), and so far below the loudest sample of its clip. */
const INAUDIBLE = 10 ** (-78 / 20)
const FAR_BELOW_PEAK = 0.01
/** So much of an inaudible stretch is fed on each side of what can be heard: 1 s. */
const MARGIN_WINDOWS = 32
const HOP_SECONDS = WINDOW / SAMPLE_RATE
/** Speech begins above, and ends when it stays below the second. */
const BEGIN = 0.5
const END = 0.35
const PAUSE_SECONDS = 0.3
const LEAST_SPEECH_SECONDS = 0.06
/** The most probable window of real speech has 0.85 and more, of noise nearly always less than 0.6: in between lies doubt. */
const SURE = 0.8

export async function load(manifest: DetectorManifest, files: ModelFiles, open: OpenSession): Promise<SpeechDetector> {
  // All runs but the last have the same shapes, and the last has smaller ones: memory that is kept is that of one run.
  const session = await open(writeNetwork(manifest, await files.read('graph')), { fixedShapes: true })
  return {
    name: manifest.name,
    detect: async (waveform, _frames, interrupt) => asActivity(await probabilities(session, resample(waveform, SAMPLE_RATE), interrupt)),
    dispose: () => session.release(),
  }
}

/**
 * Inputs `windows` [windows, 576], `hidden` and `cell` [1, 1, 128]; outputs `speech` [windows], and the next two.
 * A spectrum by convolution, four convolutions over its 4 frames (which end as one), a recurrent layer, a sum.
 */
function writeNetwork(manifest: DetectorManifest, published: Uint8Array): Uint8Array {
  const weights = new Published(readOnnx(published))
  const graph = new Graph(manifest.name, { matrices: 'real' })
  const reals = (name: string): Value => {
    const { values, dims } = weights.floats(PREFIX + name)
    return graph.weight(values, dims)
  }
  try {
    const windows = graph.input('windows', 'float32', ['windows', INPUT])
    const [hidden, cell] = ['hidden', 'cell'].map((name) => graph.input(name, 'float32', [1, 1, STATE])) as [Value, Value]
    const mirrored = graph.op('Pad', [graph.op('Unsqueeze', [windows, graph.integers(1)]), graph.integers(0, 0, 0, 0, 0, MIRRORED)], { mode: 'reflect' })
    const waves = graph.op('Conv', [mirrored, reals('stft.forward_basis_buffer')], { strides: [SPECTRUM_HOP] })
    const [cosines, sines] = graph.ops('Split', [graph.op('Mul', [waves, waves])], 2, { axis: 1 }) as [Value, Value]
    const heard = ENCODER_STRIDES.reduce((x, stride, layer) => {
      const parts = ['weight', 'bias'].map((part) => reals(`encoder.${layer}.reparam_conv.${part}`))
      return graph.op('Relu', [graph.op('Conv', [x, ...parts], { strides: [stride], pads: [1, 1] })])
    }, graph.op('Sqrt', [graph.op('Add', [cosines, sines])])) // [windows, 128, 1]
    const [each, newHidden, newCell] = recurrent(graph, graph.op('Transpose', [heard], { perm: [0, 2, 1] }), hidden, cell, weights)
    const sum = graph.op('Conv', [graph.op('Relu', [graph.op('Transpose', [each], { perm: [0, 2, 1] })]), reals('decoder.decoder.2.weight'), reals('decoder.decoder.2.bias')])
    graph.output(graph.op('Reshape', [graph.op('Sigmoid', [sum]), graph.integers(-1)]), 'speech', 'float32', ['windows'])
    graph.output(newHidden, 'new_hidden', 'float32', [1, 1, STATE])
    graph.output(newCell, 'new_cell', 'float32', [1, 1, STATE])
    return graph.bytes()
  } catch (cause) {
    if (cause instanceof UnknownModel) throw new SpeechError('MODEL_INVALID', `${manifest.name}: ${cause.message}`, { cause })
    throw cause
  }
}

/** An LSTM over [windows, 1, 128]; its output is of the same shape. PyTorch's gates are input, forget, cell, output, ONNX's input, output, forget, cell. */
function recurrent(graph: Graph, x: Value, hidden: Value, cell: Value, weights: Published): [Value, Value, Value] {
  const inOrder = (name: string): Float32Array => {
    const { values } = weights.floats(`${PREFIX}decoder.rnn.${name}`)
    const gate = values.length / 4
    return Float32Array.from([0, 3, 1, 2].flatMap((index) => [...values.subarray(index * gate, (index + 1) * gate)]))
  }
  const matrices = ['weight_ih', 'weight_hh'].map((name) => graph.weight(inOrder(name), [1, 4 * STATE, STATE]))
  const bias = graph.weight(Float32Array.from([...inOrder('bias_ih'), ...inOrder('bias_hh')]), [1, 8 * STATE])
  const [all, newHidden, newCell] = graph.ops('LSTM', [x, ...matrices, bias, undefined, hidden, cell], 3, { hidden_size: STATE }) as [Value, Value, Value]
  return [graph.op('Squeeze', [all, graph.integers(1)]), newHidden, newCell]
}

/**
 * One probability for each window; the last is filled up with silence. What is skipped has none, 0. Throws what
 * `interrupt` throws, which is called before every run.
 */
async function probabilities(session: Session, { samples }: Waveform, interrupt: Interrupt): Promise<Float32Array> {
  const found = new Float32Array(Math.ceil(samples.length / WINDOW))
  const peak = samples.reduce((highest, sample) => Math.max(highest, Math.abs(sample)), 1e-9)
  const windows = fedWindows(samples, peak)
  const state = (): TensorOfRuntime => new Tensor('float32', new Float32Array(STATE), [1, 1, STATE])
  let [hidden, cell] = [state(), state()]
  for (let start = 0; start < windows.length; start += RUN_WINDOWS) {
    const run = windows.subarray(start, start + RUN_WINDOWS)
    interrupt()
    const input = new Float32Array(run.length * INPUT) // [windows, 576]
    for (const [index, window] of run.entries()) {
      fillInput(input.subarray(index * INPUT, (index + 1) * INPUT), samples, window * WINDOW - CONTEXT, PEAK / peak)
    }
    const out = await session.run({ windows: new Tensor('float32', input, [run.length, INPUT]), hidden, cell })
    const answers = out.speech!.data as Float32Array // [windows]
    for (const [index, window] of run.entries()) found[window] = answers[index]!
    ;[hidden, cell] = [out.new_hidden!, out.new_cell!]
  }
  return found
}

/** The windows that are fed, in order: all but the middle of long stretches in which nothing can be heard. */
function fedWindows(samples: Float32Array, peak: number): Uint32Array {
  const fed = new Uint8Array(Math.ceil(samples.length / WINDOW))
  const inaudible = Math.min(INAUDIBLE, FAR_BELOW_PEAK * peak)
  for (let index = 0; index < fed.length; index++) {
    if (isAudible(samples, index * WINDOW, inaudible)) fed.fill(1, Math.max(0, index - MARGIN_WINDOWS), index + MARGIN_WINDOWS + 1)
  }
  return new Uint32Array(fed.length).map((_, index) => index).filter((index) => fed[index] === 1)
}

function isAudible(samples: Float32Array, start: number, inaudible: number): boolean {
  for (let n = start, end = Math.min(start + WINDOW, samples.length); n < end; n++) if (Math.abs(samples[n]!) >= inaudible) return true
  return false
}

function fillInput(input: Float32Array, samples: Float32Array, from: number, gain: number): void {
  for (let n = 0; n < input.length; n++) input[n] = gain * (samples[from + n] ?? 0)
}

function asActivity(speech: Float32Array): SpeechActivity {
  const most = speech.reduce((highest, value) => Math.max(highest, value), 0)
  const spans = most < BEGIN ? [] : spansOf(speech)
  return {
    hopSeconds: HOP_SECONDS, startSeconds: 0, speech, spans,
    verdict: spans.length === 0 ? 'nothing' : most >= SURE ? 'speech' : 'unsure',
    visibleRangeDb: 0,
  }
}

function spansOf(speech: Float32Array): TimeSpan[] {
  const spans: { startSeconds: number; endSeconds: number }[] = []
  let speaking = false
  for (let index = 0; index < speech.length; index++) {
    speaking = speech[index]! >= (speaking ? END : BEGIN)
    if (!speaking) continue
    const [startSeconds, endSeconds] = [index * HOP_SECONDS, (index + 1) * HOP_SECONDS]
    const last = spans.at(-1)
    if (last !== undefined && startSeconds - last.endSeconds < PAUSE_SECONDS) last.endSeconds = endSeconds
    else spans.push({ startSeconds, endSeconds })
  }
  return spans.filter(({ startSeconds, endSeconds }) => endSeconds - startSeconds >= LEAST_SPEECH_SECONDS)
}
