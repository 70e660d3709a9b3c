/** What a caller of the pipeline decides about one upload. */
import type { ChannelChoice, HeaderlessFormat } from '../domain/audio.js'
import type { Cascade } from './cascade.js'
import type { HearingOptions } from './redecoding.js'
import type { SpeechOptions } from './segmentation/find-speech.js'

export interface TranscribeOptions extends SpeechOptions {
  /** ISO 639-1; undefined lets a multilingual model detect it. */
  readonly language: string | undefined
  /** Longer uploads are refused with AUDIO_TOO_LONG. */
  readonly maxAudioSeconds: number
  /** Default: all channels mixed. */
  readonly channel?: ChannelChoice | undefined
  /** How samples without a container are to be read. */
  readonly headerless?: HeaderlessFormat | undefined
  readonly disabledCodecs?: readonly string[]
  /** How often a doubtful clip is heard at most. */
  readonly maxDecodingPasses: number
  /** Several transcripts, or those that are expected: what is wished for of a recognizer. */
  readonly searchFor?: HearingOptions['searchFor']
  /** Whether segments are to say when their words were said; no by default. */
  readonly words?: boolean
  /** A larger model for what the recognizer doubts; the recognizer then hears a clip once. */
  readonly cascade?: Cascade | undefined
  /** Called between the pieces of the work; other jobs of the process may run before it resolves. Default: nothing. */
  readonly pause?: (() => Promise<void>) | undefined
  /** Told how long the audio is, as soon as that is known. */
  readonly onDecoded?: (audioSeconds: number) => void
}
