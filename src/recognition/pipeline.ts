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
import { asHeard, firstToHear, hearingsOf, settle, shapeForBoth, summarize, type Answer } from './cascade.js'
import { describeFrames } from './features/acoustics.js'
import { describeTimbre } from './features/timbre.js'
import { hear, type Heard, type HearingOptions } from './redecoding.js'
import type { Recognizer } from './recognizer.js'
import type { TranscribeOptions } from './options.js'
import { composeReport } from './report.js'
import { findSpeech, reconsider, type Measured, type Speech } from './segmentation/find-speech.js'
import { startStageTimer, type StageTimer } from '../domain/stage-timer.js'
import type { Report } from '../domain/report.js'

interface PausableOptions extends TranscribeOptions {
  readonly pause: () => Promise<void>
}

/** Transcribes one upload. Throws SpeechError: AUDIO_*, LANGUAGE_UNSUPPORTED, REQUEST_INVALID, or what `interrupt` throws. */
export async function transcribe(bytes: Uint8Array, recognizer: Recognizer, given: TranscribeOptions): Promise<Report> {
  const { cascade, pause = async () => undefined } = given
  const options: PausableOptions = { ...given, pause }
  const first = firstToHear(recognizer, cascade, options.language)
  const timer = startStageTimer()
  const recording = await timer.timeAsync('audio_decode', () => decodeAudio(bytes, { ...options, maxSeconds: options.maxAudioSeconds }))
  await pause()
  const audioSeconds = recording.waveform.samples.length / recording.waveform.sampleRate
  options.onDecoded?.(audioSeconds)
  options.interrupt()
  const level = timer.time('measure', () => measureLevel(recording.waveform))
  await pause()
  const waveform = timer.time('resample', () => resample(recording.waveform, recognizer.sampleRate))
  await pause()
  const frames = timer.time('features', () => describeFrames(waveform))
  await pause()
  const measured: Measured = { waveform, frames, level }
  const found = await findSpeech(measured, shapeForBoth(recognizer, cascade), options, timer)
  const heard = await hearAll(found, first, { ...options, maxDecodingPasses: hearingsOf(first, cascade, options.maxDecodingPasses) }, timer)
  const believed = await reconsider(found, heard, measured, options, timer)
  // What nobody said is not heard by a larger model either.
  const answers = believed.nothing === null ? await settleAll(believed, heard, recognizer, options, timer) : heard.map((one) => asHeard(one, cascade))
  const speech = await reconsider(believed, answers, measured, options, timer)
  const quality = timer.time('measure', () => measureQuality({ level, frames, activity: speech.activity, format: recording.format, audioSeconds }))
  const timbre = timer.time('measure', () => describeTimbre(frames, speech.activity.spans))
  return composeReport({
    recording, level, quality, timbre, audioSeconds, speech, recognizer, options, timer,
    heard: speech.nothing === null ? answers : [],
    hearings: answers.reduce((sum, { hearings }) => sum + hearings, 0),
    cascade: summarize(answers, cascade),
  })
}

async function hearAll(speech: Speech, recognizer: Recognizer, options: PausableOptions, timer: StageTimer): Promise<Heard[]> {
  const heard: Heard[] = []
  for (const clip of speech.clips) {
    await options.pause()
    options.interrupt()
    heard.push(await hear(clip, recognizer, hearingOf(clip, speech, options, timer)))
  }
  return heard
}

async function settleAll(speech: Speech, heard: readonly Heard[], small: Recognizer, options: PausableOptions, timer: StageTimer): Promise<Answer[]> {
  const answers: Answer[] = []
  for (const [index, clip] of speech.clips.entries()) {
    if (index > 0) await options.pause()
    answers.push(await settle(clip, heard[index]!, small, options.cascade, hearingOf(clip, speech, options, timer)))
  }
  return answers
}

function hearingOf(clip: SpokenClip, { activity }: Speech, options: PausableOptions, timer: StageTimer): HearingOptions {
  return {
    language: options.language,
    suppressBlank: activity.verdict === 'speech' && hasVoice(clip.voice, activity),
    words: options.words ?? false,
    maxDecodingPasses: options.maxDecodingPasses,
    surround: options.trimSilence,
    searchFor: options.searchFor,
    interrupt: options.interrupt,
    pause: options.pause,
    timer,
  }
}
