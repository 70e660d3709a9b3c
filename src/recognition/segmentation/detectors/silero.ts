/**
 * Silero VAD v5 (Silero Team 2024, MIT): a small recurrent network for voice activity detection, which gives the
 * probability of speech for each 32 ms of 16 kHz audio.
 *
 * Pitfall: every window of 512 samples is fed with the 64 samples before it, 576 in all. The network also runs without
 * them, but less accurately.
 *
 * Only the weights are taken from the published graph, which takes one window at a time and spends most of its time
 * between nodes. Here all but the recurrent layer processes the windows of two seconds as one batch, and a window takes
 * about 0.07 ms instead of 0.2. Probabilities are the same to five decimals. The middle of long silences is skipped.
 *
 * Probabilities become spans as in the authors' utilities: speech begins above 0.5 and continues until it stays below
 * 0.35; shorter pauses are bridged and shorter bursts dropped. The network is not made for very low levels, so the clip
 * is scaled to a peak of −6 dBFS.
 */
import { resample } from '../../../audio/signal/resample.js'
import type { SpeechActivity, TimeSpan, Waveform } from '../../../domain/audio.js'
import { SpeechError } from '../../../domain/errors.js'
import { Graph, type Value } from '../../../engine/compiler/graph.js'
import { readOnnx } from '../../../engine/compiler/onnx.js'
import { Published, UnknownModel } from '../../../engine/compiler/published.js'
import type { DetectorManifest, ModelFiles } from '../../../engine/manifest.js'
import { Tensor, type OpenSession, type Session } from '../../../engine/runtime/session.js'
import type { Interrupt } from '../../recognizer.js'
import type { SpeechDetector } from '../detector.js'

const SAMPLE_RATE = 16_000
const WINDOW = 512
const CONTEXT = 64
const INPUT = CONTEXT + WINDOW
/** Width of the recurrent layer. */
const STATE = 128
/** Prefix of the weights for 16 kHz; the others of the file are for 8 kHz. */
const PREFIX = 'If_0_then_branch__Inline_0__'
/** Samples at the end of each window by which it is extended, reflected, and the hop of its spectra. */
const REFLECTED = 64
const SPECTRUM_HOP = 128
const ENCODER_STRIDES = [1, 2, 2, 1]
/** Peak to which the clip is scaled. */
const PEAK = 0.5
/** Windows of one run: two seconds. */
const RUN_WINDOWS = 64
/**
 * Samples below are inaudible: both below −78 dB relative to full scale (`TOO_QUIET_PEAK_DBFS` in
 * recognition/segmentation/find-speech.ts) and below this share of the peak of the clip.
 */
const INAUDIBLE = 10 ** (-78 / 20)
const INAUDIBLE_SHARE_OF_PEAK = 0.01
/** Windows of an inaudible stretch that are fed on each side of audible ones: 1 s. */
const MARGIN_WINDOWS = 32
const HOP_SECONDS = WINDOW / SAMPLE_RATE
/** Speech begins above the first probability, and ends when it stays below the second. */
const ONSET_THRESHOLD = 0.5
const OFFSET_THRESHOLD = 0.35
const PAUSE_SECONDS = 0.3
const MIN_SPEECH_SECONDS = 0.06
/**
 * The most probable window of real speech has 0.85 or more, that of noise nearly always less than 0.6: at this
 * probability there is speech, below it the detector is unsure.
 */
const CERTAIN = 0.8

export async function load(manifest: DetectorManifest, files: ModelFiles, open: OpenSession): Promise<SpeechDetector> {
  // All runs but the last have the same shapes, and the last has smaller ones: the memory kept is that of one run.
  const session = await open(writeNetwork(manifest, await files.read('graph')), { fixedShapes: true })
  return {
    name: manifest.name,
    async detect(waveform, _frames, interrupt) {
      return activityOf(await probabilities(session, resample(waveform, SAMPLE_RATE), interrupt))
    },
    dispose: () => session.release(),
  }
}

