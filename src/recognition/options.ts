/** What a caller of the pipeline decides about one upload. */
import type { RecognitionRequest } from '../domain/request.js'
import type { Cascade } from './cascade.js'
import type { DecodeOptions } from './redecoding.js'
import type { SpeechOptions } from './segmentation/find-speech.js'

/** What a request asks for and the pipeline takes as it is; `beamFor` carries the rest. */
type RequestOptions = Omit<RecognitionRequest, 'model' | 'phrases' | 'nBest' | 'biasStrength'>

export interface TranscribeOptions
  extends SpeechOptions, Pick<RequestOptions, 'language'>, Partial<Omit<RequestOptions, 'language'>> {
  /** Longer uploads are refused with AUDIO_TOO_LONG. */
  readonly maxAudioSeconds: number
  readonly disabledCodecs?: readonly string[]
  /** Most decoding passes of a doubtful clip. */
  readonly maxDecodingPasses: number
  /** The machine has nothing else to recognize: all cores may work on this. */
  readonly isAlone?: boolean
  /** A text to be scored against the audio. */
  readonly label?: string
  /** What is requested of a recognizer: several hypotheses, or biasing. */
  readonly beamFor?: DecodeOptions['beamFor']
  /** A larger model for clips that the recognizer doubts; the recognizer then decodes a clip once. */
  readonly cascade?: Cascade | undefined
  /** Called between the pieces of the work; other jobs of the process may run before it resolves. Default: nothing. */
  readonly pause?: (() => Promise<void>) | undefined
  /** Called with the length of the audio, as soon as it is known. */
  readonly onDecoded?: (audioSeconds: number) => void
}
