/**
 * Upload bytes → Report, top to bottom: the one road that every request takes inside a worker.
 *
 * The raw signal is measured before anything is changed: normalization exists to hide level differences, drift
 * detection to see them. When nobody spoke the model is not run and the answer says why it is empty.
 */
import { extentOf, spokenClips, stretchOf, wholeClips, type SpokenClip } from './audio/clips.js'
import { decodeAudio } from './audio/decode.js'
import { measureLevel, normalizeVolume, removeOffset } from './audio/loudness.js'
import { resample } from './audio/resample.js'
import type { SpeechDetector, SpeechDetectors } from './detector.js'
import { SpeechError } from './errors.js'
import { describeFrames } from './features/acoustics.js'
import { hear, meanLogProbability, type Heard } from './hearing.js'
import type { Interrupt, Recognizer } from './recognizer.js'
import { composeReport } from './report.js'
import { startStopwatch, type Stopwatch } from './stopwatch.js'
import type { ChannelChoice, FrameFeatures, HeaderlessFormat, Level, NoSpeechReason, Report, SpeechActivity, Waveform } from './types.js'

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
  /** Loudness of the voice after normalization; the one that was measured best when absent. */
  readonly targetLufs?: number
  readonly trimSilence: boolean
  readonly detectors: SpeechDetectors
  /** How often a doubtful clip is heard at most. */
  readonly maxHearings: number
  readonly interrupt: Interrupt
}

/** What was found out about speech before the model ran. */
export interface SpeechFindings {
  readonly activity: SpeechActivity
  readonly clips: readonly SpokenClip[]
  readonly nothing: NoSpeechReason | null
}

/** Four steps of 16-bit audio: a voice below is more rounding than voice. */
const TOO_QUIET_PEAK_DBFS = -78
/** A mean log-probability below this is what models write over noise; single words have it too, one in eight. */
const HARDLY_BELIEVED = -1.5

/** Transcribes one upload. Throws SpeechError: AUDIO_*, LANGUAGE_UNSUPPORTED, or what `interrupt` throws. */
export async function transcribe(bytes: Uint8Array, recognizer: Recognizer, options: TranscribeOptions): Promise<Report> {
  checkLanguage(recognizer, options.language)
  const stopwatch = startStopwatch()
  const recording = await stopwatch.timeAsync('audio_decode', () => decodeAudio(bytes, { ...options, maxSeconds: options.maxAudioSeconds }))
  const level = stopwatch.time('measure', () => measureLevel(recording.waveform))
  const waveform = stopwatch.time('resample', () => resample(recording.waveform, recognizer.sampleRate))
  const frames = stopwatch.time('features', () => describeFrames(waveform))
  const ask = (detector: SpeechDetector): Promise<SpeechActivity> => stopwatch.timeAsync('detect', () => detector.detect(waveform, frames))
  const speech = await findSpeech(waveform, level, frames, ask, recognizer, options, stopwatch)
  const heard = await hearAll(speech, recognizer, options, stopwatch)
  const invented = await isInvented(speech, heard, ask, options)
  return composeReport({
    recording, level, frames, recognizer, options, stopwatch,
    speech: invented ? { ...speech, nothing: 'no_speech_detected' } : speech,
    heard: invented ? [] : heard,
  })
}

async function findSpeech(waveform: Waveform, level: Level, frames: FrameFeatures, ask: (detector: SpeechDetector) => Promise<SpeechActivity>,
  recognizer: Recognizer, options: TranscribeOptions, stopwatch: Stopwatch): Promise<SpeechFindings> {
  const inaudible = nothingAudible(waveform, level)
  if (inaudible !== null) return { activity: NO_ACTIVITY, clips: [], nothing: inaudible }
  const { first, second } = options.detectors
  const opinion = await ask(first)
  const activity = opinion.verdict === 'unsure' && second !== undefined ? await ask(second) : opinion
  if (options.trimSilence && activity.verdict === 'nothing') return { activity, clips: [], nothing: 'no_speech_detected' }
  const maxSeconds = recognizer.maxSeconds - Math.max(...recognizer.hearing.leadSeconds) - recognizer.hearing.trailSeconds
  const cut = stopwatch.time('trim', () => options.trimSilence
    ? spokenClips(waveform, activity, frames, maxSeconds)
    : wholeClips(waveform, frames, recognizer.maxSeconds))
  const clips = stopwatch.time('normalize', () => levelClips(cut, waveform, activity, level, options))
  return { activity, clips, nothing: null }
}

const NO_ACTIVITY: SpeechActivity = { startSeconds: 0, hopSeconds: 0.01, speech: new Float32Array(0), spans: [], verdict: 'nothing', visibleRangeDb: 0 }

function nothingAudible({ samples }: Waveform, level: Level): NoSpeechReason | null {
  if (samples.length === 0) return 'no_samples'
  if (level.peakDbfs === null) return 'digital_silence'
  return level.loudnessLufs === null || level.peakDbfs < TOO_QUIET_PEAK_DBFS ? 'too_quiet' : null
}

/** The gain that the voice needs, whatever is around it. */
function levelClips(clips: readonly SpokenClip[], waveform: Waveform, activity: SpeechActivity, level: Level, options: TranscribeOptions): SpokenClip[] {
  const voice = extentOf(activity)
  const voiceLevel = voice === null ? level : measureLevel(stretchOf(waveform, voice))
  return clips.map((clip) => ({
    ...clip,
    waveform: options.normalizeVolume ? normalizeVolume(clip.waveform, voiceLevel, options.targetLufs) : removeOffset(clip.waveform, voiceLevel),
  }))
}

async function hearAll({ clips, activity }: SpeechFindings, recognizer: Recognizer, options: TranscribeOptions, stopwatch: Stopwatch): Promise<Heard[]> {
  const heard: Heard[] = []
  for (const clip of clips) {
    options.interrupt()
    heard.push(await hear(clip, recognizer, {
      language: options.language,
      mustSpeak: activity.verdict === 'speech',
      maxHearings: options.maxHearings,
      surround: options.trimSilence,
      interrupt: options.interrupt,
      stopwatch,
    }))
  }
  return heard
}

/** Words that the model itself hardly believes, in a clip where the second detector hears nobody. */
async function isInvented({ activity }: SpeechFindings, heard: readonly Heard[], ask: (detector: SpeechDetector) => Promise<SpeechActivity>,
  { detectors: { second }, trimSilence }: TranscribeOptions): Promise<boolean> {
  if (second === undefined || !trimSilence || activity.verdict !== 'speech' || heard.length === 0) return false
  const believed = meanLogProbability(heard.flatMap(({ hypothesis }) => hypothesis.logProbabilities))
  return believed < HARDLY_BELIEVED && (await ask(second)).verdict === 'nothing'
}

function checkLanguage(recognizer: Recognizer, language: string | undefined): void {
  if (language === undefined || recognizer.languages.includes(language)) return
  const known = recognizer.languages.slice(0, 12).join(', ')
  throw new SpeechError('LANGUAGE_UNSUPPORTED', `${recognizer.name} knows ${known}${recognizer.languages.length > 12 ? ', …' : ''}, not "${language.slice(0, 20)}"`, { parameter: 'language' })
}
