/**
 * Waveform → the clips that the model will hear, or the reason why there are none.
 *
 * The detectors say where somebody speaks, `recognition/segmentation/cut-clips.ts` cuts that out, and the volume is set by the loudness of
 * the voice alone, so that neither the silence nor the noise around it moves the gain.
 */
import { extentOf, spokenClips, stretchOf, wholeClips, type SpokenClip } from './cut-clips.js'
import { measureLoudness, normalizeVolume, removeOffset } from '../../audio/level/loudness.js'
import type { SpeechDetector, SpeechDetectors } from './detector.js'
import type { Heard } from '../redecoding.js'
import { meanLogProbability } from '../../domain/log-probability.js'
import type { Interrupt } from '../recognizer.js'
import type { StageTimer } from '../../domain/stage-timer.js'
import type { FrameFeatures, Level, SpeechActivity, Waveform } from '../../domain/audio.js'
import type { NoSpeechReason } from '../../domain/report.js'

/** What the clips are cut for: how long one may be, and the silence that will stand around a voice. */
export interface ClipShape {
  readonly maxSeconds: number
  readonly hearing: { readonly leadSeconds: readonly number[]; readonly trailSeconds: number }
}

export interface SpeechOptions {
  readonly detectors: SpeechDetectors
  readonly trimSilence: boolean
  readonly normalizeVolume: boolean
  /** Loudness of the voice after normalization; the one that was measured best when absent. */
  readonly targetLufs?: number
  readonly interrupt: Interrupt
}

/** An upload at the rate of the model, and what was measured in it. */
export interface Measured {
  readonly waveform: Waveform
  readonly frames: FrameFeatures
  /** Of the upload as it came. */
  readonly level: Level
}

export interface Speech {
  readonly activity: SpeechActivity
  /** Whether the second detector has been asked already. */
  readonly secondAsked: boolean
  /** In the order of time; empty exactly when `nothing` says why. */
  readonly clips: readonly SpokenClip[]
  readonly nothing: NoSpeechReason | null
}

/** Four steps of 16-bit audio: a voice below is more rounding than voice. */
const TOO_QUIET_PEAK_DBFS = -78
/** A mean log-probability below this is what models write over noise; single words have it too, one in eight. */
const HARDLY_BELIEVED = -1.5

const NO_ACTIVITY: SpeechActivity = { startSeconds: 0, hopSeconds: 0.01, speech: new Float32Array(0), spans: [], verdict: 'nothing', visibleRangeDb: 0 }

export async function findSpeech(measured: Measured, shape: ClipShape, options: SpeechOptions, timer: StageTimer): Promise<Speech> {
  const inaudible = nothingAudible(measured)
  if (inaudible !== null) return { activity: NO_ACTIVITY, secondAsked: false, clips: [], nothing: inaudible }
  const { first, second } = options.detectors
  const opinion = await ask(first, measured, options, timer)
  const secondAsked = opinion.verdict !== 'speech' && second !== undefined
  const activity = secondAsked ? await ask(second, measured, options, timer) : opinion
  if (options.trimSilence && activity.verdict === 'nothing') return { activity, secondAsked, clips: [], nothing: 'no_speech_detected' }
  const clips = timer.time('trim', () => cut(measured, activity, shape, options))
  return { activity, secondAsked, clips: timer.time('normalize', () => levelClips(clips, measured, activity, options)), nothing: null }
}

/** The same speech, or none: words that the model itself hardly believes are taken back where the second detector hears nobody. */
export async function reconsider(speech: Speech, heard: readonly Heard[], measured: Measured, options: SpeechOptions, timer: StageTimer): Promise<Speech> {
  const { second } = options.detectors
  if (second === undefined || speech.secondAsked || !options.trimSilence || heard.length === 0) return speech
  if (meanLogProbability(heard.flatMap(({ hypothesis }) => hypothesis.logProbabilities)) >= HARDLY_BELIEVED) return speech
  const activity = await ask(second, measured, options, timer)
  return activity.verdict === 'nothing' ? { activity, secondAsked: true, clips: [], nothing: 'no_speech_detected' } : { ...speech, secondAsked: true }
}

function ask(detector: SpeechDetector, { waveform, frames }: Measured, { interrupt }: SpeechOptions, timer: StageTimer): Promise<SpeechActivity> {
  return timer.timeAsync('detect', () => detector.detect(waveform, frames, interrupt))
}

function nothingAudible({ waveform: { samples }, level }: Measured): NoSpeechReason | null {
  if (samples.length === 0) return 'no_samples'
  if (level.peakDbfs === null) return 'digital_silence'
  return level.loudnessLufs === null || level.peakDbfs < TOO_QUIET_PEAK_DBFS ? 'too_quiet' : null
}

function cut({ waveform, frames }: Measured, activity: SpeechActivity, { hearing, maxSeconds }: ClipShape, { trimSilence }: SpeechOptions): SpokenClip[] {
  if (!trimSilence) return wholeClips(waveform, frames, maxSeconds)
  return spokenClips(waveform, activity, frames, { maxSeconds, leadSeconds: Math.max(...hearing.leadSeconds), trailSeconds: hearing.trailSeconds })
}

/** One gain: the one that the voice needs, whatever is around it. Where a clip has less room under the ceiling, less. */
function levelClips(clips: readonly SpokenClip[], { waveform, level }: Measured, activity: SpeechActivity, options: SpeechOptions): SpokenClip[] {
  const voice = extentOf(activity)
  const voiceLevel = voice === null ? level : measureLoudness(stretchOf(waveform, voice))
  return clips.map((clip) => ({
    ...clip,
    waveform: options.normalizeVolume ? normalizeVolume(clip.waveform, voiceLevel, options.targetLufs) : removeOffset(clip.waveform, voiceLevel),
  }))
}