/** Throws MODEL_INVALID when the published graph lacks some of the weights. */
function writeNetwork(manifest: DetectorManifest, published: Uint8Array): Uint8Array {
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
  const windows = graph.input('windows', 'float32', ['windows', INPUT])
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

/**
 * One probability for each window; the last window is filled up with silence. Skipped windows have 0. Rejects with what
 * `interrupt` throws, which is called before every run.
 */
async function probabilities(session: Session, { samples }: Waveform, interrupt: Interrupt): Promise<Float32Array> {
  const speech = new Float32Array(Math.ceil(samples.length / WINDOW))
  const peak = samples.reduce((highest, sample) => Math.max(highest, Math.abs(sample)), 1e-9)
  const windows = audibleWindows(samples, peak)
  const zeros = (): Tensor => new Tensor('float32', new Float32Array(STATE), [1, 1, STATE])
  let [hidden, cell] = [zeros(), zeros()]
  for (let start = 0; start < windows.length; start += RUN_WINDOWS) {
    const run = windows.subarray(start, start + RUN_WINDOWS)
    interrupt()
    const input = new Float32Array(run.length * INPUT) // [windows, 576]
    for (const [index, window] of run.entries()) {
      fillInput(input.subarray(index * INPUT, (index + 1) * INPUT), samples, window * WINDOW - CONTEXT, PEAK / peak)
    }
    const out = await session.run({ windows: new Tensor('float32', input, [run.length, INPUT]), hidden, cell })
    const ofRun = out.speech!.data as Float32Array // [windows]
    for (const [index, window] of run.entries()) speech[window] = ofRun[index]!
    ;[hidden, cell] = [out.new_hidden!, out.new_cell!]
  }
  return speech
}

/** Indices of the windows that are fed, in order: all but the middle of long inaudible stretches. */
function audibleWindows(samples: Float32Array, peak: number): Uint32Array {
  const fed = new Uint8Array(Math.ceil(samples.length / WINDOW))
  const inaudible = Math.min(INAUDIBLE, INAUDIBLE_SHARE_OF_PEAK * peak)
  for (let index = 0; index < fed.length; index++) {
    if (!isAudible(samples, index * WINDOW, inaudible)) continue
    fed.fill(1, Math.max(0, index - MARGIN_WINDOWS), index + MARGIN_WINDOWS + 1)
  }
  return new Uint32Array(fed.length).map((_, index) => index).filter((index) => fed[index] === 1)
}

function isAudible(samples: Float32Array, start: number, inaudible: number): boolean {
  for (let n = start, end = Math.min(start + WINDOW, samples.length); n < end; n++) {
    if (Math.abs(samples[n]!) >= inaudible) return true
  }
  return false
}

function fillInput(input: Float32Array, samples: Float32Array, from: number, gain: number): void {
  for (let n = 0; n < input.length; n++) input[n] = gain * (samples[from + n] ?? 0)
}

function activityOf(speech: Float32Array): SpeechActivity {
  const highest = speech.reduce((most, value) => Math.max(most, value), 0)
  const spans = highest < ONSET_THRESHOLD ? [] : spansOf(speech)
  return {
    hopSeconds: HOP_SECONDS, startSeconds: 0, speech, speechProbability: highest, spans,
    verdict: spans.length === 0 ? 'nothing' : highest >= CERTAIN ? 'speech' : 'unsure',
    visibleRangeDb: 0,
  }
}

function spansOf(speech: Float32Array): TimeSpan[] {
  const spans: { startSeconds: number; endSeconds: number }[] = []
  let isSpeech = false
  for (const [index, probability] of speech.entries()) {
    isSpeech = probability >= (isSpeech ? OFFSET_THRESHOLD : ONSET_THRESHOLD)
    if (!isSpeech) continue
    const [startSeconds, endSeconds] = [index * HOP_SECONDS, (index + 1) * HOP_SECONDS]
    const last = spans.at(-1)
    if (last !== undefined && startSeconds - last.endSeconds < PAUSE_SECONDS) last.endSeconds = endSeconds
    else spans.push({ startSeconds, endSeconds })
  }
  return spans.filter(({ startSeconds, endSeconds }) => endSeconds - startSeconds >= MIN_SPEECH_SECONDS)
}
