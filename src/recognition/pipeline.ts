/**
 * Upload bytes → Report, top to bottom: the one road that every request takes inside a worker.
 *
 * The raw signal is measured before anything is changed: normalization exists to hide level differences, drift
 * detection to see them. When nobody spoke the model is not run and the answer says why it is empty.
 */
import { hasVoice, type SpokenClip } from './segmentation/cut-clips.js'
import { decodeAudio } from '../audio/decode.js'
import { measureLevel } from '../audio/level/loudness.js'
import { measureQuality } from '../audio/level/quality.js'
import { resample } from '../audio/signal/resample.js'
import { asHeard, firstToHear, hearingsOf, settle, shapeForBoth, summarize, type Answer, type Cascade } from './cascade.js'
import { describeFrames } from './features/acoustics.js'
import { describeTimbre } from './features/timbre.js'
import { hear, type Heard, type HearingOptions } from './redecoding.js'
import type { Recognizer } from './recognizer.js'
import { composeReport } from './report.js'
import { findSpeech, reconsider, type Measured, type Speech, type SpeechOptions } from './segmentation/find-speech.js'
import { startStopwatch, type Stopwatch } from '../domain/stage-timer.js'
import type { ChannelChoice, HeaderlessFormat } from '../domain/audio.js'
import type { Report } from '../domain/report.js'

export interface TranscribeOptions extends SpeechOptions {
  /** ISO 639-1; undefined lets a multilingual model detect it. */
  readonly language: string | undefined
  /** Longer uploads are refused with AUDIO_TOO_LONG. */
  readonly maxAudioSeconds: number
  /** Default: all channels mixed. */
  readonly channel?: ChannelChoice | undefined
  /** How samples without a container are to be read. */
  readonly headerless?: HeaderlessFormat | undefined
  readonly disabledCodecs?: readonly string[]
  /** How often a doubtful clip is heard at most. */
  readonly maxHearings: number
  /** Several transcripts, or those that are expected: what is wished for of a recognizer. */
  readonly searchFor?: HearingOptions['searchFor']
  /** Whether segments are to say when their words were said; no by default. */
  readonly words?: boolean
  /** A larger model for what the recognizer doubts; the recognizer then hears a clip once. */
  readonly cascade?: Cascade | undefined
  /** Called between the pieces of the work; other jobs of the process may run before it resolves. Default: nothing. */
  readonly pause?: (() => Promise<void>) | undefined
  /** Told how long the audio is, as soon as that is known. */
  readonly onDecoded?: (audioSeconds: number) => void
}

interface PausableOptions extends TranscribeOptions {
  readonly pause: () => Promise<void>
}

/** Transcribes one upload. Throws SpeechError: AUDIO_*, LANGUAGE_UNSUPPORTED, REQUEST_INVALID, or what `interrupt` throws. */
export async function transcribe(bytes: Uint8Array, recognizer: Recognizer, given: TranscribeOptions): Promise<Report> {
  const { cascade, pause = async () => undefined } = given
  const options: PausableOptions = { ...given, pause }
  const first = firstToHear(recognizer, cascade, options.language)
  const stopwatch = startStopwatch()
  const recording = await stopwatch.timeAsync('audio_decode', () => decodeAudio(bytes, { ...options, maxSeconds: options.maxAudioSeconds }))
  await pause()
  const audioSeconds = recording.waveform.samples.length / recording.waveform.sampleRate
  options.onDecoded?.(audioSeconds)
  options.interrupt()
  const level = stopwatch.time('measure', () => measureLevel(recording.waveform))
  await pause()
  const waveform = stopwatch.time('resample', () => resample(recording.waveform, recognizer.sampleRate))
  await pause()
  const frames = stopwatch.time('features', () => describeFrames(waveform))
  await pause()
  const measured: Measured = { waveform, frames, level }
  const found = await findSpeech(measured, shapeForBoth(recognizer, cascade), options, stopwatch)
  const heard = await hearAll(found, first, { ...options, maxHearings: hearingsOf(first, cascade, options.maxHearings) }, stopwatch)
  const believed = await reconsider(found, heard, measured, options, stopwatch)
  // What nobody said is not heard by a larger model either.
  const answers = believed.nothing === null ? await settleAll(believed, heard, recognizer, options, stopwatch) : heard.map((one) => asHeard(one, cascade))
  const speech = await reconsider(believed, answers, measured, options, stopwatch)
  const quality = stopwatch.time('measure', () => measureQuality({ level, frames, activity: speech.activity, format: recording.format, audioSeconds }))
  const timbre = stopwatch.time('measure', () => describeTimbre(frames, speech.activity.spans))
  return composeReport({
    recording, level, quality, timbre, audioSeconds, speech, recognizer, options, stopwatch,
    heard: speech.nothing === null ? answers : [],
    hearings: answers.reduce((sum, { hearings }) => sum + hearings, 0),
    cascade: summarize(answers, cascade),
  })
}

async function hearAll(speech: Speech, recognizer: Recognizer, options: PausableOptions, stopwatch: Stopwatch): Promise<Heard[]> {
  const heard: Heard[] = []
  for (const clip of speech.clips) {
    await options.pause()
    options.interrupt()
    heard.push(await hear(clip, recognizer, hearingOf(clip, speech, options, stopwatch)))
  }
  return heard
}

async function settleAll(speech: Speech, heard: readonly Heard[], small: Recognizer, options: PausableOptions, stopwatch: Stopwatch): Promise<Answer[]> {
  const answers: Answer[] = []
  for (const [index, clip] of speech.clips.entries()) {
    if (index > 0) await options.pause()
    answers.push(await settle(clip, heard[index]!, small, options.cascade, hearingOf(clip, speech, options, stopwatch)))
  }
  return answers
}

function hearingOf(clip: SpokenClip, { activity }: Speech, options: PausableOptions, stopwatch: Stopwatch): HearingOptions {
  return {
    language: options.language,
    mustSpeak: activity.verdict === 'speech' && hasVoice(clip.voice, activity),
    words: options.words ?? false,
    maxHearings: options.maxHearings,
    surround: options.trimSilence,
    searchFor: options.searchFor,
    interrupt: options.interrupt,
    pause: options.pause,
    stopwatch,
  }
}
