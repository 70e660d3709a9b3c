import { blankWav, WAV_HEADER_BYTES } from '../../../fixtures/wav.js'

/** A small valid WAV: 16 kHz, mono, 16 bits, a quiet tone. */
export function wavOfSeconds(seconds: number): Buffer {
  const samples = Math.round(seconds * 16_000)
  const wav = blankWav(samples * 2)
  for (let i = 0; i < samples; i++)
    wav.writeInt16LE(Math.round(3000 * Math.sin((2 * Math.PI * 440 * i) / 16_000)), WAV_HEADER_BYTES + i * 2)
  return wav
}
