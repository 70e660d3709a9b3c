/**
 * Silero VAD v5 (Silero Team 2024, MIT): a small recurrent network that says, for each 32 ms of 16 kHz audio, how
 * probable speech is.
 *
 * The catch, which others miss: every window of 512 samples is fed with the 64 samples before it, 576 in all. Fed
 * without them the network runs too, and answers worse.
 * Input `input` [1, 576], `state` [2, 1, 128], `sr`; output [1, 1] and the next state. One run costs about 0.2 ms.
 *
 * Probabilities become spans as in its makers' own utilities: speech begins above 0.5 and goes on until it stays
 * below 0.35, shorter pauses are bridged, shorter bursts dropped. The network is not made for levels far below a
 * usual one, so it hears the clip at a peak of −6 dBFS.
 */
import { resample } from '../audio/resample.js'
import type { SpeechDetector } from '../detector.js'
import { SpeechError } from '../errors.js'
import type { DetectorManifest, ModelFiles } from '../manifest.js'
import type { Interrupt } from '../recognizer.js'
import { Tensor, type OpenSession, type Session } from '../runtime/session.js'
import type { SpeechActivity, TimeSpan, Waveform } from '../types.js'

const SAMPLE_RATE = 16_000
const WINDOW = 512
const CONTEXT = 64
const STATE_SHAPE = [2, 1, 128]
const PEAK = 0.5
const HOP_SECONDS = WINDOW / SAMPLE_RATE
/** Speech begins above, and ends when it stays below the second. */
const BEGIN = 0.5
const END = 0.35
const PAUSE_SECONDS = 0.3
const LEAST_SPEECH_SECONDS = 0.06
/** The most probable window of real speech has 0.85 and more, of noise nearly always less than 0.6: in between lies doubt. */
const SURE = 0.8

export async function load(manifest: DetectorManifest, files: ModelFiles, open: OpenSession): Promise<SpeechDetector> {
  const session = await open(await files.read('graph'), { fixedShapes: true })
  const missing = [...['input', 'state', 'sr'].filter((name) => !session.inputs.has(name)), ...['output', 'stateN'].filter((name) => !session.outputs.includes(name))]
  if (missing.length > 0) throw new SpeechError('MODEL_INVALID', `${manifest.name}: the graph has no ${missing.join(', ')}`)
  return {
    name: manifest.name,
    detect: async (waveform, _frames, interrupt) => asActivity(await probabilities(session, resample(waveform, SAMPLE_RATE), interrupt)),
    dispose: () => session.release(),
  }
}

/** One probability for each window; the last is filled up with silence. */
async function probabilities(session: Session, { samples }: Waveform, interrupt: Interrupt): Promise<Float32Array> {
  const found = new Float32Array(Math.ceil(samples.length / WINDOW))
  const gain = PEAK / samples.reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 1e-9)
  const sampleRate = new Tensor('int64', BigInt64Array.of(BigInt(SAMPLE_RATE)), [])
  let state = new Tensor('float32', new Float32Array(STATE_SHAPE.reduce((a, b) => a * b)), STATE_SHAPE)
  for (let index = 0; index < found.length; index++) {
    interrupt()
    const from = index * WINDOW - CONTEXT
    const input = Float32Array.from({ length: CONTEXT + WINDOW }, (_, n) => gain * (samples[from + n] ?? 0)) // [1, 576]
    const out = await session.run({ input: new Tensor('float32', input, [1, input.length]), state, sr: sampleRate })
    found[index] = (out.output!.data as Float32Array)[0]!
    state = out.stateN as typeof state
  }
  return found
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
