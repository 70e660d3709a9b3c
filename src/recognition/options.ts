/** What a caller of the pipeline decides about one upload. */
import type { RecognitionRequest } from '../domain/request.js'
import type { Cascade } from './cascade.js'
import type { HearingOptions } from './redecoding.js'
import type { SpeechOptions } from './segmentation/find-speech.js'

/** What a request asks for and the pipeline takes as it is; `searchFor` carries the rest. */
type RequestOptions = Omit<RecognitionRequest, 'model' | 'phrases' | 'nBest' | 'biasStrength'>

export interface TranscribeOptions
  extends SpeechOptions, Pick<RequestOptions, 'language'>, Partial<Omit<RequestOptions, 'language'>> {
  /** Longer uploads are refused with AUDIO_TOO_LONG. */
  readonly maxAudioSeconds: number
  readonly disabledCodecs?: readonly string[]
  /** How often a doubtful clip is heard at most. */
  readonly maxDecodingPasses: number
  /** Several transcripts, or those that are expected: what is wished for of a recognizer. */
  readonly searchFor?: HearingOptions['searchFor']
  /** A larger model for what the recognizer doubts; the recognizer then hears a clip once. */
  readonly cascade?: Cascade | undefined
  /** Called between the pieces of the work; other jobs of the process may run before it resolves. Default: nothing. */
  readonly pause?: (() => Promise<void>) | undefined
  /** Told how long the audio is, as soon as that is known. */
  readonly onDecoded?: (audioSeconds: number) => void
}
