/**
 * Five minutes of white noise in the formats that ffmpeg writes, as much of it as they hold: noise costs a codec and
 * the stages behind it most, and holds no speech.
 */
import { convert, hasFfmpeg } from '../harness/ffmpeg.js'
import { noise, wav, type Upload } from './uploads.js'

const STEREO_48K = { sampleRate: 48_000, channels: 2 } as const

/** Name, ending and arguments of ffmpeg. */
const LOSSY: readonly (readonly [name: string, ending: string, args: readonly string[]])[] = [
  ['AAC, stereo at 48 kHz, noise', 'm4a', ['-c:a', 'aac', '-b:a', '128k']],
  ['Opus, stereo, noise', 'ogg', ['-c:a', 'libopus', '-b:a', '128k']],
  ['Vorbis, stereo at 48 kHz, noise', 'ogg', ['-c:a', 'libvorbis', '-q:a', '5']],
  ['MP3, stereo at 48 kHz, noise', 'mp3', ['-c:a', 'libmp3lame', '-b:a', '128k']],
]

/** None without ffmpeg. */
export function encodedUploads(): readonly Upload[] {
  if (!hasFfmpeg()) {
    console.log('ffmpeg is not there: no rows of noise in AAC, Opus, Vorbis, MP3 and FLAC\n')
    return []
  }
  const stereo = (): Uint8Array => wav({ ...STEREO_48K, signal: noise(0.05) })
  const mono = (): Uint8Array => wav({ sampleRate: 48_000, signal: noise(0.05) })
  return [
    ...LOSSY.map(([name, ending, args]) => ({ name, hasSpeech: false, bytes: () => convert(stereo(), args, ending) })),
    { name: 'FLAC, 48 kHz, noise', hasSpeech: false, bytes: () => convert(mono(), ['-c:a', 'flac'], 'flac') },
  ]
}
