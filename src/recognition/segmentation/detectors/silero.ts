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
import type { DetectedWindows, DetectorState } from '../../../domain/stream-detection.js'
import type { DetectorManifest, ModelFiles } from '../../../engine/manifest.js'
import { Tensor, type OpenSession, type Session } from '../../../engine/runtime/session.js'
import type { Interrupt } from '../../recognizer.js'
import type { SpeechDetector } from '../detector.js'
import {
  CONTEXT_SAMPLES, INPUT_SAMPLES, STATE, WINDOW_SAMPLES, writeNetwork,
} from '../silero-network.js'

const SAMPLE_RATE = 16_000
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
/** Peak of a stream that has just begun, and the least; it halves in 15 s. */
const FIRST_PEAK = 0.05
const LEAST_PEAK = 0.01
const PEAK_DECAY = 0.5 ** (WINDOW_SAMPLES / SAMPLE_RATE / 15)
const HOP_SECONDS = WINDOW_SAMPLES / SAMPLE_RATE
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
    detectNext: (samples, state) => nextWindows(session, samples, state),
    dispose: () => session.release(),
  }
}

/**
 * One probability for each window; the last window is filled up with silence. Skipped windows have 0. Rejects with what
 * `interrupt` throws, which is called before every run.
 */
async function probabilities(session: Session, { samples }: Waveform, interrupt: Interrupt): Promise<Float32Array> {
  const speech = new Float32Array(Math.ceil(samples.length / WINDOW_SAMPLES))
  const peak = samples.reduce((highest, sample) => Math.max(highest, Math.abs(sample)), 1e-9)
  const windows = audibleWindows(samples, peak)
  let state: RecurrentState = NEW_STATE
  for (let start = 0; start < windows.length; start += RUN_WINDOWS) {
    const run = windows.subarray(start, start + RUN_WINDOWS)
    interrupt()
    const input = new Float32Array(run.length * INPUT_SAMPLES) // [windows, 576]
    for (const [index, window] of run.entries()) {
      fillInput(rowOf(input, index), samples, window * WINDOW_SAMPLES - CONTEXT_SAMPLES, PEAK / peak)
    }
    const ran = await runWindows(session, input, state)
    for (const [index, window] of run.entries()) speech[window] = ran.speech[index]!
    state = ran.state
  }
  return speech
}

type RecurrentState = Pick<DetectorState, 'hidden' | 'cell'>
const NEW_STATE: RecurrentState = { hidden: new Float32Array(STATE), cell: new Float32Array(STATE) }

/** `input` has the shape [windows, 576]. */
async function runWindows(
  session: Session, input: Float32Array, { hidden, cell }: RecurrentState,
): Promise<{ readonly speech: Float32Array; readonly state: RecurrentState }> {
  const [inHidden, inCell] = [hidden, cell].map((values) => new Tensor('float32', values, [1, 1, STATE]))
  const windows = new Tensor('float32', input, [input.length / INPUT_SAMPLES, INPUT_SAMPLES])
  const out = await session.run({ windows, hidden: inHidden!, cell: inCell! })
  const [speech, newHidden, newCell] = [out.speech!, out.new_hidden!, out.new_cell!].map(({ data }) =>
    data as Float32Array) as [Float32Array, Float32Array, Float32Array]
  return { speech, state: { hidden: newHidden, cell: newCell } }
}

/** The row of one window in an input of shape [windows, 576]. */
function rowOf(input: Float32Array, index: number): Float32Array {
  return input.subarray(index * INPUT_SAMPLES, (index + 1) * INPUT_SAMPLES)
}

/**
 * The next windows of a stream; `samples` holds whole ones. The peak of a stream is not known before its end: the level
 * follows the loudest sample of the last seconds. Long inaudible stretches are skipped as in files.
 */
async function nextWindows(session: Session, samples: Float32Array, before?: DetectorState): Promise<DetectedWindows> {
  const count = samples.length / WINDOW_SAMPLES
  const withContext = new Float32Array(CONTEXT_SAMPLES + samples.length)
  withContext.set(before?.context ?? [])
  withContext.set(samples, CONTEXT_SAMPLES)
  let { peak, silentWindows, isSpeech } = before ?? { peak: FIRST_PEAK, silentWindows: 0, isSpeech: false }
  const fed: number[] = []
  const input = new Float32Array(count * INPUT_SAMPLES)
  for (let index = 0; index < count; index++) {
    const loudest = samples.subarray(index * WINDOW_SAMPLES, (index + 1) * WINDOW_SAMPLES)
      .reduce((highest, sample) => Math.max(highest, Math.abs(sample)), 0)
    peak = Math.max(LEAST_PEAK, peak * PEAK_DECAY, loudest)
    silentWindows = loudest < INAUDIBLE ? silentWindows + 1 : 0
    if (silentWindows > MARGIN_WINDOWS) continue
    fillInput(rowOf(input, fed.length), withContext, index * WINDOW_SAMPLES, PEAK / peak)
    fed.push(index)
  }
  const probabilities = new Float32Array(count)
  let recurrent: RecurrentState = before ?? NEW_STATE
  if (fed.length > 0) {
    const ran = await runWindows(session, input.subarray(0, fed.length * INPUT_SAMPLES), recurrent)
    for (const [row, index] of fed.entries()) probabilities[index] = ran.speech[row]!
    recurrent = ran.state
  }
  const decisions = Array.from(probabilities, (probability) => {
    isSpeech = continuesSpeech(isSpeech, probability)
    return isSpeech
  })
  const { hidden, cell } = recurrent
  const context = withContext.slice(samples.length)
  return { probabilities, isSpeech: decisions, state: { hidden, cell, context, peak, silentWindows, isSpeech } }
}

/** Indices of the windows that are fed, in order: all but the middle of long inaudible stretches. */
function audibleWindows(samples: Float32Array, peak: number): Uint32Array {
  const fed = new Uint8Array(Math.ceil(samples.length / WINDOW_SAMPLES))
  const inaudible = Math.min(INAUDIBLE, INAUDIBLE_SHARE_OF_PEAK * peak)
  for (let index = 0; index < fed.length; index++) {
    if (!isAudible(samples, index * WINDOW_SAMPLES, inaudible)) continue
    fed.fill(1, Math.max(0, index - MARGIN_WINDOWS), index + MARGIN_WINDOWS + 1)
  }
  return new Uint32Array(fed.length).map((_, index) => index).filter((index) => fed[index] === 1)
}

function isAudible(samples: Float32Array, start: number, inaudible: number): boolean {
  for (let n = start, end = Math.min(start + WINDOW_SAMPLES, samples.length); n < end; n++) {
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
    isSpeech = continuesSpeech(isSpeech, probability)
    if (!isSpeech) continue
    const [startSeconds, endSeconds] = [index * HOP_SECONDS, (index + 1) * HOP_SECONDS]
    const last = spans.at(-1)
    if (last !== undefined && startSeconds - last.endSeconds < PAUSE_SECONDS) last.endSeconds = endSeconds
    else spans.push({ startSeconds, endSeconds })
  }
  return spans.filter(({ startSeconds, endSeconds }) => endSeconds - startSeconds >= MIN_SPEECH_SECONDS)
}

/** Hysteresis: speech begins above one threshold and continues above a lower one. */
function continuesSpeech(isSpeech: boolean, probability: number): boolean {
  return probability >= (isSpeech ? OFFSET_THRESHOLD : ONSET_THRESHOLD)
}
