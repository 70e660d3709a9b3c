/**
 * Silero VAD v5 (Silero Team 2024, MIT): a small recurrent network that says, for each 32 ms of 16 kHz audio, how
 * probable speech is.
 *
 * The catch, which others miss: every window of 512 samples is fed with the 64 samples before it, 576 in all. Fed
 * without them the network runs too, and answers worse.
 * Input `input` [1, 576], `state` [2, 1, 128], `sr`; output [1, 1] and the next state. A window takes less time than the
 * way in and out of the runtime, so two seconds of them are one run (`overSteps`), about 0.1 ms a window. The middle of long
 * silences is not fed at all.
 *
 * Probabilities become spans as in its makers' own utilities: speech begins above 0.5 and goes on until it stays
 * below 0.35, shorter pauses are bridged, shorter bursts dropped. The network is not made for levels far below a
 * usual one, so it hears the clip at a peak of −6 dBFS.
 */
import { resample } from '../audio/resample.js'
import type { SpeechDetector } from '../detector.js'
import { overSteps } from '../compiler/onnx.js'
import type { DetectorManifest, ModelFiles } from '../manifest.js'
import type { Interrupt } from '../recognizer.js'
import { Tensor, type OpenSession, type Session } from '../runtime/session.js'
import type { SpeechActivity, TimeSpan, Waveform } from '../types.js'

const SAMPLE_RATE = 16_000
const WINDOW = 512
const CONTEXT = 64
const INPUT = CONTEXT + WINDOW
const STATE_SHAPE = [2, 1, 128]
const PEAK = 0.5
/** Windows of one run: two seconds. */
const RUN_WINDOWS = 64
/** No voice is below this, −78 dB under full scale (`TOO_QUIET_PEAK_DBFS` in speech.ts), and so far below the loudest sample of its clip. */
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
  const steps = overSteps(await files.read('graph'), { input: 'input', output: 'output', stateBefore: 'state', stateAfter: 'stateN', constants: { sr: SAMPLE_RATE } })
  const session = await open(steps, { fixedShapes: true })
  return {
    name: manifest.name,
    detect: async (waveform, _frames, interrupt) => asActivity(await probabilities(session, resample(waveform, SAMPLE_RATE), interrupt)),
    dispose: () => session.release(),
  }
}

/** One probability for each window; the last is filled up with silence. What is skipped has none, 0. */
async function probabilities(session: Session, { samples }: Waveform, interrupt: Interrupt): Promise<Float32Array> {
  const found = new Float32Array(Math.ceil(samples.length / WINDOW))
  const peak = samples.reduce((highest, sample) => Math.max(highest, Math.abs(sample)), 1e-9)
  const windows = fedWindows(samples, peak)
  let state = new Tensor('float32', new Float32Array(STATE_SHAPE.reduce((a, b) => a * b)), STATE_SHAPE)
  for (let start = 0; start < windows.length; start += RUN_WINDOWS) {
    const run = windows.subarray(start, start + RUN_WINDOWS)
    const steps = new Float32Array(run.length * INPUT) // [windows, 1, 576]
    for (const [index, window] of run.entries()) {
      interrupt()
      fillInput(steps.subarray(index * INPUT, (index + 1) * INPUT), samples, window * WINDOW - CONTEXT, PEAK / peak)
    }
    const out = await session.run({ state, steps: new Tensor('float32', steps, [run.length, 1, INPUT]) })
    const answers = out.answers!.data as Float32Array // [windows, 1, 1]
    for (const [index, window] of run.entries()) found[window] = answers[index]!
    state = out.state_after as typeof state
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
