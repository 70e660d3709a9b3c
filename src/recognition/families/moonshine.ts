/**
 * Moonshine (Jeffries et al. 2024, arXiv:2410.15608): raw 16 kHz waveform → convolutional stem and transformer
 * encoder → autoregressive decoder. Its cost grows with the length of the clip instead of a fixed window, which is why
 * it is the default for voice search.
 */
import { SpeechError } from '../../domain/errors.js'
import { encoderDecoderOf } from '../../engine/manifest.js'
import { Tensor } from '../../engine/runtime/session.js'
import { llamaTokenizer } from '../../engine/tokenizer.js'
import type { FrameClock } from '../alignment/frame-clock.js'
import { loadEncoderDecoder } from '../decoding/encoder-decoder.js'
import type { LoadFamily } from '../recognizer.js'

/** A state of the encoder covers 894 samples, and the next one starts 384 later (engine/architectures/moonshine.ts). */
const CLOCK: FrameClock = { firstSeconds: 447 / 16_000, stepSeconds: 384 / 16_000 }

const SILENCE_SAMPLES = 16_000

export const load: LoadFamily = async (manifest, files, open, compiled) => {
  const { name, frontEnd } = manifest
  if (frontEnd.kind !== 'waveform') {
    throw new SpeechError('MODEL_INVALID', `${name}: Moonshine takes a waveform, not ${frontEnd.kind}`)
  }
  const { startToken, suppressTokens } = encoderDecoderOf(manifest)
  return loadEncoderDecoder(manifest, {
    tokenizer: llamaTokenizer(),
    clock: CLOCK,
    prompt: { startToken, task: [] },
    suppressed: suppressTokens ?? [],
    suppressedFirst: [],
    graphs: {
      published: 'input_values',
      fixedShapes: false,
      silence: new Float32Array(SILENCE_SAMPLES),
    },
    encoderInput(samples) {
      const padded = padTo(samples, frontEnd.minSamples)
      return { tensor: new Tensor('float32', padded, [1, padded.length]) }
    },
  }, files, open, compiled)
}

function padTo(samples: Float32Array, length: number): Float32Array {
  if (samples.length >= length) return samples
  const padded = new Float32Array(length)
  padded.set(samples)
  return padded
}
