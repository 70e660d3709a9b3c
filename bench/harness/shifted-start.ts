/**
 * The same recording, begun a few milliseconds later: nothing that anybody said changes, but every number that the
 * decoder sees does. A greedy decoder on the edge between two words falls to either side by chance; averaged over
 * some shifts a word error rate says more about the way of recognizing and less about that chance.
 */
import { readWavLayout } from '../../src/audio/containers/riff.js'

const SHIFT_SECONDS = 0.0025
const SIZE_FIELD_BYTES = 4

/** A WAV file without its first `shift` × 2.5 ms; 0 is the file itself. */
export function withShiftedStart(wav: Buffer, shift: number): Buffer {
  if (shift === 0) return wav
  const { dataOffset, dataBytes, blockAlign, sampleRate } = readWavLayout(wav)
  const dropped = Math.min(dataBytes, Math.round(shift * SHIFT_SECONDS * sampleRate) * blockAlign)
  const shifted = Buffer.concat([
    wav.subarray(0, dataOffset), wav.subarray(dataOffset + dropped, dataOffset + dataBytes),
  ])
  shifted.writeUInt32LE(shifted.length - 8, 4)
  shifted.writeUInt32LE(dataBytes - dropped, dataOffset - SIZE_FIELD_BYTES)
  return shifted
}
