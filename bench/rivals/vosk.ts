/** Vosk: Kaldi's acoustic model and language model. It runs on one thread by itself and brings a model of its own. */
import { NotHere, requireFirst, SAMPLE_RATE, toPcm16, type Open } from './adapter.js'

/** The part that is used; both packages have it. */
interface Vosk {
  setLogLevel?(level: number): void
  readonly Model: new (folder: string) => object
  readonly Recognizer: new (options: { readonly model: object; readonly sampleRate: number }) => {
    acceptWaveform(pcm: Buffer): boolean
    result(): { readonly text: string }
    finalResult(): { readonly text: string }
    free(): void
  }
}

const PIECE_BYTES = 8000

export const open: Open = async ({ from, voskModel }) => {
  const { exports, version } = requireFirst(['vosk', 'vosk-koffi'], from)
  if (voskModel === undefined) {
    throw new NotHere('its model does not come from npm: unpack one and name its folder with --vosk-model')
  }
  const vosk = exports as Vosk
  vosk.setLogLevel?.(-1)
  const model = new vosk.Model(voskModel)
  return {
    says: version,
    prepare: toPcm16,
    async recognize(_, prepared) {
      const pcm = Buffer.from(prepared.buffer, prepared.byteOffset, prepared.byteLength)
      const recognizer = new vosk.Recognizer({ model, sampleRate: SAMPLE_RATE })
      const texts: string[] = []
      for (let offset = 0; offset < pcm.length; offset += PIECE_BYTES) {
        if (recognizer.acceptWaveform(pcm.subarray(offset, offset + PIECE_BYTES))) texts.push(recognizer.result().text)
      }
      texts.push(recognizer.finalResult().text)
      recognizer.free()
      return texts.join(' ')
    },
  }
}
