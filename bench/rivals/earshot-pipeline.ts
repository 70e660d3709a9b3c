/** The pipeline of the service, from the bytes of a WAV file to the report. */
import wavefile from 'wavefile'
import { transcribe } from '../../src/recognition/pipeline.js'
import { openRecognizer, SERVED } from '../harness/recognizers.js'
import { SAMPLE_RATE, type Open } from './adapter.js'

export const open: Open = async ({ model, engine }) => {
  const recognizer = await openRecognizer(model, { engine })
  return {
    says: `${recognizer.name}, ${recognizer.engine}, as served`,
    prepare(samples) {
      const file = new wavefile.WaveFile()
      file.fromScratch(1, SAMPLE_RATE, '32f', samples)
      return file.toBuffer()
    },
    async recognize(_, wav) {
      const { text } = await transcribe(wav, recognizer, { ...SERVED, language: 'en' })
      return text
    },
  }
}
