/** Models that return what a test wrote for them, alone and in a cascade. */
import type { Cascade } from '../../src/recognition/cascade.js'
import type { SpeechDetector } from '../../src/recognition/segmentation/detector.js'
import { spectralDetector } from '../../src/recognition/segmentation/detectors/spectral.js'
import type { TranscribeOptions } from '../../src/recognition/options.js'
import { transcribe } from '../../src/recognition/pipeline.js'
import type { RecognizeOptions, Recognizer } from '../../src/recognition/recognizer.js'
import type { Clip } from '../../src/domain/audio.js'
import type { Report } from '../../src/domain/report.js'
import type { Hypothesis } from '../../src/domain/transcript.js'
import { wavOfSeconds } from '../serving/http/wav.js'

export const BELOW = 0.5
/** Speech wherever there is a sound. */
export const SPEECH: SpeechDetector = {
  ...spectralDetector,
  async detect(...given) {
    const found = await spectralDetector.detect(...given)
    return found.spans.length === 0 ? found : { ...found, verdict: 'speech' }
  },
}
export const OPTIONS: TranscribeOptions = {
  language: undefined, maxAudioSeconds: 60, normalizeVolume: true, trimSilence: true, maxDecodingPasses: 1,
  detectors: { first: SPEECH, second: undefined }, interrupt: () => undefined,
}

export interface Scripted {
  readonly recognizer: Recognizer
  readonly asked: { readonly clip: Clip; readonly options: RecognizeOptions }[]
}

export const sure = (text: string): Partial<Hypothesis> => ({ text, logProbabilities: [-0.01, -0.02] })
export const unsure = (text: string): Partial<Hypothesis> => ({ text, logProbabilities: [-0.9, -1.1] })

/** Returns its hypotheses in turn, the last one repeatedly. */
export function scripted(
  name: string,
  answers: readonly (Partial<Hypothesis> | Error)[],
  change: Partial<Recognizer> = {},
): Scripted {
  const asked: Scripted['asked'] = []
  const recognizer: Recognizer = {
    name,
    sampleRate: 16_000,
    maxSeconds: 30,
    languages: ['en'],
    engine: 'reference',
    timesWords: false,
    provider: { provider: 'cpu', refused: [] },
    padding: { leadingSeconds: [0.2], trailingSeconds: 0.2, redecodeBelow: -9 },
    async recognize(clip, options) {
      asked.push({ clip, options })
      options.interrupt()
      const answer = answers[Math.min(asked.length, answers.length) - 1]!
      if (answer instanceof Error) throw answer
      return {
        text: '', tokens: [1, 2], logProbabilities: [-0.01], stopped: 'end_of_text', language: options.language ?? 'en',
        ...answer,
      }
    },
    dispose: async () => undefined,
    ...change,
  }
  return { recognizer, asked }
}

export function recognizeWith(
  small: Scripted,
  larger: Scripted,
  change: Partial<TranscribeOptions> = {},
  seconds = 1,
): Promise<Report> {
  const cascade: Cascade = { recognizer: larger.recognizer, below: BELOW }
  return transcribe(wavOfSeconds(seconds), small.recognizer, { ...OPTIONS, cascade, ...change })
}
