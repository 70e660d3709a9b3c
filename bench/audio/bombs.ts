/**
 * Small files that hold hours: silence compresses to almost nothing, and a decoder that believes it fills the memory.
 * Each is longer than the service takes, and none is larger than it takes.
 */
import { convert, hasFfmpeg } from './ffmpeg.js'
import { writePcm } from './pcm.js'

export interface Bomb { readonly name: string; readonly bytes: Buffer }

const HOUR = 3600
/** One sample, and silence after it: ffmpeg pads without an end, and `-t` ends it. */
const BOMBS: readonly (readonly [name: string, hours: number, ending: string, args: readonly string[]])[] = [
  ['flac of 8 hours', 8, 'flac', ['-ar', '8000', '-c:a', 'flac']],
  ['flac of 1 hour, 48 kHz in 8 channels', 1, 'flac', ['-ar', '48000', '-ac', '8', '-c:a', 'flac']],
  ['alac of 4 hours', 4, 'm4a', ['-ar', '8000', '-c:a', 'alac']],
  ['opus of 1 hour in webm', 1, 'webm', ['-ar', '48000', '-c:a', 'libopus', '-b:a', '6k', '-frame_duration', '60', '-compression_level', '0']],
  ['opus of 1 hour in ogg', 1, 'ogg', ['-ar', '48000', '-c:a', 'libopus', '-b:a', '6k', '-frame_duration', '60', '-compression_level', '0']],
  ['vorbis of 2 hours', 2, 'ogg', ['-ar', '8000', '-c:a', 'libvorbis', '-q:a', '-1']],
  ['aac of 1 hour', 1, 'm4a', ['-ar', '8000', '-c:a', 'aac', '-b:a', '8k']],
  ['aac of 1 hour, fragmented', 1, 'mp4', ['-ar', '8000', '-c:a', 'aac', '-b:a', '8k', '-movflags', '+frag_keyframe+empty_moov', '-frag_duration', '2000000']],
  ['aac of 1 hour in adts', 1, 'aac', ['-ar', '8000', '-c:a', 'aac', '-b:a', '8k', '-f', 'adts']],
  ['opus of 1 hour in webm, length unknown', 1, 'webm', ['-ar', '48000', '-c:a', 'libopus', '-b:a', '6k', '-frame_duration', '60', '-compression_level', '0', '-f', 'webm', '-live', '1']],
  ['mp3 of 2 hours, without an index', 2, 'mp3', ['-ar', '8000', '-c:a', 'libmp3lame', '-b:a', '8k', '-write_xing', '0', '-id3v2_version', '0']],
  ['mp3 of 2 hours', 2, 'mp3', ['-ar', '8000', '-c:a', 'libmp3lame', '-b:a', '8k']],
]

export function bombs(): Bomb[] {
  const loud = { name: 'wav of 13 minutes, 16 kHz', bytes: writePcm([new Float32Array(13 * 60 * 16_000).fill(0.1)], 16_000) }
  if (!hasFfmpeg()) return [loud]
  const nothing = writePcm([new Float32Array(1)], 8_000)
  const made = BOMBS.map(([name, hours, ending, args]) => ({ name, bytes: convert(nothing, ['-af', 'apad', '-t', String(hours * HOUR), ...args], ending) }))
  return [loud, ...made, { name: 'flac of 8 hours, length unknown', bytes: withoutLength(made[0]!.bytes) }]
}

/** A FLAC file whose STREAMINFO does not know how many samples there are, as an encoder leaves it that writes to a pipe. */
function withoutLength(flac: Buffer): Buffer {
  const streamed = Buffer.from(flac)
  streamed[21]! &= 0xf0
  return streamed.fill(0, 22, 26)
}
