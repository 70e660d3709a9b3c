/**
 * Waveform → the clips that the model will decode, or the reason why there are none.
 *
 * The detectors find speech, `cut-clips.ts` cuts it out, and the volume is set by the loudness of the speech alone, so
 * that neither the silence nor the noise around it changes the gain.
 */
import { measureLoudness, normalizeVolume, removeOffset } from '../../audio/level/loudness.js'
import { resample } from '../../audio/signal/resample.js'
import type { SpeechActivity, Waveform } from '../../domain/audio.js'
import type { NoSpeechReason } from '../../domain/report.js'
import type { StageTimer } from '../../domain/stage-timer.js'
import { describeFrames } from '../features/acoustics.js'
import type { Interrupt } from '../recognizer.js'
import type { Segmentation, Signal } from '../stages.js'
import { extentOf, hasSpeech, spokenClips, stretchOf, wholeClips, type SpokenClip } from './cut-clips.js'
import type { SpeechDetector, SpeechDetectors } from './detector.js'
import { inForeground } from './foreground.js'
import { findLoneWord } from './lone-word.js'

/** What clips are cut for: the longest one, and the padding that each will get. */
export interface ClipShape {
  readonly maxSeconds: number
  readonly padding: { readonly leadingSeconds: readonly number[]; readonly trailingSeconds: number }
}

export interface SpeechOptions {
  readonly detectors: SpeechDetectors
  readonly trimSilence: boolean
  readonly normalizeVolume: boolean
  /** Loudness of the speech after normalization; absent: the default, which was best in measurements. */
  readonly targetLufs?: number
  readonly interrupt: Interrupt
}

/** Four quantization steps of 16-bit audio; quieter speech is mostly rounding noise. */
const TOO_QUIET_PEAK_DBFS = -78

/** Hz, of a channel in which speech is looked for. */
const DETECTION_RATE = 16_000

const NO_ACTIVITY: SpeechActivity = {
  startSeconds: 0, hopSeconds: 0.01, speech: new Float32Array(0), spans: [], verdict: 'nothing', visibleRangeDb: 0,
}

/** Rejects with what `interrupt` throws. */
export async function findSpeech(
  signal: Signal, shape: ClipShape, options: SpeechOptions, timer: StageTimer,
): Promise<Segmentation> {
  const inaudible = inaudibleReason(signal)
  if (inaudible !== null) {
    return { activity: NO_ACTIVITY, secondDetectorAsked: false, clips: [], noSpeechReason: inaudible }
  }
  const { first, second } = options.detectors
  const firstOpinion = await detect(first, signal, options, timer)
  const secondDetectorAsked = firstOpinion.verdict !== 'speech' && second !== undefined
  const opinion = secondDetectorAsked ? await detect(second, signal, options, timer) : firstOpinion
  const { activity, waveform } = timer.time('trim', () => mainSpeaker(signal, opinion, options))
  const heard = { ...signal, waveform }
  const found = { activity, secondDetectorAsked, ...speechProbabilityOf(activity) }
  if (options.trimSilence && activity.verdict === 'nothing') {
    return { ...found, clips: [], noSpeechReason: 'no_speech_detected' }
  }
  const clips = timer.time('trim', () => cut(heard, activity, shape, options))
  const levelled = timer.time('normalize', () => levelClips(clips, heard, activity, options))
  return { ...found, clips: levelled, noSpeechReason: null }
}

/** The speech without background talk. Around a lone word nothing is left that could hide its ends. */
function mainSpeaker(
  { waveform, frames, level }: Signal, activity: SpeechActivity, { trimSilence }: SpeechOptions,
): Pick<Signal, 'waveform'> & { activity: SpeechActivity } {
  // An offset would become a knock where the level changes.
  const word = trimSilence ? findLoneWord(() => removeOffset(waveform, level), frames) : null
  return word !== null && hasSpeech(word.span, activity)
    ? { activity: { ...activity, spans: [word.span], visibleRangeDb: Infinity }, waveform: word.waveform }
    : { activity: inForeground(activity, frames), waveform }
}

/** Rejects with what `interrupt` throws. */
export function detect(
  detector: SpeechDetector, { waveform, frames }: Signal, { interrupt }: SpeechOptions, timer: StageTimer,
): Promise<SpeechActivity> {
  return timer.timeAsync('detect', () => detector.detect(waveform, () => frames, interrupt))
}

/** Finds speech in one channel of an upload, at any sample rate, with the more accurate detector. */
export function channelDetector(
  { detectors: { first, second = first }, interrupt }: SpeechOptions,
): (channel: Waveform) => Promise<SpeechActivity> {
  return (channel) => {
    const waveform = resample(channel, DETECTION_RATE)
    return second.detect(waveform, () => describeFrames(waveform), interrupt)
  }
}

export function speechProbabilityOf({ speechProbability }: SpeechActivity): Pick<Segmentation, 'speechProbability'> {
  return speechProbability === undefined ? {} : { speechProbability }
}

function inaudibleReason({ waveform: { samples }, level }: Signal): NoSpeechReason | null {
  if (samples.length === 0) return 'no_samples'
  if (level.peakDbfs === null) return 'digital_silence'
  return level.loudnessLufs === null || level.peakDbfs < TOO_QUIET_PEAK_DBFS ? 'too_quiet' : null
}

function cut(
  { waveform, frames }: Signal, activity: SpeechActivity, { padding, maxSeconds }: ClipShape,
  { trimSilence }: SpeechOptions,
): SpokenClip[] {
  if (!trimSilence) return wholeClips(waveform, frames, maxSeconds)
  const leadingSeconds = Math.max(...padding.leadingSeconds)
  const limits = { maxSeconds, leadingSeconds, trailingSeconds: padding.trailingSeconds }
  return spokenClips(waveform, activity, frames, limits)
}

/** One gain for all clips, set by the loudness of the speech; lower where the peaks of a clip limit it. */
function levelClips(
  clips: readonly SpokenClip[], { waveform, level }: Signal, activity: SpeechActivity, options: SpeechOptions,
): SpokenClip[] {
  const speech = extentOf(activity)
  const speechLevel = speech === null ? level : measureLoudness(stretchOf(waveform, speech))
  return clips.map((clip) => ({
    ...clip,
    waveform: options.normalizeVolume
      ? normalizeVolume(clip.waveform, speechLevel, options.targetLufs)
      : removeOffset(clip.waveform, speechLevel),
  }))
}
