/** Makes a recording louder or softer. */
import { readWavLayout } from '../../audio/containers/riff.js'
import { SpeechError } from '../../domain/errors.js'

const MOST = 32_767

/** Of a WAV file with 16-bit samples, the same file with other samples; what is too loud is clipped. */
export function withGain(wav: Buffer, gainDb: number): Buffer {
  const { codec, dataOffset, dataBytes } = readWavLayout(wav)
  if (codec !== 'pcm_s16') throw new SpeechError('CLIPS_INVALID', `expected 16-bit samples, not ${codec}`)
  const factor = 10 ** (gainDb / 20)
  const changed = Buffer.from(wav)
  for (let at = dataOffset; at + 1 < dataOffset + dataBytes; at += 2) {
    const sample = Math.round(wav.readInt16LE(at) * factor)
    changed.writeInt16LE(Math.min(MOST, Math.max(-MOST - 1, sample)), at)
  }
  return changed
}
