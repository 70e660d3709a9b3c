/**
 * Upload bytes → Recording. The format is found by the leading bytes, never by a name or a media type: `curl -F` calls
 * every upload application/octet-stream. Only samples without a container have nothing to be found by, and are
 * described by the request.
 *
 * `probeAudio` reads headers only and runs in the HTTP process, so that an upload nobody can decode never waits in
 * a queue; `decodeAudio` does the work in a worker. A new container is one entry of FORMATS.
 */
import { SpeechError } from '../domain/errors.js'
import type { ChannelChoice, HeaderlessFormat, Recording } from '../domain/audio.js'
import { textAt } from './containers/bytes.js'
import { downmix } from './signal/downmix.js'
import { FORMATS, UNREAD, type AudioFormatReader } from './formats.js'
import { probeHeaderless, readHeaderless, readHeaderlessType } from './containers/headerless.js'
import { unsupported, type AudioProbe } from './probe.js'
import type { Decoded } from './stream.js'
import { matchesWav } from './containers/wav.js'

export type { AudioProbe } from './probe.js'

export interface DecodeOptions {
  /** Longer audio is refused with AUDIO_TOO_LONG. */
  readonly maxSeconds: number
  /** Default: `mix`. */
  readonly channel?: ChannelChoice | undefined
  /** How samples without a container are to be read; a WAV file is a WAV file whatever is said here. */
  readonly headerless?: HeaderlessFormat | undefined
  /** Codecs that are switched off, by the names of `AudioFormat.codec`. */
  readonly disabledCodecs?: readonly string[]
  /** Called between pieces; throws when nobody waits for the result any more. */
  readonly interrupt?: () => void
}

/** Decoders trim and pad by some frames; what is missing beyond this is missing. */
const TOLERATED_SECONDS = 0.2

/** How the media type of a request says its samples are to be read; undefined where the bytes speak for themselves. Throws REQUEST_INVALID. */
export function headerlessFormat(bytes: Uint8Array, mediaType: string): HeaderlessFormat | undefined {
  return hasHeader(bytes) ? undefined : readHeaderlessType(mediaType)
}

/** What the header says. Throws AUDIO_MISSING, AUDIO_UNSUPPORTED or AUDIO_UNREADABLE. */
export function probeAudio(bytes: Uint8Array, { headerless, disabledCodecs = [] }: Pick<DecodeOptions, 'headerless' | 'disabledCodecs'> = {}): AudioProbe {
  const probe = isHeaderless(bytes, headerless) ? probeHeaderless(bytes, headerless) : pickFormat(bytes).probe(bytes)
  if (disabledCodecs.includes(probe.codec)) throw unsupported(`the codec ${probe.codec} is switched off here (EARSHOT_DISABLED_CODECS)`)
  return probe
}

/** Throws AUDIO_TOO_LONG when the file itself says that it is. What is only estimated is left to the decoder. */
export function checkLength({ seconds, declared }: AudioProbe, maxSeconds: number): void {
  if (declared && seconds > maxSeconds) throw new SpeechError('AUDIO_TOO_LONG', `${seconds.toFixed(1)} s, at most ${maxSeconds} s`)
}

/**
 * Throws what `probeAudio` throws, AUDIO_TOO_LONG before much of that length is allocated, REQUEST_INVALID for a
 * channel that is not there, and what `interrupt` throws.
 */
export async function decodeAudio(bytes: Uint8Array, options: DecodeOptions): Promise<Recording> {
  const { maxSeconds, channel, headerless, interrupt = () => undefined } = options
  const probe = probeAudio(bytes, options)
  checkLength(probe, maxSeconds)
  const decoded = isHeaderless(bytes, headerless)
    ? { blocks: [readHeaderless(bytes, headerless)], sampleRate: probe.sampleRate, broken: false }
    : await pickFormat(bytes).read(bytes, probe, { maxSeconds, interrupt })
  return compose(probe, decoded, channel)
}

function compose(probe: AudioProbe, { blocks, sampleRate, broken }: Decoded, channel: ChannelChoice | undefined): Recording {
  const { container, codec } = probe
  // Only a file that is all there and says so itself has nothing to be heard; in any other one nothing could be decoded.
  const isEmpty = probe.declared && probe.seconds === 0 && !probe.truncated
  if (blocks.every(([first]) => first!.length === 0) && !isEmpty) throw new SpeechError('AUDIO_UNREADABLE', `no sound came out of the ${codec} in this ${container} file`)
  const channels = blocks.reduce((most, block) => Math.max(most, block.length), probe.channels)
  const { samples, mixing } = downmix(blocks, channels, channel)
  const rate = sampleRate || probe.sampleRate
  const missingSeconds = probe.declared ? probe.seconds - samples.length / rate : 0
  const truncated = probe.truncated || broken || missingSeconds > TOLERATED_SECONDS
  return { waveform: { samples, sampleRate: rate }, format: { container, codec, sampleRate: rate, channels, mixing, truncated } }
}

function isHeaderless(bytes: Uint8Array, headerless: HeaderlessFormat | undefined): headerless is HeaderlessFormat {
  return headerless !== undefined && bytes.byteLength > 0 && !hasHeader(bytes)
}

/** Files of sound that are sent with a media type of headerless ones: WAV by mistake, Sun AU by old habit (`audio/basic`). */
function hasHeader(bytes: Uint8Array): boolean {
  return matchesWav(bytes) || textAt(bytes, 0, '.snd')
}

function pickFormat(bytes: Uint8Array): AudioFormatReader {
  if (bytes.byteLength === 0) throw new SpeechError('AUDIO_MISSING', 'the upload has no bytes')
  const format = FORMATS.find(({ matches }) => matches(bytes))
  if (format !== undefined) return format
  const known = UNREAD.find(({ matches }) => matches(bytes))
  throw unsupported(known === undefined
    ? 'the first bytes are of no audio format that is known here; expected WAV, WebM, Ogg, MP4, AAC, MP3, FLAC, AMR, AIFF or CAF'
    : `${known.name} is not read here`)
}
