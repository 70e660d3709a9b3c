/**
 * Upload bytes → Report: what happens to every request inside a worker, top to bottom.
 *
 * The raw signal is measured before anything is changed: normalization exists to hide level differences, drift
 * detection to see them. When no speech is found, the model does not run and the report says why the text is empty.
 */
import { decodeAudio } from '../audio/decode.js'
import { measureLevel } from '../audio/level/loudness.js'
import { measureQuality } from '../audio/level/quality.js'
import { resample } from '../audio/signal/resample.js'
import type { Report } from '../domain/report.js'
import { startStageTimer, type StageTimer } from '../domain/stage-timer.js'
import {
  escalate, escalatedByLanguage, notEscalated, primaryModel, primaryPasses, shapeForBoth,
} from './cascade.js'
import { correctnessOfTranscript } from './confidence/cascade-correctness.js'
import { scoreLabel } from './label-scores.js'
import { describeFrames } from './features/acoustics.js'
import { describeTimbre } from './features/timbre.js'
import type { TranscribeOptions } from './options.js'
import type { Recognizer } from './recognizer.js'
import { decodeClip, type DecodeOptions } from './redecoding.js'
import { composeReport } from './report.js'
import { hasSpeech, type SpokenClip } from './segmentation/cut-clips.js'
import { channelDetector, findSpeech } from './segmentation/find-speech.js'
import type { ClipTranscript, Decoded, Labelled, Measured, Segmented, Vetted } from './stages.js'
import { isSpeechCertain, vet, type VettingOptions } from './vetting.js'

/** What stays the same for all stages of one request. */
interface Request {
  readonly options: TranscribeOptions & { readonly pause: () => Promise<void> }
  /** The requested model, and the one that decodes first. */
  readonly recognizer: Recognizer
  readonly primary: Recognizer
  readonly timer: StageTimer
}

/** Transcribes one upload. Rejects with AUDIO_*, LANGUAGE_UNSUPPORTED, REQUEST_INVALID, or what `interrupt` throws. */
export async function transcribe(bytes: Uint8Array, recognizer: Recognizer, given: TranscribeOptions): Promise<Report> {
  const options = { ...given, pause: given.pause ?? (async () => undefined) }
  const primary = primaryModel(recognizer, options.cascade, options)
  const request: Request = { options, recognizer, primary, timer: startStageTimer() }
  const measured = await measure(bytes, request)
  const segmented = await segment(measured, request)
  const decoded = await decode(segmented, request)
  const vetted = await vet(decoded, vettingOptionsOf(request), request.timer)
  return report(await scoreLabelOf(await escalateDoubtful(vetted, request), request), request)
}

async function measure(bytes: Uint8Array, { options, recognizer, timer }: Request): Promise<Measured> {
  const { pause, maxAudioSeconds: maxSeconds } = options
  const detectSpeech = channelDetector(options)
  const recording = await timer.timeAsync('audio_decode', () =>
    decodeAudio(bytes, { ...options, maxSeconds, detectSpeech }))
  await pause()
  const { samples, sampleRate } = recording.waveform
  const audioSeconds = samples.length / sampleRate
  options.onDecoded?.(audioSeconds)
  options.interrupt()
  const level = timer.time('measure', () => measureLevel(recording.waveform))
  await pause()
  const waveform = timer.time('resample', () => resample(recording.waveform, recognizer.sampleRate))
  await pause()
  const frames = timer.time('features', () => describeFrames(waveform))
  await pause()
  return { recording, audioSeconds, level, waveform, frames }
}

async function segment(measured: Measured, { options, recognizer, timer }: Request): Promise<Segmented> {
  return { ...measured, ...await findSpeech(measured, shapeForBoth(recognizer, options.cascade), options, timer) }
}

async function decode(segmented: Segmented, request: Request): Promise<Decoded> {
  const { options, primary } = request
  const isLarger = primary === options.cascade?.recognizer
  const passes = primaryPasses(primary, options.cascade, options.maxDecodingPasses)
  const transcripts: ClipTranscript[] = []
  for (const clip of segmented.clips) {
    await options.pause()
    options.interrupt()
    const transcript = await decodeClip(clip, primary, decodeOptionsOf(clip, segmented, request, passes))
    transcripts.push(isLarger ? escalatedByLanguage(transcript) : transcript)
  }
  return { ...segmented, transcripts }
}

/** With a cascade, doubtful clips are decoded by the larger model; it is skipped when no speech was found. */
async function escalateDoubtful(vetted: Vetted, request: Request): Promise<Vetted> {
  const { options, recognizer, timer } = request
  const { cascade } = options
  if (cascade === undefined || vetted.clips.length === 0) return vetted
  const isCertain = isSpeechCertain(vetted)
  const transcripts: ClipTranscript[] = []
  for (const [index, transcript] of vetted.transcripts.entries()) {
    if (!isCertain && transcript.escalation === null && !vetted.accepted.includes(transcript)) {
      transcripts.push(notEscalated(transcript))
      continue
    }
    if (index > 0) await options.pause()
    const decodeOptions = decodeOptionsOf(transcript.clip, vetted, request, options.maxDecodingPasses)
    transcripts.push(await escalate(transcript, recognizer, cascade, decodeOptions))
  }
  return vet({ ...vetted, transcripts, noSpeechReason: null }, vettingOptionsOf(request), timer)
}

/** Only where one clip is all of the upload: a label does not say which of its words belong to which clip. */
async function scoreLabelOf(vetted: Vetted, { options: { label } }: Request): Promise<Labelled> {
  const [only, ...others] = vetted.accepted
  if (label === undefined || only?.hypothesis.rescore === undefined || others.length > 0) return vetted
  return { ...vetted, labelDifferences: await scoreLabel(only.hypothesis, label) }
}

function vettingOptionsOf({ options, recognizer }: Request): VettingOptions {
  const larger = options.cascade?.recognizer
  return {
    ...options, correctnessOf: (transcript) => correctnessOfTranscript(recognizer.calibration, larger, transcript),
  }
}

function decodeOptionsOf(
  { speech }: SpokenClip, { activity }: Segmented, { options, timer }: Request, maxDecodingPasses: number,
): DecodeOptions {
  return {
    maxDecodingPasses,
    language: options.language,
    languages: options.languages ?? [],
    expectSpeech: activity.verdict === 'speech' && hasSpeech(speech, activity),
    words: options.words ?? false,
    tokenLogProbabilities: options.tokenLogProbabilities ?? false,
    rescorable: options.label !== undefined,
    isAlone: options.isAlone ?? false,
    pad: options.trimSilence,
    beamFor: options.beamFor,
    interrupt: options.interrupt,
    pause: options.pause,
    timer,
  }
}

function report(vetted: Labelled, { options, recognizer, timer }: Request): Report {
  const { recording: { format }, level, frames, activity, audioSeconds } = vetted
  const quality = timer.time('measure', () => measureQuality({ level, frames, activity, format, audioSeconds }))
  const timbre = timer.time('measure', () => describeTimbre(frames, activity.spans))
  return composeReport({ ...vetted, quality, timbre }, recognizer, options, timer.seconds)
}
