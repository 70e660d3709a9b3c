/**
 * An upload as the service hears it: measured, cut and decoded by the same functions in the same order as in
 * `recognition/pipeline.ts`, with every decoding pass kept. An attempt replaces the hypothesis of a clip; what follows
 * in the service, vetting and spelling, follows here as well.
 */
import { decodeAudio } from '../../../src/audio/decode.js'
import { measureLevel, measureLoudness, normalizeVolume } from '../../../src/audio/level/loudness.js'
import { resample } from '../../../src/audio/signal/resample.js'
import type { SpeechActivity, Waveform } from '../../../src/domain/audio.js'
import { REQUEST_DEFAULTS } from '../../../src/domain/request.js'
import { startStageTimer } from '../../../src/domain/stage-timer.js'
import type { Hypothesis } from '../../../src/domain/transcript.js'
import { describeFrames } from '../../../src/recognition/features/acoustics.js'
import { formatText } from '../../../src/recognition/formatting/format-transcript.js'
import type { TranscribeOptions } from '../../../src/recognition/options.js'
import { correctnessOfTranscript } from '../../../src/recognition/confidence/cascade-correctness.js'
import type { RecognizeOptions, Recognizer } from '../../../src/recognition/recognizer.js'
import { beyondMargin, decodeClip, isConfident } from '../../../src/recognition/redecoding.js'
import {
  extentOf, hasSpeech, padClip, stretchOf, type PaddedClip, type SpokenClip,
} from '../../../src/recognition/segmentation/cut-clips.js'
import type { SpeechDetectors } from '../../../src/recognition/segmentation/detector.js'
import { findSpeech } from '../../../src/recognition/segmentation/find-speech.js'
import type { ClipTranscript, Decoded } from '../../../src/recognition/stages.js'
import { vet } from '../../../src/recognition/vetting.js'
import { SERVED } from '../../harness/recognizers.js'
import type { RememberingRecognizer } from '../remembering.js'

/** What a decode may be asked besides. */
export type Asked = Pick<RecognizeOptions, 'beam' | 'rescorable' | 'words'>

export interface Timed { readonly hypothesis: Hypothesis; readonly seconds: number }

/** One clip after all its passes in the service. */
export interface HeardClip {
  readonly clip: SpokenClip
  /** In the order in which they were decoded. */
  readonly passes: readonly Hypothesis[]
  /** What the service takes. */
  readonly best: Hypothesis
  /** It was decoded as often as it may be, and no pass is clear. */
  readonly isDoubtful: boolean
  /** The model has no doubt. */
  isClear(hypothesis: Hypothesis): boolean
  readonly upload: Waveform
  readonly activity: SpeechActivity
  /** Share of the samples of the upload. */
  readonly clippedRatio: number
  /** The same stretch of an upload that was changed, at the loudness of the service. */
  recut(upload: Waveform): SpokenClip
  pad(clip: SpokenClip, leadingSeconds: number, trailingSeconds?: number): PaddedClip
  /** The paddings of the passes, in their order, and what they have beyond those of the model. */
  readonly leadingSeconds: readonly number[]
  readonly beyondSeconds: number
  /** Of all passes. */
  readonly passSeconds: number
  decode(padded: PaddedClip, asked?: Asked): Promise<Timed>
}

export interface Heard {
  readonly clips: readonly HeardClip[]
  readonly audioSeconds: number
  /** What the service would need for it. */
  readonly seconds: number
  /** The text of the answer where the clips have these hypotheses. */
  textOf(hypotheses: readonly Hypothesis[]): Promise<string>
}

