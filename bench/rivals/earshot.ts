/**
 * Our recognizer bare: the waveform as it comes, heard once, and it may answer "nothing", like its rivals. English is
 * given, as it is to them.
 */
import { openRecognizer, recognizeBare } from '../harness/recognizers.js'
import { SAMPLE_RATE, type Open } from './adapter.js'

export const open: Open = async ({ model, engine }) => {
  const recognizer = await openRecognizer(model, { engine })
  return {
    says: `${recognizer.name}, ${recognizer.engine}`,
    async recognize(samples) {
      const { text } = await recognizeBare(recognizer, { samples, sampleRate: SAMPLE_RATE }, {
        language: 'en', expectSpeech: false,
      })
      return text
    },
  }
}
