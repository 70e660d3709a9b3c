/** The pipeline of the service, from the bytes of a WAV file to the report. */
import { blankWav, WAV_HEADER_BYTES } from '../../fixtures/wav.js'
import { transcribe } from '../../src/recognition/pipeline.js'
import { openRecognizer, SERVED } from '../harness/recognizers.js'
import { SAMPLE_RATE, type Open } from './adapter.js'

export const open: Open = async ({ model, engine }) => {
  const recognizer = await openRecognizer(model, { engine })
  return {
    says: `${recognizer.name}, ${recognizer.engine}, as served`,
    prepare(samples) {
      const wav = blankWav(samples.byteLength, { sampleRate: SAMPLE_RATE, bits: 32 })
      wav.set(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength), WAV_HEADER_BYTES)
      return wav
    },
    async recognize(_, wav) {
      const { text } = await transcribe(wav, recognizer, { ...SERVED, language: 'en' })
      return text
    },
  }
}
