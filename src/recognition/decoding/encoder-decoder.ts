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
import { encoderGraph, framesOf, type EncoderMemory } from '../../engine/runtime/encoder-memory.js'
import {
  allowOnly, GreedyGraph, masksTogether, newSequence, type Chosen,
} from '../../engine/runtime/greedy-graph.js'
import { requireMergedDecoder, startDecode } from '../../engine/runtime/kv-cache.js'
import type { OpenSession, Tensor } from '../../engine/runtime/session.js'
import { openBeamSearches } from '../../engine/runtime/step-graph.js'
import type { Tokenizer } from '../../engine/tokenizer.js'
import type { FrameClock } from '../alignment/frame-clock.js'
import { timeWords } from '../alignment/word-times.js'
import type { CompiledGraphs, RecognizeOptions, Recognizer } from '../recognizer.js'
import type { BeamResult } from './beam-contract.js'
import { beamSearchOrGreedy } from './beam-or-greedy.js'
import { ContinuousBatch } from './continuous-batch.js'
import { greedy, type DecodedTokens } from './greedy.js'
import { greedyInRuns } from './greedy-in-runs.js'
import { InternalLanguageModel } from './internal-language-model.js'
import {
  candidatesAmong, detectLanguage, languageMasks, mostProbableLanguage, type LanguageTokens,
} from './language-detection.js'
import { tokenBudget } from './limits.js'
import { asDecoded, fullStopsOf, scoreTranscripts, type ScoreTokens } from './transcript-scores.js'
import { asHypothesis, compilePhrases, tokenShapesOf } from './phrases.js'
import { forbiddenIn, MASKS, masksOf, suppressionOf, type SuppressedTokens } from './suppression.js'
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

/** What the graphs of a family are fed. */
export interface GraphInputs {
  /** Name of the encoder input in the published graph. */
  readonly published: string
  /** The published encoder takes one shape only. */
  readonly fixedShapes: boolean
  /** Samples of digital silence, as long as a word: what the internal language model decodes. */
  readonly silence: Float32Array
}

export interface EncoderInput {
  readonly tensor: Tensor
  /** Encoder states that cover the clip itself; undefined: all of them. */
  readonly states?: number
}

/** Most clips that are decoded together: more gain little, and each takes memory. */
const MAX_BATCH_SIZE = 8

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

async function openCompiled(
  manifest: Manifest, family: EncoderDecoderFamily, compiled: CompiledGraphs, open: OpenSession,
): Promise<OpenModel> {
  const { endToken } = encoderDecoderOf(manifest)
  const { tokenizer, graphs, prompt: { startToken, languageTokens } } = family
  // The closures below live as long as the recognizer and must not keep the bytes of the graphs.
  const { encoder: encoderBytes, greedy: greedyBytes, openWide, further } = compiled
  const aligner = openAligner(() => further('align'), open)
  const encoder = await open(encoderBytes, { fixedShapes: false })
  const wideEncoder = await openWide?.(encoderBytes, { fixedShapes: false })
  const encode = encoderGraph(encoder)
  const encodeWide = wideEncoder === undefined ? encode : encoderGraph(wideEncoder)
  const decoder = await open(greedyBytes, { fixedShapes: false })
  const graph = new GreedyGraph(decoder)
  const suppression = suppressionOf(family, endToken)
  const masks = masksOf(suppression, graph.vocabulary)
  const batch = new ContinuousBatch({
    run: (group, maxTokens) => graph.run(group, maxTokens, masks), fits: (group, one) => graph.fits(group, one),
  }, MAX_BATCH_SIZE)
  const ending = masksTogether([allowOnly(graph.vocabulary, [endToken, ...fullStopsOf(tokenizer)])]).first
  const steps = openBeamSearches(() => further('steps'), open)
  const shapes = tokenShapesOf(tokenizer)
  const silence = (): Tensor => family.encoderInput(graphs.silence, 'compiled', NO_TIMER).tensor
  const internalLanguageModel = new InternalLanguageModel(steps.overEncoded(() => encode(silence())), shapes)
  const detect = languageTokens && languageDetector(graph, startToken, languageTokens)
  const decode: OpenModel['decode'] = async ({ tensor, states }, budget, options) => {
    const { language: requested, expectSpeech, beam, transcript, draft = [], interrupt, timer } = options
    const { words = false, rescorable = false, isAlone = false } = options
    interrupt()
    const memory = await timer.timeAsync('model', () => (isAlone ? encodeWide : encode)(tensor))
    const language = requested ?? await timer.timeAsync('model', async () => detect?.(memory, options))
      ?? manifest.languages[0]!
    const prompt = promptOf(family.prompt, language)
    const mask = expectSpeech ? MASKS.firstOfSpeech : MASKS.first
    const decodeGreedily = (): Promise<DecodedTokens> => {
      const sequence = newSequence(memory, prompt, mask)
      const run = (maxTokens: number): Promise<Chosen> => batch.run(sequence, maxTokens)
      return greedyInRuns(run, { sequence, draft, endToken, budget, interrupt })
    }
    const limits = { prompt, endToken, budget, ...forbiddenIn(suppression, expectSpeech), interrupt }
    const model = { start: steps.over(memory), internalLanguageModel, shapes }
    const score: ScoreTokens = (texts) => steps.score(memory, prompt, texts, ending)
    const found = await timer.timeAsync('model', () => transcript === undefined
      ? beamSearchOrGreedy(decodeGreedily, beam, model, limits)
      : asDecoded(transcript, score))
    const rescore: Hypothesis['rescore'] = (texts) => timer.timeAsync('model', () =>
      scoreTranscripts(texts, { decoded: found, tokenizer, score, interrupt }))
    const decoded = { ...found, language, ...rescorable && { rescore } }
    if (!words) return decoded
    interrupt()
    const tokens = [...prompt, ...decoded.tokens]
    const attention = await timer.timeAsync('align', () => aligner.attend(memory, tokens, states ?? framesOf(memory)))
    return { ...decoded, attention }
  }
  return {
    engine: 'compiled',
    provider: encoder.provider,
    timesWords: true,
    openBeamSearch: () => steps.open(),
    decode: (input, budget, options) => batch.withClip(() => decode(input, budget, options)),
    async dispose() {
      await Promise.all([encoder, wideEncoder, decoder].map((session) => session?.release()))
      await Promise.all([steps.release(), aligner.dispose()])
    },
  }
}

/** The language of a clip, among those that a request names. */
function languageDetector(
  graph: GreedyGraph, startToken: number, languageTokens: LanguageTokens,
): (memory: EncoderMemory, options: RecognizeOptions) => Promise<string> {
  const masksOfAll = languageMasks(graph.vocabulary, languageTokens)
  return (memory, { languages, interrupt }) => {
    const candidates = candidatesAmong(languageTokens, languages)
    const masks = candidates === languageTokens ? masksOfAll : languageMasks(graph.vocabulary, candidates)
    return detectLanguage(graph, memory, masks, { startToken, candidates, interrupt })
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
