/** What a header says about an upload, and the limits within which it is believed. */
import type { Codec } from '../domain/codecs.js'
import { SpeechError } from '../domain/errors.js'

export interface AudioProbe {
  readonly container: string
  readonly codec: Codec
  /** Hz, as declared; a decoder may find another (Opus always gives 48,000, HE-AAC twice the rate of its core). */
  readonly sampleRate: number
  readonly channels: number
  readonly seconds: number
  /** Whether the file itself says how long it is; else `seconds` is estimated from its size. */
  readonly declared: boolean
  /** The file ends before what it announces. */
  readonly truncated: boolean
}

/** More is a microphone array's raw dump or a lie; nothing in between was ever seen in speech. */
export const MAX_CHANNELS = 32
/** Of a codec, which may unfold every channel out of next to nothing. */
export const MAX_CODED_CHANNELS = 8
export const MIN_RATE_HZ = 1_000
export const MAX_RATE_HZ = 768_000

/** Throws AUDIO_UNREADABLE. */
export function checkShape({ sampleRate, channels }: Pick<AudioProbe, 'sampleRate' | 'channels'>, maxChannels = MAX_CODED_CHANNELS): void {
  if (!(channels >= 1 && channels <= maxChannels)) throw unreadable(`${channels} channels; expected 1 to ${maxChannels}`)
  if (!(sampleRate >= MIN_RATE_HZ && sampleRate <= MAX_RATE_HZ)) throw unreadable(`a sample rate of ${sampleRate} Hz; expected ${MIN_RATE_HZ} to ${MAX_RATE_HZ}`)
}

/** A broken file. */
export function unreadable(detail: string): SpeechError { return new SpeechError('AUDIO_UNREADABLE', detail) }
/** A sound one of a kind that is not read here. */
export function unsupported(detail: string): SpeechError { return new SpeechError('AUDIO_UNSUPPORTED', detail) }
