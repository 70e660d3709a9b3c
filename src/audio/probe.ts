/** What a header declares about an upload, and the limits within which it is accepted. */
import type { Codec } from '../domain/codecs.js'
import { SpeechError } from '../domain/errors.js'

export interface AudioProbe {
  readonly container: string
  readonly codec: Codec
  /** Hz, as declared. Decoded samples may have another: Opus has always 48,000, HE-AAC twice the rate of its core. */
  readonly sampleRate: number
  readonly channels: number
  readonly seconds: number
  /** Whether the file declares its length; otherwise `seconds` is estimated from its size. */
  readonly declared: boolean
  /** The file is shorter than it declares. */
  readonly truncated: boolean
}

/** Of uncompressed samples. Recordings of speech have fewer, apart from raw dumps of microphone arrays. */
export const MAX_CHANNELS = 32
/** Of compressed audio, where a few bytes can decode into long channels. */
export const MAX_CODED_CHANNELS = 8
export const MIN_RATE_HZ = 1_000
export const MAX_RATE_HZ = 768_000

/** Throws AUDIO_UNREADABLE. */
export function checkShape(
  { sampleRate, channels }: Pick<AudioProbe, 'sampleRate' | 'channels'>, maxChannels = MAX_CODED_CHANNELS,
): void {
  if (!(channels >= 1 && channels <= maxChannels)) {
    throw unreadable(`${channels} channels; expected 1 to ${maxChannels}`)
  }
  if (!(sampleRate >= MIN_RATE_HZ && sampleRate <= MAX_RATE_HZ)) {
    throw unreadable(`a sample rate of ${sampleRate} Hz; expected ${MIN_RATE_HZ} to ${MAX_RATE_HZ}`)
  }
}

/** The error for a broken file. */
export function unreadable(detail: string): SpeechError { return new SpeechError('AUDIO_UNREADABLE', detail) }
/** The error for a valid file of a kind that is not supported. */
export function unsupported(detail: string): SpeechError { return new SpeechError('AUDIO_UNSUPPORTED', detail) }
