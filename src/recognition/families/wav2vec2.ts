/**
 * wav2vec 2.0 with a CTC output layer (Baevski et al. 2020, arXiv:2006.11477; Graves et al. 2006): one graph, waveform
 * of zero mean and unit variance `input_values` [1, samples] → `logits` [1, frames, vocabulary].
 *
 * There is no decoder: all frames are scored in one run. The frames of a token say when it was spoken, so words have
 * times without a second graph.
 */
import type { Clip } from '../../domain/audio.js'
import { SpeechError } from '../../domain/errors.js'
import type { Hypothesis } from '../../domain/transcript.js'
import type { Word } from '../../domain/words.js'
import type { CtcDecoding, Manifest, ModelFiles } from '../../engine/manifest.js'
import { missingPorts, Tensor } from '../../engine/runtime/session.js'
import type { Tokenizer } from '../../engine/tokenizer.js'
import { vocabularyTokenizer } from '../../engine/vocabulary-tokenizer.js'
import { splitIntoWords } from '../alignment/split-words.js'
import { ctcBestPath, type CtcResult } from '../decoding/ctc.js'
import { tokenLogProbabilitiesOf } from '../decoding/token-log-probabilities.js'
import type { LoadFamily, RecognizeOptions } from '../recognizer.js'

/** Added to the variance by the published feature extractor. */
const SMALLEST_VARIANCE = 1e-7

export const load: LoadFamily = async (manifest, files, open) => {
  const { name, frontEnd, limits, padding, languages } = manifest
  const decoding = ctcOf(manifest)
  if (frontEnd.kind !== 'waveform') {
    throw new SpeechError('MODEL_INVALID', `${name}: wav2vec 2.0 takes a waveform, not ${frontEnd.kind}`)
  }
  const tokenizer = await openTokenizer(manifest, files)
  const encoder = await open(await files.read('encoder'), { fixedShapes: false })
  const missing = missingPorts(encoder, ['input_values'], ['logits'])
  if (missing.length > 0) {
    throw new SpeechError('MODEL_INVALID', `${name}: the graph is no CTC encoder, it lacks ${missing.join(', ')}`)
  }
  const { sampleRate, minSamples } = frontEnd

  async function recognize(clip: Clip, options: RecognizeOptions): Promise<Hypothesis> {
    const { expectSpeech, interrupt, timer } = options
    interrupt()
    const samples = standardized(clip.waveform.samples, minSamples)
    const input = new Tensor('float32', samples, [1, samples.length])
    const { logits } = await timer.timeAsync('encoder', () => encoder.run({ input_values: input }, ['logits']))
    interrupt()
    return timer.time('postprocess', (): Hypothesis => {
      const { path, ...decoded } = ctcBestPath(logits!.data as Float32Array, logits!.dims[2]!, {
        blankToken: decoding.blankToken, atLeastOne: expectSpeech,
      })
      const hypothesis = {
        ...decoded, text: tokenizer.decode(decoded.tokens), language: languages[0]!,
        ...options.tokenLogProbabilities && { tokenLogProbabilities: tokenLogProbabilitiesOf(decoded, tokenizer) },
      }
      return options.words === true ? { ...hypothesis, words: wordsOf(path, tokenizer, clip, decoding) } : hypothesis
    })
  }

  return {
    name, sampleRate, maxSeconds: limits.clipSeconds, padding, languages,
    provider: encoder.provider, engine: 'reference', timesWords: true,
    recognize,
    dispose: () => encoder.release(),
  }
}

/** Words with the frames of their first and last token as start and end, in seconds from the start of the clip. */
function wordsOf(
  path: CtcResult['path'], tokenizer: Tokenizer, { waveform }: Clip, { frameSeconds }: CtcDecoding,
): Word[] {
  const seconds = waveform.samples.length / waveform.sampleRate
  const inside = (frame: number): number => Math.min(seconds, frame * frameSeconds)
  const pieces = tokenizer.pieces(path.map(({ token }) => token))
  return splitIntoWords(pieces).map(({ text, spoken }) => {
    const tokens = spoken.map((index) => path[index]!)
    const logProbability = tokens.reduce((sum, token) => sum + token.logProbability, 0)
    return {
      text,
      startSeconds: inside(tokens[0]!.startFrame),
      endSeconds: inside(tokens.at(-1)!.endFrame),
      confidence: Math.exp(logProbability / tokens.length),
      logProbability,
    }
  })
}

/** Zero mean and unit variance, as the published feature extractor has it; zeros up to `minSamples`. */
function standardized(samples: Float32Array, minSamples: number): Float32Array<ArrayBuffer> {
  const mean = samples.reduce((sum, sample) => sum + sample, 0) / Math.max(1, samples.length)
  const variance = samples.reduce((sum, sample) => sum + (sample - mean) ** 2, 0) / Math.max(1, samples.length)
  const scale = 1 / Math.sqrt(variance + SMALLEST_VARIANCE)
  const result = new Float32Array(Math.max(minSamples, samples.length))
  for (const [n, sample] of samples.entries()) result[n] = (sample - mean) * scale
  return result
}

function ctcOf({ name, decoding }: Manifest): CtcDecoding {
  if (decoding.kind === 'ctc') return decoding
  throw new SpeechError('MODEL_INVALID', `${name}: "decoding" must be of the kind ctc, not ${decoding.kind}`)
}

async function openTokenizer({ name, tokenizer }: Manifest, files: ModelFiles): Promise<Tokenizer> {
  if (tokenizer.kind !== 'vocabulary') {
    throw new SpeechError('MODEL_INVALID', `${name}: wav2vec 2.0 takes a vocabulary tokenizer, not ${tokenizer.kind}`)
  }
  return vocabularyTokenizer(await files.read(tokenizer.file), tokenizer.wordDelimiter)
}
