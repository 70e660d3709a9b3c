/**
 * Upload bytes → Report, top to bottom: the one road that every request takes inside a worker.
 *
 * The raw signal is measured before anything is changed: normalization exists to hide level differences, drift
 * detection to see them. When nobody spoke the model is not run and the answer says why it is empty.
 */
import { decodeAudio } from './audio/decode.js'
import { measureLevel, normalizeVolume } from './audio/loudness.js'
import { resample } from './audio/resample.js'
import { findSpeech, type SpeechSpan } from './audio/silence.js'
import { describeFrames } from './features/acoustics.js'
import type { Interrupt, Recognizer } from './recognizer.js'
import { composeReport } from './report.js'
import { SpeechError } from './errors.js'
import { startStopwatch, type Stopwatch } from './stopwatch.js'
import type { ChannelChoice, Clip, HeaderlessFormat, Hypothesis, Report } from './types.js'

export interface TranscribeOptions {
  /** ISO 639-1; undefined lets a multilingual model detect it. */
  readonly language: string | undefined
  /** Longer uploads are refused with AUDIO_TOO_LONG. */
  readonly maxAudioSeconds: number
  /** Default: all channels mixed. */
  readonly channel?: ChannelChoice | undefined
  /** How samples without a container are to be read. */
  readonly headerless?: HeaderlessFormat | undefined
  readonly disabledCodecs?: readonly string[]
  readonly normalizeVolume: boolean
  readonly trimSilence: boolean
  readonly interrupt: Interrupt
}

/** One clip with what was heard in it. */
export interface Heard { readonly clip: Clip; readonly hypothesis: Hypothesis }

/** Transcribes one upload. Throws SpeechError: AUDIO_*, LANGUAGE_UNSUPPORTED, or what `interrupt` throws. */
export async function transcribe(bytes: Uint8Array, recognizer: Recognizer, options: TranscribeOptions): Promise<Report> {
  checkLanguage(recognizer, options.language)
  const stopwatch = startStopwatch()
  const recording = await stopwatch.timeAsync('audio_decode', () => decodeAudio(bytes, { ...options, maxSeconds: options.maxAudioSeconds }))
  const level = stopwatch.time('measure', () => measureLevel(recording.waveform))
  const levelled = stopwatch.time('normalize', () => options.normalizeVolume ? normalizeVolume(recording.waveform, level) : recording.waveform)
  const waveform = stopwatch.time('resample', () => resample(levelled, recognizer.sampleRate))
  const frames = stopwatch.time('features', () => describeFrames(waveform))
  const speech = stopwatch.time('trim', () => findSpeech(waveform, frames, level, { trim: options.trimSilence, maxClipSeconds: recognizer.maxSeconds }))
  const heard = await recognizeAll(speech, recognizer, options, stopwatch)
  return composeReport({ recording, level, speech, heard, recognizer, options, stopwatch })
}

async function recognizeAll(speech: SpeechSpan, recognizer: Recognizer, options: TranscribeOptions, stopwatch: Stopwatch): Promise<Heard[]> {
  const heard: Heard[] = []
  for (const clip of speech.clips) {
    options.interrupt()
    const hypothesis = await recognizer.recognize(clip, {
      language: options.language,
      mustSpeak: speech.certain,
      interrupt: options.interrupt,
      stopwatch,
    })
    heard.push({ clip, hypothesis })
  }
  return heard
}

function checkLanguage(recognizer: Recognizer, language: string | undefined): void {
  if (language === undefined || recognizer.languages.includes(language)) return
  const known = recognizer.languages.slice(0, 12).join(', ')
  throw new SpeechError('LANGUAGE_UNSUPPORTED', `${recognizer.name} knows ${known}${recognizer.languages.length > 12 ? ', …' : ''}, not "${language.slice(0, 20)}"`, { parameter: 'language' })
}
