/**
 * Our recognizer bare: the waveform as it comes, heard once, and it may answer "nothing", like its rivals. English is
 * given, as it is to them. An engine is chosen where `openRecognizer` is called, and nowhere else.
 */
import { openRecognizer, recognizeBare } from '../recognizers.js'
import { SAMPLE_RATE, type Open } from './adapter.js'

export const open: Open = async ({ model }) => {
  const recognizer = await openRecognizer(model)
  return {
    says: `${recognizer.name} on ${recognizer.provider.provider}`,
    async recognize(samples) {
      const { text } = await recognizeBare(recognizer, { samples, sampleRate: SAMPLE_RATE }, { language: 'en', mustSpeak: false })
      return text
    },
  }
}
