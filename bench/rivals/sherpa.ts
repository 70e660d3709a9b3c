/**
 * sherpa-onnx on our Moonshine weights: since 1.13 it takes the encoder and the merged decoder as they are published.
 */
import { rmSync } from 'node:fs'
import { mkdtemp, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import llama from 'llama-tokenizer-js'
import { readManifest } from '../../src/engine/manifest.js'
import { NotHere, requireFirst, SAMPLE_RATE, type Open } from './adapter.js'

interface SherpaStream {
  acceptWaveform(waveform: { readonly samples: Float32Array; readonly sampleRate: number }): void
}
/** The part of sherpa-onnx-node that is used. */
interface Sherpa {
  readonly OfflineRecognizer: new (config: object) => {
    createStream(): SherpaStream
    decode(stream: SherpaStream): void
    getResult(stream: SherpaStream): { readonly text: string }
  }
}

/** Pieces and special tokens of Moonshine. */
const VOCABULARY = 32_768

export const open: Open = async ({ model, modelsDir, from }) => {
  if (!model.startsWith('moonshine')) throw new NotHere(`its split of ${model} is another than ours`)
  const { exports, version } = requireFirst(['sherpa-onnx-node'], from)
  const { files } = await readManifest(modelsDir, model)
  const [encoder, mergedDecoder] = [files.encoder!, files.decoder!].map((file) =>
    path.join(modelsDir, model, file.path))
  const recognizer = new (exports as Sherpa).OfflineRecognizer({
    featConfig: { sampleRate: SAMPLE_RATE, featureDim: 80 },
    modelConfig: {
      moonshine: { encoder, mergedDecoder }, tokens: await writeTokens(), numThreads: 1, provider: 'cpu', debug: 0,
    },
  })
  return {
    says: version,
    async recognize(samples) {
      const stream = recognizer.createStream()
      stream.acceptWaveform({ samples, sampleRate: SAMPLE_RATE })
      recognizer.decode(stream)
      return recognizer.getResult(stream).text
    },
  }
}

/** A line per token: its bytes in base 64, and its number. */
async function writeTokens(): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'moonshine-tokens-'))
  process.once('exit', () => { rmSync(folder, { recursive: true, force: true }) })
  const file = path.join(folder, 'tokens.txt')
  await writeFile(file, Array.from({ length: VOCABULARY }, (_, id) =>
    `${tokenBytes(llama.vocabById[id] ?? `<special ${id}>`).toString('base64')} ${id}\n`).join(''))
  return file
}

/** Pieces that stand for one byte are written as that byte. */
export function tokenBytes(piece: string): Buffer {
  const byte = /^<0x([0-9A-F]{2})>$/.exec(piece)?.[1]
  return byte === undefined ? Buffer.from(piece) : Buffer.from(byte, 'hex')
}
