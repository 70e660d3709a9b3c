/**
 * Moonshine (Jeffries et al. 2024, arXiv:2410.15608): raw 16 kHz waveform → convolutional stem and transformer
 * encoder → autoregressive decoder. Its cost grows with the clip, not with a fixed window, which is why it is
 * the default for voice search.
 */
import { greedy } from '../decoding/greedy.js'
import { tokenBudget } from '../decoding/limits.js'
import { SpeechError } from '../errors.js'
import type { LoadFamily, RecognizeOptions } from '../recognizer.js'
import { requireMergedDecoder, startDecode } from '../runtime/kv-cache.js'
import { Tensor } from '../runtime/session.js'
import { llamaTokenizer } from '../text/tokenizer.js'
import type { Clip, Hypothesis } from '../types.js'

export const load: LoadFamily = async (manifest, files, open) => {
  const { frontEnd, decoding, languages } = manifest
  if (frontEnd.kind !== 'waveform') throw new SpeechError('MODEL_INVALID', `${manifest.name}: Moonshine takes a waveform, not ${frontEnd.kind}`)
  const { sampleRate, minSamples } = frontEnd
  const encoder = await open(await files.read('encoder'), { fixedShapes: false })
  const decoder = await open(await files.read('decoder'), { fixedShapes: false })
  if (!encoder.inputs.has('input_values')) throw new SpeechError('MODEL_INVALID', `${manifest.name}: the encoder graph has no input_values`)
  requireMergedDecoder(decoder)
  const tokenizer = llamaTokenizer()
  const forbidden = new Set(decoding.suppressTokens)

  async function recognize(clip: Clip, { interrupt, mustSpeak, stopwatch }: RecognizeOptions): Promise<Hypothesis> {
    const samples = padTo(clip.waveform.samples, minSamples)
    const states = await stopwatch.timeAsync('encoder', async () => {
      const out = await encoder.run({ input_values: new Tensor('float32', samples, [1, samples.length]) }, ['last_hidden_state'])
      return out.last_hidden_state // [1, frames, width]
    })
    const decoded = await stopwatch.timeAsync('decoder', () => greedy(startDecode(decoder, states).step, {
      prompt: [decoding.startToken],
      endToken: decoding.endToken,
      budget: tokenBudget(samples.length / sampleRate, decoding.tokensPerSecond, decoding.maxTokens),
      forbidden,
      forbiddenFirst: new Set(mustSpeak ? [decoding.endToken] : []),
      interrupt,
    }))
    const text = stopwatch.time('postprocess', () => tokenizer.decode(decoded.tokens))
    return { ...decoded, text, language: languages[0] }
  }

  return {
    name: manifest.name,
    sampleRate,
    maxSeconds: manifest.limits.clipSeconds,
    hearing: manifest.hearing,
    languages,
    provider: encoder.provider,
    recognize,
    async dispose() { await encoder.release(); await decoder.release() },
  }
}

function padTo(samples: Float32Array, length: number): Float32Array {
  if (samples.length >= length) return samples
  const padded = new Float32Array(length)
  padded.set(samples)
  return padded
}
