/**
 * Container bytes → Recording. The reader is picked by the leading bytes, never by a file name or a media type:
 * `curl -F` calls every upload application/octet-stream.
 *
 * `probeAudio` reads headers only and runs in the HTTP process, so that an upload nobody can decode never waits in
 * a queue; `decodeAudio` does the work in a worker. A new container is one entry of READERS.
 */
import { SpeechError } from '../errors.js'
import type { Recording } from '../types.js'
import { probeWav, readWav } from './wav.js'

export interface AudioProbe {
  readonly container: string
  readonly codec: string
  /** Hz */
  readonly sampleRate: number
  readonly seconds: number
}

interface AudioReader {
  matches(bytes: Uint8Array): boolean
  probe(bytes: Uint8Array): AudioProbe
  read(bytes: Uint8Array): Recording
}

const READERS: readonly AudioReader[] = [
  { matches: (bytes) => ['RIFF', 'RIFX', 'RF64', 'BW64'].some((magic) => textAt(bytes, 0, magic)), probe: probeWav, read: readWav },
]

/** Recognized in order to be named to the sender. */
const UNREAD: readonly { readonly name: string; matches(bytes: Uint8Array): boolean }[] = [
  { name: 'WebM or Matroska', matches: (bytes) => startsWith(bytes, [0x1a, 0x45, 0xdf, 0xa3]) },
  { name: 'Ogg', matches: (bytes) => textAt(bytes, 0, 'OggS') },
  { name: 'MP4', matches: (bytes) => textAt(bytes, 4, 'ftyp') },
  { name: 'FLAC', matches: (bytes) => textAt(bytes, 0, 'fLaC') },
  { name: 'AMR', matches: (bytes) => textAt(bytes, 0, '#!AMR') },
  { name: 'AIFF', matches: (bytes) => textAt(bytes, 0, 'FORM') && (textAt(bytes, 8, 'AIFF') || textAt(bytes, 8, 'AIFC')) },
  { name: 'CAF', matches: (bytes) => textAt(bytes, 0, 'caff') },
  { name: 'Sun AU', matches: (bytes) => textAt(bytes, 0, '.snd') },
  { name: 'Windows Media', matches: (bytes) => startsWith(bytes, [0x30, 0x26, 0xb2, 0x75]) },
  { name: 'MP3', matches: (bytes) => textAt(bytes, 0, 'ID3') || isMpegFrame(bytes, [1, 2]) },
  { name: 'AAC', matches: (bytes) => isMpegFrame(bytes, [0]) },
]

/** What the header says. Throws AUDIO_MISSING, AUDIO_UNSUPPORTED or AUDIO_UNREADABLE. */
export function probeAudio(bytes: Uint8Array): AudioProbe {
  return pickReader(bytes).probe(bytes)
}

/** Throws AUDIO_TOO_LONG before anything of that length is allocated, and what `probeAudio` throws. */
export function decodeAudio(bytes: Uint8Array, maxSeconds: number): Recording {
  const reader = pickReader(bytes)
  const { seconds } = reader.probe(bytes)
  if (seconds > maxSeconds) throw new SpeechError('AUDIO_TOO_LONG', `${seconds.toFixed(1)} s, at most ${maxSeconds} s`)
  return reader.read(bytes)
}

function pickReader(bytes: Uint8Array): AudioReader {
  if (bytes.byteLength === 0) throw new SpeechError('AUDIO_MISSING', 'the upload has no bytes')
  const reader = READERS.find(({ matches }) => matches(bytes))
  if (reader !== undefined) return reader
  const known = UNREAD.find(({ matches }) => matches(bytes))
  throw new SpeechError('AUDIO_UNSUPPORTED', known === undefined
    ? 'the first bytes are of no audio format that is known here; expected a WAV file'
    : `${known.name} is not supported yet; expected a WAV file`)
}

function textAt(bytes: Uint8Array, offset: number, text: string): boolean {
  return startsWith(bytes.subarray(offset), [...text].map((character) => character.charCodeAt(0)))
}

function startsWith(bytes: Uint8Array, wanted: readonly number[]): boolean {
  return wanted.every((byte, index) => bytes[index] === byte)
}

/** A frame header of MPEG audio: eleven set bits, then version and layer. Field 0 is AAC in ADTS, 1 and 2 are layers III and II. */
function isMpegFrame(bytes: Uint8Array, layers: readonly number[]): boolean {
  if (bytes.byteLength < 4 || bytes[0] !== 0xff || (bytes[1]! & 0xe0) !== 0xe0) return false
  const layer = (bytes[1]! >> 1) & 3
  return (bytes[2]! >> 4) !== 15 && layers.includes(layer)
}
