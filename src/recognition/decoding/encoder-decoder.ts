/**
 * What encoder-decoder families share: an encoder that runs once over a clip, and an autoregressive decoder that
 * attends to its states and starts from a prompt. A family adds its encoder input, its prompt and its tokens.
 *
 * Compiled, the greedy loop runs inside one graph; beam search and word times use further graphs over the same encoder
 * states. The published graphs run step by step, without beam search and word times.
 */
import type { Clip } from '../../domain/audio.js'
import type { Engine, ProviderReport } from '../../domain/choices.js'
import { SpeechError } from '../../domain/errors.js'
import type { Hypothesis } from '../../domain/transcript.js'
import { encoderDecoderOf, type Manifest, type ModelFiles } from '../../engine/manifest.js'
import { openAligner, type Attention } from '../../engine/runtime/alignment-graph.js'
import { framesOf } from '../../engine/runtime/encoder-memory.js'
import { allowOnly, greedyGraph, type GreedyDecode } from '../../engine/runtime/greedy-graph.js'
import { requireMergedDecoder, startDecode } from '../../engine/runtime/kv-cache.js'
import type { OpenSession, Tensor } from '../../engine/runtime/session.js'
import { openBeamSearches } from '../../engine/runtime/step-graph.js'
import type { Tokenizer } from '../../engine/tokenizer.js'
import type { FrameClock } from '../alignment/frame-clock.js'
import { timeWords } from '../alignment/word-times.js'
import type { CompiledGraphs, RecognizeOptions, Recognizer } from '../recognizer.js'
import type { BeamResult } from './beam-contract.js'
import { beamSearchOrGreedy } from './beam-or-greedy.js'
import type { StartBeamSearch } from './beam-search.js'
import { greedy, type DecodedTokens } from './greedy.js'
import { greedyInRuns } from './greedy-in-runs.js'
import { InternalLanguageModel } from './internal-language-model.js'
import {
  candidatesAmong, detectLanguage, languageMasks, mostProbableLanguage, type LanguageTokens,
} from './language-detection.js'
import { tokenBudget } from './limits.js'
import { asDecoded, fullStopsOf, scoreTranscripts, type ScoreTokens } from './transcript-scores.js'
import { asHypothesis, compilePhrases, tokenShapesOf } from './phrases.js'
import { forbiddenIn, masksOf, suppressionOf, type SuppressedTokens } from './suppression.js'
import { tokenLogProbabilitiesOf } from './token-log-probabilities.js'

/** What one family adds. */
export interface EncoderDecoderFamily extends SuppressedTokens {
  readonly tokenizer: Tokenizer
  /** When the encoder states of a clip lie. */
  readonly clock: FrameClock
  readonly prompt: Prompt
  readonly graphs: GraphInputs
  /** Encoder input for the samples of a clip. */
  encoderInput(samples: Float32Array, engine: Engine, timer: RecognizeOptions['timer']): EncoderInput
}

export interface Prompt {
  readonly startToken: number
  /** By ISO 639-1 code; undefined for a model of one language, whose prompt has no language. */
  readonly languageTokens?: LanguageTokens
  /** Tokens after start and language. */
  readonly task: readonly number[]
}

/** Names of the encoder input in the compiled and in the published graph. */
export interface GraphInputs {
  readonly compiled: string
  readonly published: string
  /** The published encoder takes one shape only. */
  readonly fixedShapes: boolean
  /** Encoder input without any audio, for runs that continue a decode. */
  readonly empty: Tensor
  /** Samples of digital silence, as long as a word: what the internal language model decodes. */
  readonly silence: Float32Array
}

export interface EncoderInput {
  readonly tensor: Tensor
  /** Encoder states that cover the clip itself; undefined: all of them. */
  readonly states?: number
}

/** Tokens, the language, and the attention of each token where word times are requested. */
type DecodeResult = (DecodedTokens | BeamResult) & Pick<Hypothesis, 'rescore'>
  & { readonly language: string; readonly attention?: Attention }

/** The open graphs of a model, on either engine. */
interface OpenModel {
  readonly engine: Engine
  readonly provider: ProviderReport
  readonly timesWords: boolean
  readonly openBeamSearch?: () => Promise<void>
  decode(input: EncoderInput, budget: number, options: RecognizeOptions): Promise<DecodeResult>
  dispose(): Promise<void>
}

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
  const { engine, provider, timesWords, openBeamSearch, dispose } = opened

  async function recognize({ waveform }: Clip, options: RecognizeOptions): Promise<Hypothesis> {
    const { timer } = options
    const input = family.encoderInput(waveform.samples, engine, timer)
    const budget = tokenBudget(waveform.samples.length / sampleRate, tokensPerSecond, maxTokens)
    const { attention, language, rescore, ...decoded } = await opened.decode(input, budget, options)
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
    ...openBeamSearch && { openBeamSearch, compilePhrases: (list) => compilePhrases(list, tokenizer) },
  }
}

