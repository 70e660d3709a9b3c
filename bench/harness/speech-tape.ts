/**
 * Clips of an exact length: development clips are joined to one long tape, and pieces are cut from it. Real speech
 * without gaps, because a padded clip would be trimmed and the length would be a lie.
 */
import { readFile } from 'node:fs/promises'
import { blankWav, WAV_HEADER_BYTES } from '../../fixtures/wav.js'
import { UsageError } from './endings.js'
import type { SpeechClip, Upload } from './clips.js'

/** Hz, 16-bit, mono: what the development clips are, and what the tape takes. */
const SAMPLE_RATE = 16_000
const BYTES_PER_SECOND = SAMPLE_RATE * 2

export interface SpeechTape {
  readonly seconds: number
  /** A WAV file of exactly this length; the n-th piece begins where the one before it ended, around and around. */
  cut(seconds: number, index: number): Upload
}

/** Joins clips until the tape is long enough. */
export async function recordTape(clips: readonly SpeechClip[], wantedSeconds = 120): Promise<SpeechTape> {
  const pieces: Buffer[] = []
  let bytes = 0
  for (const { file } of clips) {
    if (bytes >= wantedSeconds * BYTES_PER_SECOND) break
    const samples = plainSamples(await readFile(file))
    if (samples === undefined) continue
    pieces.push(samples)
    bytes += samples.length
  }
  if (bytes < BYTES_PER_SECOND) {
    throw new UsageError('the manifest has no second of 16-bit mono WAV at 16 kHz, which a tape is made of')
  }
  return tapeOf(Buffer.concat(pieces))
}

function tapeOf(samples: Buffer): SpeechTape {
  return {
    seconds: samples.length / BYTES_PER_SECOND,
    cut(seconds, index) {
      const wanted = Math.round(seconds * SAMPLE_RATE) * 2
      const body = blankWav(wanted, { sampleRate: SAMPLE_RATE })
      for (let done = 0; done < wanted;) {
        const from = (index * wanted + done) % samples.length
        done += samples.copy(body, WAV_HEADER_BYTES + done, from, Math.min(samples.length, from + wanted - done))
      }
      return { body, seconds }
    },
  }
}

/** The samples of a WAV file of our rate and format; undefined for any other. */
function plainSamples(file: Buffer): Buffer | undefined {
  const [format, channels, rate, bits] = [
    file.readUInt16LE(20), file.readUInt16LE(22), file.readUInt32LE(24), file.readUInt16LE(34),
  ]
  if (format !== 1 || channels !== 1 || rate !== SAMPLE_RATE || bits !== 16) return undefined
  const data = file.indexOf('data', 36, 'latin1')
  const samples = file.subarray(data + 8, data + 8 + file.readUInt32LE(data + 4))
  return samples.subarray(0, samples.length - samples.length % 2)
}
