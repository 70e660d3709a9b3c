/**
 * Five minutes of white noise in the formats that ffmpeg writes, as much of it as they hold: noise is what a codec and
 * the steps behind it have most to do with, and no speech. Encoders that are not installed are named and left out.
 */
import { amrEncodings } from '../audio/encodings.js'
import { convert, hasFfmpeg } from '../audio/ffmpeg.js'
import { noise, wav, type Upload } from './uploads.js'

const STEREO_48K = { sampleRate: 48_000, channels: 2 } as const

/** Name, ending and arguments of ffmpeg. */
const LOSSY: readonly (readonly [name: string, ending: string, args: readonly string[]])[] = [
  ['AAC, stereo at 48 kHz, noise', 'm4a', ['-c:a', 'aac', '-b:a', '128k']],
  ['Opus, stereo, noise', 'ogg', ['-c:a', 'libopus', '-b:a', '128k']],
  ['Vorbis, stereo at 48 kHz, noise', 'ogg', ['-c:a', 'libvorbis', '-q:a', '5']],
  ['MP3, stereo at 48 kHz, noise', 'mp3', ['-c:a', 'libmp3lame', '-b:a', '128k']],
]

export function encodedUploads(): readonly Upload[] {
  if (!hasFfmpeg()) {
    console.log('ffmpeg is not there: no rows of noise in AAC, Opus, Vorbis, MP3 and FLAC\n')
    return []
  }
  const amr = amrEncodings()
  if (amr.length === 0) console.log('no encoder of AMR is there: no row of noise in it\n')
  const stereo = (): Uint8Array => wav({ ...STEREO_48K, signal: noise(0.05) })
  const mono = (sampleRate: number) => (): Uint8Array => wav({ sampleRate, signal: noise(0.05) })
  const made = (name: string, source: () => Uint8Array, encode: (file: Buffer) => Uint8Array): Upload =>
    ({ name, hasSpeech: false, bytes: () => encode(Buffer.from(source())) })
  return [
    ...LOSSY.map(([name, ending, args]) => made(name, stereo, (file) => convert(file, args, ending))),
    made('FLAC, 48 kHz, noise', mono(48_000), (file) => convert(file, ['-c:a', 'flac'], 'flac')),
    ...amr.map(({ name, encode }) => made(`${name}, noise`, mono(16_000), encode)),
  ]
}
