/** whisper.cpp, with a ggml or gguf file of the user's: its quantization is not ours, so the weights differ. */
import { NotHere, requireFirst, toPcm16, type Open } from './adapter.js'

/** The part of @fugood/whisper.node that is used. */
interface WhisperNode {
  initWhisper(options: { readonly filePath: string; readonly useGpu: boolean }): Promise<{
    transcribeData(pcm: ArrayBuffer, options: object): { readonly promise: Promise<{ readonly result: string }> }
  }>
}

export const open: Open = async ({ from, whisperModel }) => {
  const { exports, version } = requireFirst(['@fugood/whisper.node'], from)
  if (whisperModel === undefined) {
    throw new NotHere('its model does not come from npm: name a ggml or gguf file with --whisper-model')
  }
  const context = await (exports as WhisperNode).initWhisper({ filePath: whisperModel, useGpu: false })
  return {
    says: version,
    prepare: toPcm16,
    async recognize(_, prepared) {
      const { promise } = context.transcribeData(prepared.buffer as ArrayBuffer, {
        language: 'en', maxThreads: 1, nProcessors: 1, temperature: 0,
      })
      return (await promise).result
    },
  }
}