export async function hear(wav: Uint8Array, recognizer: RememberingRecognizer): Promise<Heard> {
  const options: TranscribeOptions = { ...SERVED, detectors: askedOnce(SERVED.detectors) }
  const timer = startStageTimer()
  const since = performance.now()
  const recording = await decodeAudio(wav, { ...options, maxSeconds: options.maxAudioSeconds })
  const level = measureLevel(recording.waveform)
  const waveform = resample(recording.waveform, recognizer.sampleRate)
  const frames = describeFrames(waveform)
  const signal = { recording, audioSeconds: waveform.samples.length / waveform.sampleRate, level, waveform, frames }
  const segmented = { ...signal, ...await findSpeech(signal, recognizer, options, timer) }
  const { activity } = segmented
  let seconds = (performance.now() - since) / 1000
  const clips: HeardClip[] = []
  const transcripts: ClipTranscript[] = []
  for (const clip of segmented.clips) {
    const decodeOptions = {
      language: options.language, expectSpeech: activity.verdict === 'speech' && hasSpeech(clip.speech, activity),
      interrupt: () => undefined, timer,
    }
    const before = recognizer.decodeSeconds()
    const passes: Hypothesis[] = []
    const transcript = await decodeClip(clip, noting(recognizer, passes), {
      ...decodeOptions, maxDecodingPasses: options.maxDecodingPasses, pad: true, pause: async () => undefined,
    })
    const passSeconds = recognizer.decodeSeconds() - before
    seconds += passSeconds
    transcripts.push(transcript)
    clips.push(heardClip({
      clip, passes, passSeconds, transcript, waveform, activity, recognizer, decodeOptions,
      clippedRatio: level.clippedRatio,
    }))
  }
  const decoded: Decoded = { ...segmented, transcripts }
  return { clips, audioSeconds: signal.audioSeconds, seconds, textOf: async (hypotheses) => {
    const replaced = transcripts.map((transcript, index) => ({ ...transcript, hypothesis: hypotheses[index]! }))
    const correctnessOf = (one: ClipTranscript): number | null =>
      correctnessOfTranscript(recognizer.calibration, undefined, one)
    const { accepted } = await vet({ ...decoded, transcripts: replaced }, { ...options, correctnessOf }, timer)
    return accepted.map(({ hypothesis: { text, language } }) => formatText(text, language, REQUEST_DEFAULTS)).join(' ')
  } }
}

/** A recognizer that writes down what it finds. */
function noting(recognizer: Recognizer, passes: Hypothesis[]): Recognizer {
  return { ...recognizer, async recognize(clip, options) {
    const hypothesis = await recognizer.recognize(clip, options)
    passes.push(hypothesis)
    return hypothesis
  } }
}

interface Parts {
  readonly clip: SpokenClip
  readonly passes: readonly Hypothesis[]
  readonly passSeconds: number
  readonly transcript: ClipTranscript
  readonly waveform: Waveform
  readonly activity: SpeechActivity
  readonly clippedRatio: number
  readonly recognizer: RememberingRecognizer
  readonly decodeOptions: RecognizeOptions
}

function heardClip({ clip, recognizer, decodeOptions, transcript, waveform, ...parts }: Parts): HeardClip {
  const { leadingSeconds, trailingSeconds: ownTrailing, redecodeBelow } = recognizer.padding
  const { passes, activity } = parts
  const speech = extentOf(activity)
  const beyondSeconds = beyondMargin(clip, leadingSeconds)
  const isClear = (one: Hypothesis): boolean => isConfident(one, redecodeBelow)
  return {
    ...parts, clip, best: transcript.hypothesis, upload: waveform, isClear, beyondSeconds,
    leadingSeconds: leadingSeconds.map((leading) => leading + beyondSeconds),
    isDoubtful: passes.length === leadingSeconds.length && !passes.some(isClear),
    recut: (upload) => ({
      ...clip,
      waveform: normalizeVolume(stretchOf(upload, clip), measureLoudness(stretchOf(upload, speech ?? clip))),
    }),
    pad: (own, leading, trailing = ownTrailing) => padClip(own, leading, trailing),
    async decode(padded, asked = {}) {
      const before = recognizer.decodeSeconds()
      const hypothesis = await recognizer.recognize(padded, { ...decodeOptions, ...asked })
      return { hypothesis, seconds: recognizer.decodeSeconds() - before }
    },
  }
}

/** Each attempt is vetted, and the second detector would say the same each time. */
function askedOnce({ first, second }: SpeechDetectors): SpeechDetectors {
  let answer: Promise<SpeechActivity> | undefined
  return {
    first,
    second: second && {
      ...second, detect: (waveform, frames, interrupt) => answer ??= second.detect(waveform, frames, interrupt),
    },
  }
}
