/**
 * Upload bytes → Recording. The format is detected by the leading bytes, never by a file name or a media type, since
 * `curl -F` sends every upload as application/octet-stream. Samples without a container cannot be detected and are
 * described by the request.
 *
 * `probeAudio` reads headers only and runs in the HTTP process, so that an upload that cannot be decoded never waits in
 * a queue; `decodeAudio` decodes in a worker. A new container is one entry of FORMATS.
 */
import { SpeechError } from '../domain/errors.js'
import type { ChannelChoice, HeaderlessFormat, Recording } from '../domain/audio.js'
import { mixToMono, type MixOptions } from './channels/mix.js'
import { matchesAu } from './containers/au.js'
import { framesIn } from './signal/downmix.js'
import { withoutDoubling } from './signal/doubled-rate.js'
import { guessForeign, nameForeign } from './foreign-formats.js'
import { FORMATS, type AudioFormatReader } from './formats.js'
import { probeHeaderless, readHeaderless, readHeaderlessType } from './containers/headerless.js'
import { afterTags } from './containers/tags.js'
import { unsupported, type AudioProbe } from './probe.js'
import type { Decoded } from './stream.js'
import { matchesWav } from './containers/wav.js'

export type { AudioProbe } from './probe.js'

export interface DecodeOptions {
  /** Longer audio is refused with AUDIO_TOO_LONG. */
  readonly maxSeconds: number
  /** Default: `mix`. */
  readonly channel?: ChannelChoice | undefined
  /** Layout of samples without a container; ignored for an upload with a header. */
  readonly headerless?: HeaderlessFormat | undefined
  /** Codecs that are disabled, by the names in domain/codecs.ts. */
  readonly disabledCodecs?: readonly string[]
  /** Finds speech in a channel; asked where channels differ. */
  readonly detectSpeech?: MixOptions['detectSpeech']
  /** Called between pieces; throws when the result is no longer needed. */
  readonly interrupt?: () => void
}

/** Decoders trim and pad by some frames. A recording that is shorter than declared by more than this is truncated. */
const TOLERATED_SECONDS = 0.2

/** Layout of headerless samples by the media type; undefined for bytes with a header. Throws REQUEST_INVALID. */
export function headerlessFormat(bytes: Uint8Array, mediaType: string): HeaderlessFormat | undefined {
  return hasHeader(bytes) ? undefined : readHeaderlessType(mediaType)
}

/** Reads the header. Throws AUDIO_MISSING, AUDIO_UNSUPPORTED or AUDIO_UNREADABLE. */
export function probeAudio(
  upload: Uint8Array,
  { headerless, disabledCodecs = [] }: Pick<DecodeOptions, 'headerless' | 'disabledCodecs'> = {},
): AudioProbe {
  const bytes = withoutTags(upload)
  const probe = isHeaderless(bytes, headerless) ? probeHeaderless(bytes, headerless) : pickFormat(bytes).probe(bytes)
  if (disabledCodecs.includes(probe.codec)) {
    throw unsupported(`the codec ${probe.codec} is switched off here (EARSHOT_DISABLED_CODECS)`)
  }
  return probe
}

/** Throws AUDIO_TOO_LONG by the length that the file declares. An estimated length is left to the decoder. */
export function checkLength({ seconds, declared }: AudioProbe, maxSeconds: number): void {
  if (!declared || seconds <= maxSeconds) return
  throw new SpeechError('AUDIO_TOO_LONG', `${seconds.toFixed(1)} s, at most ${maxSeconds} s`)
}

/**
 * Throws the errors of `probeAudio`, AUDIO_TOO_LONG before much more than the limit is allocated, REQUEST_INVALID for a
 * channel that the upload does not have, and the errors of `interrupt`.
 */
export async function decodeAudio(upload: Uint8Array, options: DecodeOptions): Promise<Recording> {
  const bytes = withoutTags(upload)
  const { maxSeconds, headerless, interrupt = () => undefined } = options
  const probe = probeAudio(bytes, options)
  checkLength(probe, maxSeconds)
  const decoded = isHeaderless(bytes, headerless)
    ? { blocks: [readHeaderless(bytes, headerless)], sampleRate: probe.sampleRate, broken: false }
    : await pickFormat(bytes).read(bytes, probe, { maxSeconds, interrupt })
  return compose(probe, decoded, { ...options, interrupt })
}

async function compose(
  probe: AudioProbe, { blocks, sampleRate, broken }: Decoded,
  { channel = 'mix', detectSpeech, interrupt }: DecodeOptions & Pick<MixOptions, 'interrupt'>,
): Promise<Recording> {
  const { container, codec } = probe
  // A complete file that declares a length of zero is empty. In any other case without samples, decoding failed.
  const isEmpty = probe.declared && probe.seconds === 0 && !probe.truncated
  if (blocks.every((block) => framesIn(block) === 0) && !isEmpty) {
    throw new SpeechError('AUDIO_UNREADABLE', `no samples were decoded from the ${codec} in this ${container} file`)
  }
  const channels = blocks.reduce((most, block) => Math.max(most, block.length), probe.channels)
  const decodedRate = sampleRate || probe.sampleRate
  const { samples: mixed, mixing, unusedSpeechSeconds } =
    await mixToMono(blocks, channels, { sampleRate: decodedRate, choice: channel, interrupt, detectSpeech })
  const isDoubled = codec === 'aac' && sampleRate === 2 * probe.sampleRate
  const halved = isDoubled ? withoutDoubling(mixed) : undefined
  const samples = halved ?? mixed
  const rate = halved === undefined ? decodedRate : probe.sampleRate
  const missingSeconds = probe.declared ? probe.seconds - samples.length / rate : 0
  const truncated = probe.truncated || broken || missingSeconds > TOLERATED_SECONDS
  return {
    waveform: { samples, sampleRate: rate },
    format: { container, codec, sampleRate: rate, channels, mixing, truncated },
    unusedSpeechSeconds,
  }
}

function isHeaderless(bytes: Uint8Array, headerless: HeaderlessFormat | undefined): headerless is HeaderlessFormat {
  return headerless !== undefined && bytes.byteLength > 0 && !hasHeader(bytes)
}

/** Audio files that clients send with a media type of headerless samples: WAV by mistake, Sun AU as `audio/basic`. */
function hasHeader(upload: Uint8Array): boolean {
  const bytes = withoutTags(upload)
  return matchesWav(bytes) || matchesAu(bytes)
}

function withoutTags(upload: Uint8Array): Uint8Array {
  return upload.subarray(afterTags(upload))
}

function pickFormat(bytes: Uint8Array): AudioFormatReader {
  if (bytes.byteLength === 0) throw new SpeechError('AUDIO_MISSING', 'the upload has no bytes')
  const named = nameForeign(bytes)
  const format = named === undefined ? FORMATS.find(({ matches }) => matches(bytes)) : undefined
  if (format !== undefined) return format
  const cut = named === undefined ? FORMATS.find(({ isFurtherOn }) => isFurtherOn?.(bytes)) : undefined
  if (cut !== undefined) return cut
  const foreign = named ?? guessForeign(bytes)
  const found = foreign === undefined ? 'the first bytes are of no known audio format' : `this is ${foreign}`
  throw unsupported(`${found}; supported: WAV, WebM, Ogg, MP4, AAC, MP3, FLAC, AMR, AIFF, CAF, AU and GSM`)
}
