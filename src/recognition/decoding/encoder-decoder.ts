/**
 * What encoder-decoder families share: an encoder that runs once over a clip, and an autoregressive decoder that
 * attends to its states and starts from a prompt. A family adds its encoder input, its prompt and its tokens.
 *
 * Compiled, the greedy loop runs inside one graph; beam search and word times use further graphs over the same encoder
 * states. The published graphs run step by step, without beam search and word times.
 */
import type { Clip } from '../../domain/audio.js'
import type { Hypothesis } from '../../domain/transcript.js'
import { encoderDecoderOf, type Manifest, type ModelFiles } from '../../engine/manifest.js'
import type { OpenSession } from '../../engine/runtime/session.js'
import { timeWords } from '../alignment/word-times.js'
import type { CompiledGraphs, RecognizeOptions, Recognizer } from '../recognizer.js'
import { openCompiled } from './compiled-model.js'
import type { EncoderDecoderFamily } from './family.js'
import { tokenBudget } from './limits.js'
import { asHypothesis, compilePhrases } from './phrases.js'
import { openPublished } from './published-model.js'
import { tokenLogProbabilitiesOf } from './token-log-probabilities.js'

/** A shorter clip is not encoded faster by several threads: they would wait for each other most of the time. */
const SHARED_ENCODING_SECONDS = 2

/** The recognizer of an encoder-decoder family. Throws MODEL_INVALID when the graphs have another interface. */
export async function loadEncoderDecoder(
  manifest: Manifest, family: EncoderDecoderFamily, files: ModelFiles, open: OpenSession, compiled?: CompiledGraphs,
): Promise<Recognizer> {
  const { name, frontEnd: { sampleRate }, limits: { clipSeconds: maxSeconds }, padding, languages } = manifest
  const { tokensPerSecond, maxTokens } = encoderDecoderOf(manifest)
  const { tokenizer, clock } = family
  const opened = compiled === undefined
    ? await openPublished(manifest, family, files, open)
    : await openCompiled(manifest, family, compiled, open)
  const { engine, provider, timesWords, openBeamSearch, openWideEncoder, dispose } = opened

  async function recognize({ waveform }: Clip, options: RecognizeOptions): Promise<Hypothesis> {
    const { timer } = options
    const input = family.encoderInput(waveform.samples, engine, timer)
    const seconds = waveform.samples.length / sampleRate
    const budget = tokenBudget(seconds, tokensPerSecond, maxTokens)
    const isAlone = options.isAlone === true && seconds >= SHARED_ENCODING_SECONDS
    const { attention, language, rescore, ...decoded } = await opened.decode(input, budget, { ...options, isAlone })
    const hypothesis = timer.time('postprocess', (): Hypothesis => ({
      ...asHypothesis(decoded, tokenizer), language,
      ...rescore && { rescore },
      ...options.tokenLogProbabilities && { tokenLogProbabilities: tokenLogProbabilitiesOf(decoded, tokenizer) },
    }))
    if (attention === undefined) return hypothesis
    const transcript = { ...decoded, pieces: tokenizer.pieces(decoded.tokens) }
    return { ...hypothesis, words: timer.time('align', () => timeWords(waveform, attention, transcript, clock)) }
  }

  return {
    name, sampleRate, maxSeconds, padding, languages, provider, engine, timesWords, recognize, dispose,
    ...openWideEncoder && { openWideEncoder },
    ...openBeamSearch && { openBeamSearch, compilePhrases: (list) => compilePhrases(list, tokenizer) },
  }
}