/** Of the compiled graphs, closures keep `further` alone: the bytes of the greedy graph are free once it is open. */
async function openCompiled(
  manifest: Manifest, family: EncoderDecoderFamily, { greedy: greedyBytes, further }: CompiledGraphs, open: OpenSession,
): Promise<OpenModel> {
  const { endToken } = encoderDecoderOf(manifest)
  const { tokenizer, graphs } = family
  const aligner = openAligner(() => further('align'), open)
  const session = await open(greedyBytes, { fixedShapes: false })
  const { vocabulary, start } = greedyGraph(session)
  const begin = (tensor: Tensor, keepMemory?: boolean) =>
    start({ input: graphs.compiled, tensor, empty: graphs.empty }, keepMemory)
  const suppression = suppressionOf(family, endToken)
  const masks = masksOf(suppression, vocabulary)
  const ending = allowOnly(vocabulary, [endToken, ...fullStopsOf(tokenizer)])
  const steps = openBeamSearches(() => further('steps'), open)
  const shapes = tokenShapesOf(tokenizer)
  const silence = (): Tensor => family.encoderInput(graphs.silence, 'compiled', NO_TIMER).tensor
  const internalLanguageModel = new InternalLanguageModel(steps.overEncoded(() => begin(silence()).encode()), shapes)
  const detect = languageDetector(manifest, family.prompt, vocabulary)
  return {
    engine: 'compiled',
    provider: session.provider,
    timesWords: true,
    openBeamSearch: () => steps.open(),
    async decode({ tensor, states }, budget, options) {
      const { language: requested, expectSpeech, beam, transcript, interrupt, timer } = options
      const { words = false, rescorable = false } = options
      const decode = begin(tensor, words || rescorable)
      interrupt()
      const language = requested ?? await timer.timeAsync('model', () => detect(decode, options))
      const prompt = promptOf(family.prompt, language)
      const run = decode.runsWith(expectSpeech ? masks.ofSpeech : masks.plain)
      const decodeGreedily = (): Promise<DecodedTokens> => greedyInRuns(run, { prompt, endToken, budget, interrupt })
      const limits = { prompt, endToken, budget, ...forbiddenIn(suppression, expectSpeech), interrupt }
      const startSearch: StartBeamSearch = async (before) => steps.over(await decode.encode())(before)
      const model = { start: startSearch, internalLanguageModel, shapes }
      const score: ScoreTokens = (scored) => decode.score(prompt, scored, ending)
      const found = await timer.timeAsync('model', () => transcript === undefined
        ? beamSearchOrGreedy(decodeGreedily, beam, model, limits)
        : asDecoded(transcript, score))
      const rescore: Hypothesis['rescore'] = (texts) => timer.timeAsync('model', () =>
        scoreTranscripts(texts, { decoded: found, tokenizer, score, interrupt }))
      const decoded = { ...found, language, ...rescorable && { rescore } }
      if (!words) return decoded
      interrupt()
      const [memory, tokens] = [await decode.encode(), [...prompt, ...decoded.tokens]]
      const attention = await timer.timeAsync('align', () => aligner.attend(memory, tokens, states ?? framesOf(memory)))
      return { ...decoded, attention }
    },
    async dispose() {
      await session.release()
      await steps.release()
      await aligner.dispose()
    },
  }
}

/** The only language of a model is not detected. */
function languageDetector(
  manifest: Manifest, { startToken, languageTokens }: Prompt, vocabulary: number,
): (decode: GreedyDecode, options: RecognizeOptions) => Promise<string> {
  if (languageTokens === undefined) return async () => manifest.languages[0]!
  const masksOfAll = languageMasks(vocabulary, languageTokens)
  return (decode, { languages, interrupt }) => {
    const candidates = candidatesAmong(languageTokens, languages)
    const masks = candidates === languageTokens ? masksOfAll : languageMasks(vocabulary, candidates)
    return detectLanguage(decode, masks, { startToken, candidates, interrupt })
  }
}

async function openPublished(
  manifest: Manifest, family: EncoderDecoderFamily, files: ModelFiles, open: OpenSession,
): Promise<OpenModel> {
  const { endToken } = encoderDecoderOf(manifest)
  const { prompt: { languageTokens, startToken }, graphs } = family
  const encoder = await open(await files.read('encoder'), { fixedShapes: graphs.fixedShapes })
  const decoder = await open(await files.read('decoder'), { fixedShapes: false })
  if (!encoder.inputs.has(graphs.published)) {
    throw new SpeechError('MODEL_INVALID', `${manifest.name}: the encoder graph has no ${graphs.published}`)
  }
  requireMergedDecoder(decoder)
  const suppression = suppressionOf(family, endToken)
  // [1, frames, width]. Nothing else is requested: the graph would compute and copy every attention matrix too.
  const encode = async (tensor: Tensor): Promise<Tensor> =>
    (await encoder.run({ [graphs.published]: tensor }, ['last_hidden_state'])).last_hidden_state!
  return {
    engine: 'reference',
    provider: encoder.provider,
    timesWords: false,
    async decode({ tensor }, budget, { language: requested, languages, expectSpeech, interrupt, timer }) {
      const states = await timer.timeAsync('encoder', () => encode(tensor))
      interrupt()
      return timer.timeAsync('decoder', async () => {
        const detect = async (): Promise<string | undefined> => languageTokens && mostProbableLanguage(
          startDecode(decoder, states).step,
          { startToken, candidates: candidatesAmong(languageTokens, languages), interrupt },
        )
        const language = requested ?? await detect() ?? manifest.languages[0]!
        const decoded = await greedy(startDecode(decoder, states).step, {
          prompt: promptOf(family.prompt, language),
          endToken, budget, ...forbiddenIn(suppression, expectSpeech), interrupt,
        })
        return { ...decoded, language }
      })
    },
    async dispose() {
      await encoder.release()
      await decoder.release()
    },
  }
}

function promptOf({ startToken, languageTokens, task }: Prompt, language: string): readonly number[] {
  return [startToken, ...languageTokens === undefined ? [] : [languageTokens[language]!], ...task]
}

/** The internal language model is computed once, outside the stages of a request. */
const NO_TIMER: RecognizeOptions['timer'] = {
  seconds: {}, time: (_stage, work) => work(), timeAsync: (_stage, work) => work(),
}
