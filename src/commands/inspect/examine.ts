/**
 * Runs a clip through the pipeline, and computes what a picture needs besides the report: the signal and its speech
 * activity, both before any processing.
 */
import { decodeAudio } from '../../audio/decode.js'
import { measureLevel } from '../../audio/level/loudness.js'
import { resample } from '../../audio/signal/resample.js'
import { describeFrames } from '../../recognition/features/acoustics.js'
import type { TranscribeOptions } from '../../recognition/options.js'
import { transcribe } from '../../recognition/pipeline.js'
import type { Recognizer } from '../../recognition/recognizer.js'
import { findSpeech } from '../../recognition/segmentation/find-speech.js'
import { startStageTimer } from '../../domain/stage-timer.js'
import type { SpeechActivity, Waveform } from '../../domain/audio.js'
import type { Report } from '../../domain/report.js'

/** Everything that is shown of a clip. */
export interface Examination {
  /** What the clip is called in the picture. */
  readonly name: string
  readonly report: Report
  /** At the rate of the model. */
  readonly waveform: Waveform
  /** Of the detector whose result was used. */
  readonly activity: SpeechActivity
}

export async function examine(
  name: string, bytes: Uint8Array, recognizer: Recognizer, options: TranscribeOptions,
): Promise<Examination> {
  const report = await transcribe(bytes, recognizer, options)
  const { waveform: uploaded } = await decodeAudio(bytes, { ...options, maxSeconds: options.maxAudioSeconds })
  const waveform = resample(uploaded, recognizer.sampleRate)
  const measured = { waveform, frames: describeFrames(waveform), level: measureLevel(uploaded) }
  const { activity } = await findSpeech(measured, recognizer, options, startStageTimer())
  // If all words were rejected as hallucinations, the report has no speech; the curve still shows what was detected.
  const isRejected = report.input.speechRatio === 0
  return { name, report, waveform, activity: isRejected ? { ...activity, spans: [] } : activity }
}
