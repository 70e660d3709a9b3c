/**
 * Whisper (Radford et al. 2022, arXiv:2212.04356): 80-bin log-mel of a 30-second window → transformer encoder →
 * autoregressive decoder, which starts from a prompt of special tokens: start, language, task, no timestamps.
 *
 * As published, the window is always 30 seconds, so a short clip costs as much encoder time as a long one. The compiled
 * graph encodes the clip and a margin of silence, and has the rest precomputed (engine/architectures/whisper.ts). One
 * model knows 99 languages and detects which one is spoken. A model of English alone has neither language nor task in
 * its prompt.
 */
import type { FeatureMatrix } from '../../domain/audio.js'
import { SpeechError } from '../../domain/errors.js'
import { byteTokenizer } from '../../engine/byte-tokenizer.js'
import { GGML_BEGINNING_BYTES, readGgmlVocabulary } from '../../engine/compiler/ggml.js'
import { encoderDecoderOf, type Manifest, type ModelFiles } from '../../engine/manifest.js'
import { Tensor } from '../../engine/runtime/session.js'
import { huggingFaceTokenizer, type Tokenizer } from '../../engine/tokenizer.js'
import { loadEncoderDecoder } from '../decoding/encoder-decoder.js'
import type { EncoderDecoderFamily } from '../decoding/family.js'
import { logMelExtractor } from '../features/log-mel.js'
import type { LoadFamily } from '../recognizer.js'

/** Time stamps run from 0.00 to 30.00 s in steps of 0.02 s; their tokens follow the one that switches them off. */
const TIMESTAMP_TOKENS = 1501
/** Silence after the clip that the compiled graph encodes: the end of speech shows in what follows it. */
const MARGIN_SECONDS = 3
const SILENCE_SECONDS = 1
const FRAMES_OF_A_STATE = 2

export const load: LoadFamily = async (manifest, files, open, compiled) => {
  const { name, frontEnd } = manifest
  if (frontEnd.kind !== 'log-mel') {
    throw new SpeechError('MODEL_INVALID', `${name}: Whisper takes log-mel features, not a ${frontEnd.kind}`)
  }
  const { sampleRate, hopSamples, frames: windowFrames } = frontEnd
  const extract = logMelExtractor(frontEnd)
  const framesWithMargin = (samples: Float32Array): number =>
    Math.min(windowFrames, roundUpToStates((samples.length + MARGIN_SECONDS * sampleRate) / hopSamples))
  return loadEncoderDecoder(manifest, {
    tokenizer: await openTokenizer(manifest, files),
    clock: { firstSeconds: 0, stepSeconds: FRAMES_OF_A_STATE * hopSamples / sampleRate },
    ...tokensOf(manifest),
    graphs: {
      published: 'input_features',
      fixedShapes: true,
      silence: new Float32Array(SILENCE_SECONDS * sampleRate),
    },
    encoderInput(samples, engine, timer) {
      const frames = engine === 'reference' ? windowFrames : framesWithMargin(samples)
      return {
        tensor: timer.time('model_features', () => binsFirst(extract(samples, frames))),
        states: Math.ceil(Math.min(frames, samples.length / hopSamples) / FRAMES_OF_A_STATE),
      }
    },
  }, files, open, compiled)
}

/** The special tokens of the manifest. Throws MODEL_INVALID where one is missing. */
function tokensOf(manifest: Manifest): Pick<EncoderDecoderFamily, 'prompt' | 'suppressed' | 'suppressedFirst'> {
  const { name, languages } = manifest
  const decoding = encoderDecoderOf(manifest)
  const { startToken, languageTokens, transcribeToken, noTimestampsToken } = decoding
  if (isEnglishAlone(manifest) && noTimestampsToken !== undefined) {
    // Its vocabulary has the special tokens of the other models too, between these two.
    const special = range(startToken, noTimestampsToken + TIMESTAMP_TOKENS)
    return {
      prompt: { startToken, task: [noTimestampsToken] },
      suppressed: [...decoding.suppressTokens ?? [], ...special],
      suppressedFirst: decoding.beginSuppressTokens ?? [],
    }
  }
  if (languageTokens === undefined || transcribeToken === undefined || noTimestampsToken === undefined) {
    const needed = 'languageTokens, transcribeToken and noTimestampsToken'
    throw new SpeechError('MODEL_INVALID', `${name}: Whisper needs ${needed} under "decoding"`)
  }
  const unknown = languages.filter((language) => languageTokens[language] === undefined)
  if (unknown.length > 0) {
    throw new SpeechError('MODEL_INVALID', `${name}: "languageTokens" lacks ${unknown.join(', ')} of "languages"`)
  }
  const timestamps = range(noTimestampsToken + 1, noTimestampsToken + TIMESTAMP_TOKENS)
  const special = [noTimestampsToken, ...Object.values(languageTokens), ...timestamps]
  return {
    prompt: { startToken, languageTokens, task: [transcribeToken, noTimestampsToken] },
    suppressed: [...decoding.suppressTokens ?? [], ...special],
    suppressedFirst: decoding.beginSuppressTokens ?? [],
  }
}

/** Such a model has no tokens for languages in its manifest. */
function isEnglishAlone(manifest: Manifest): boolean {
  const { languageTokens, transcribeToken } = encoderDecoderOf(manifest)
  return manifest.languages.join() === 'en' && languageTokens === undefined && transcribeToken === undefined
}

/** Both ends included. */
function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}

async function openTokenizer(manifest: Manifest, files: ModelFiles): Promise<Tokenizer> {
  const { name, tokenizer } = manifest
  if (tokenizer.kind === 'ggml') {
    // The first special token ends the text; some files have its name among the tokens of the text.
    const { endToken } = encoderDecoderOf(manifest)
    const beginning = await files.readBeginning(tokenizer.file, GGML_BEGINNING_BYTES)
    return byteTokenizer(readGgmlVocabulary(beginning).slice(0, endToken))
  }
  if (tokenizer.kind !== 'huggingface') {
    const problem = `Whisper takes a huggingface or ggml tokenizer, not ${tokenizer.kind}`
    throw new SpeechError('MODEL_INVALID', `${name}: ${problem}`)
  }
  return huggingFaceTokenizer(await files.read(tokenizer.file), await files.read(tokenizer.configFile))
}

function roundUpToStates(frames: number): number {
  return FRAMES_OF_A_STATE * Math.ceil(frames / FRAMES_OF_A_STATE)
}

/** [frames, bins] → [1, bins, frames] */
function binsFirst({ data, frames, bins }: FeatureMatrix): Tensor {
  const transposed = new Float32Array(data.length)
  for (let frame = 0; frame < frames; frame++) {
    for (let bin = 0; bin < bins; bin++) transposed[bin * frames + frame] = data[frame * bins + bin]!
  }
  return new Tensor('float32', transposed, [1, bins, frames])
}
