/** What a caller of the pipeline decides about one upload. */
import type { ChannelChoice, HeaderlessFormat } from '../domain/audio.js'
import type { Cascade } from './cascade.js'
import type { DecodeOptions } from './redecoding.js'
import type { SpeechOptions } from './segmentation/find-speech.js'

export interface TranscribeOptions extends SpeechOptions {
  /** ISO 639-1; undefined lets a multilingual model detect it. */
  readonly language: string | undefined
  /** Longer uploads are refused with AUDIO_TOO_LONG. */
  readonly maxAudioSeconds: number
  /** Default: all channels mixed. */
  readonly channel?: ChannelChoice | undefined
  /** Format of samples without a container. */
  readonly headerless?: HeaderlessFormat | undefined
  readonly disabledCodecs?: readonly string[]
  /** Most decoding passes of a doubtful clip. */
  readonly maxDecodingPasses: number
  /** What is requested of a recognizer: several hypotheses, or biasing. */
  readonly beamFor?: DecodeOptions['beamFor']
  /** Whether segments have times of words; default: no. */
  readonly words?: boolean
  /** A larger model for clips that the recognizer doubts; the recognizer then decodes a clip once. */
  readonly cascade?: Cascade | undefined
  /** Called between the pieces of the work; other jobs of the process may run before it resolves. Default: nothing. */
  readonly pause?: (() => Promise<void>) | undefined
  /** Called with the length of the audio, as soon as it is known. */
  readonly onDecoded?: (audioSeconds: number) => void
}
