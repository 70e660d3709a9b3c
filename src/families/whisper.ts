/**
 * Whisper (Radford et al. 2022, arXiv:2212.04356): 80-bin log-mel of a 30-second window → transformer encoder →
 * autoregressive decoder, steered by a prompt of special tokens: start, language, task, no timestamps.
 *
 * The window is always 30 seconds, so a short clip costs as much encoder as a long one; in return one model knows
 * 99 languages and finds out by itself which one it hears.
 */
import { greedy, type Step } from '../decoding/greedy.js'
import { tokenBudget } from '../decoding/limits.js'
import { SpeechError } from '../errors.js'
import { logMelExtractor } from '../features/log-mel.js'
import type { Manifest, ModelFiles } from '../manifest.js'
import type { LoadFamily, RecognizeOptions } from '../recognizer.js'
import { requireMergedDecoder, startDecode } from '../runtime/kv-cache.js'
import { Tensor, type Session } from '../runtime/session.js'
import { huggingFaceTokenizer, type Tokenizer } from '../text/tokenizer.js'
import type { Clip, FeatureMatrix, Hypothesis } from '../types.js'

/** Time stamps run from 0.00 to 30.00 s in steps of 0.02 s; their tokens follow the one that switches them off. */
const TIMESTAMP_TOKENS = 1501

export const load: LoadFamily = async (manifest, files, open) => {
  const { frontEnd, languages } = manifest
  if (frontEnd.kind !== 'log-mel') throw new SpeechError('MODEL_INVALID', `${manifest.name}: Whisper takes log-mel features, not a ${frontEnd.kind}`)
  const vocabulary = readVocabulary(manifest)
  const tokenizer = await openTokenizer(manifest, files)
  const encoder = await open(await files.read('encoder'), { fixedShapes: true })
  const decoder = await open(await files.read('decoder'), { fixedShapes: false })
  if (!encoder.inputs.has('input_features')) throw new SpeechError('MODEL_INVALID', `${manifest.name}: the encoder graph has no input_features`)
  requireMergedDecoder(decoder)
  const extract = logMelExtractor(frontEnd)

  async function recognize(clip: Clip, options: RecognizeOptions): Promise<Hypothesis> {
    const { samples, sampleRate } = clip.waveform
    const { stopwatch, interrupt } = options
    const features = stopwatch.time('model_features', () => binsFirst(extract(samples)))
    const states = await stopwatch.timeAsync('encoder', () => encode(encoder, features))
    interrupt()
    const { language, ...decoded } = await stopwatch.timeAsync('decoder', async () => {
      const language = options.language ?? await detectLanguage(startDecode(decoder, states).step, vocabulary)
      const found = await greedy(startDecode(decoder, states).step, {
        prompt: [vocabulary.startToken, vocabulary.languageTokens[language], ...vocabulary.task],
        endToken: vocabulary.endToken,
        budget: tokenBudget(samples.length / sampleRate, manifest.decoding.tokensPerSecond, manifest.decoding.maxTokens),
        forbidden: vocabulary.forbidden,
        forbiddenFirst: options.mustSpeak ? vocabulary.forbiddenFirst : vocabulary.blank,
        interrupt,
      })
      return { ...found, language }
    })
    const text = stopwatch.time('postprocess', () => tokenizer.decode(decoded.tokens))
    return { ...decoded, text, language }
  }

  return {
    name: manifest.name,
    sampleRate: frontEnd.sampleRate,
    maxSeconds: manifest.limits.clipSeconds,
    hearing: manifest.hearing,
    languages,
    provider: encoder.provider,
    engine: 'reference',
    recognize,
    async dispose() { await encoder.release(); await decoder.release() },
  }
}

/** What the manifest says about special tokens, complete and ready for the decoder. */
interface Vocabulary {
  readonly startToken: number
  readonly endToken: number
  readonly languageTokens: Readonly<Record<string, number>>
  /** After the language: task and "no time stamps". */
  readonly task: readonly number[]
  readonly forbidden: ReadonlySet<number>
  /** Never first: what the model may not open with … */
  readonly blank: ReadonlySet<number>
  /** … and the end. */
  readonly forbiddenFirst: ReadonlySet<number>
}

function readVocabulary({ name, languages, decoding }: Manifest): Vocabulary {
  const { startToken, endToken, languageTokens, transcribeToken, noTimestampsToken } = decoding
  if (languageTokens === undefined || transcribeToken === undefined || noTimestampsToken === undefined) {
    throw new SpeechError('MODEL_INVALID', `${name}: Whisper needs languageTokens, transcribeToken and noTimestampsToken under "decoding"`)
  }
  const unknown = languages.filter((language) => languageTokens[language] === undefined)
  if (unknown.length > 0) throw new SpeechError('MODEL_INVALID', `${name}: "languageTokens" lacks ${unknown.join(', ')} of "languages"`)
  const timestamps = Array.from({ length: TIMESTAMP_TOKENS }, (_, i) => noTimestampsToken + 1 + i)
  const blank = new Set(decoding.beginSuppressTokens)
  return {
    startToken,
    endToken,
    languageTokens,
    task: [transcribeToken, noTimestampsToken],
    forbidden: new Set([...decoding.suppressTokens ?? [], noTimestampsToken, ...Object.values(languageTokens), ...timestamps]),
    blank,
    forbiddenFirst: new Set([...blank, endToken]),
  }
}

async function openTokenizer({ name, tokenizer }: Manifest, files: ModelFiles): Promise<Tokenizer> {
  if (tokenizer.kind !== 'huggingface') throw new SpeechError('MODEL_INVALID', `${name}: Whisper takes a huggingface tokenizer, not ${tokenizer.kind}`)
  return huggingFaceTokenizer(await files.read(tokenizer.file), await files.read(tokenizer.configFile))
}

/** Encoder states [1, frames / 2, width]. Nothing else is asked for: the graph would also compute and copy every attention matrix. */
async function encode(encoder: Session, features: Tensor): Promise<Tensor> {
  const { last_hidden_state } = await encoder.run({ input_features: features }, ['last_hidden_state'])
  return last_hidden_state
}

/**
 * The likeliest language token after the start token. The decode then starts afresh: feeding the rest of the prompt
 * into this cache costs the same (three single steps against one of four), and this way a detected language and
 * the same language asked for give the same transcript.
 */
async function detectLanguage(step: Step, { startToken, languageTokens }: Vocabulary): Promise<string> {
  const logits = await step([startToken])
  const [language] = Object.entries(languageTokens).reduce((best, one) => logits[one[1]] > logits[best[1]] ? one : best)
  return language
}

/** [frames, bins] → [1, bins, frames] */
function binsFirst({ data, frames, bins }: FeatureMatrix): Tensor {
  const turned = new Float32Array(data.length)
  for (let frame = 0; frame < frames; frame++) {
    for (let bin = 0; bin < bins; bin++) turned[bin * frames + frame] = data[frame * bins + bin]
  }
  return new Tensor('float32', turned, [1, bins, frames])
}
