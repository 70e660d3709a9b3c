/**
 * A model on its compiled graphs: encoder and greedy decoder, and graphs for beam search and word times that are opened
 * when they are first needed. Clips that are decoded at the same time take their steps together.
 */
import type { Hypothesis } from '../../domain/transcript.js'
import { encoderDecoderOf, type Manifest } from '../../engine/manifest.js'
import { openAligner, type Aligner } from '../../engine/runtime/alignment-graph.js'
import { encoderGraph, statesIn, type Encode, type EncoderMemory } from '../../engine/runtime/encoder-memory.js'
import {
  allowOnly, GreedyGraph, masksTogether, newSequence, type Chosen,
} from '../../engine/runtime/greedy-graph.js'
import type { OpenSession, Session, Tensor } from '../../engine/runtime/session.js'
import { openBeamSearches, type BeamSearches } from '../../engine/runtime/step-graph.js'
import type { CompiledGraphs, RecognizeOptions } from '../recognizer.js'
import { beamSearchOrGreedy } from './beam-or-greedy.js'
import { ContinuousBatch } from './continuous-batch.js'
import {
  promptOf, type DecodeResult, type EncoderDecoderFamily, type EncoderInput, type OpenModel,
} from './family.js'
import type { DecodedTokens } from './greedy.js'
import { greedyInRuns } from './greedy-in-runs.js'
import { InternalLanguageModel } from './internal-language-model.js'
import { candidatesAmong, detectLanguage, languageMasks, type LanguageTokens } from './language-detection.js'
import type { TokenShapes } from './phrase-bias.js'
import { tokenShapesOf } from './phrases.js'
import { forbiddenIn, MASKS, masksOf, suppressionOf, type Suppression } from './suppression.js'
import { asDecoded, fullStopsOf, scoreTranscripts, type ScoreTokens } from './transcript-scores.js'

/** Most clips that are decoded together, as the highest EARSHOT_MAX_BATCH_SIZE: more gain little. */
const MAX_BATCH_SIZE = 8

/** The open graphs, and what is computed once from them and from the family. */
interface CompiledModel {
  readonly family: EncoderDecoderFamily
  readonly endToken: number
  /** Of a model of one language, that one. */
  readonly language: string
  readonly encode: Encode
  /** With several threads; `encode` until it is open, or where there is none. */
  encodeWide: Encode
  readonly batch: ContinuousBatch
  readonly steps: BeamSearches
  readonly aligner: Aligner
  readonly suppression: Suppression
  /** Where a text is scored: the tokens that end it. */
  readonly ending: Tensor
  readonly shapes: TokenShapes
  readonly internalLanguageModel: InternalLanguageModel
  /** Undefined for a model of one language. */
  readonly detect: ((memory: EncoderMemory, options: RecognizeOptions) => Promise<string>) | undefined
}

export async function openCompiled(
  manifest: Manifest, family: EncoderDecoderFamily, compiled: CompiledGraphs, open: OpenSession,
): Promise<OpenModel> {
  const { endToken } = encoderDecoderOf(manifest)
  const { tokenizer, graphs, prompt: { startToken, languageTokens } } = family
  // The closures below live as long as the recognizer and must not keep the bytes of the graphs.
  const { encoder: encoderBytes, greedy: greedyBytes, openWide, further } = compiled
  const encoder = await open(encoderBytes, { fixedShapes: false })
  let wideEncoder: Session | undefined
  const encode = encoderGraph(encoder)
  const decoder = await open(greedyBytes, { fixedShapes: false })
  const graph = new GreedyGraph(decoder)
  const suppression = suppressionOf(family, endToken)
  const masks = masksOf(suppression, graph.vocabulary)
  const steps = openBeamSearches(() => further('steps'), open)
  const aligner = openAligner(() => further('align'), open)
  const shapes = tokenShapesOf(tokenizer)
  const silence = (): Tensor => family.encoderInput(graphs.silence, 'compiled', NO_TIMER).tensor
  const batch = new ContinuousBatch({
    run: (group, maxTokens) => graph.run(group, maxTokens, masks),
    fits: (group, one) => graph.fits(group, one),
    rest: () => { graph.rest() },
  }, MAX_BATCH_SIZE)
  const model: CompiledModel = {
    family, endToken, encode, batch, steps, aligner, suppression, shapes,
    language: manifest.languages[0]!,
    encodeWide: encode,
    ending: masksTogether([allowOnly(graph.vocabulary, [endToken, ...fullStopsOf(tokenizer)])]).first,
    internalLanguageModel: new InternalLanguageModel(steps.overEncoded(() => encode(silence())), shapes),
    detect: languageTokens && languageDetector(graph, startToken, languageTokens),
  }
  return {
    engine: 'compiled',
    provider: encoder.provider,
    timesWords: true,
    openBeamSearch: () => steps.open(),
    ...openWide && {
      async openWideEncoder() {
        wideEncoder ??= await openWide(await further('encoder'), { fixedShapes: false })
        model.encodeWide = encoderGraph(wideEncoder)
      },
    },
    decode: (input, budget, options) => batch.withClip(() => decode(model, input, budget, options)),
    async dispose() {
      for (const session of [encoder, wideEncoder, decoder]) await session?.release()
      await Promise.all([steps.release(), aligner.dispose()])
    },
  }
}

async function decode(
  model: CompiledModel, { tensor, states }: EncoderInput, budget: number, options: RecognizeOptions,
): Promise<DecodeResult> {
  const { family: { prompt: promptSpec, tokenizer }, steps, endToken, suppression } = model
  const { expectSpeech, beam, transcript, draft = [], words = false, rescorable = false, interrupt, timer } = options
  interrupt()
  const memory = await timer.timeAsync('model', () => (options.isAlone ? model.encodeWide : model.encode)(tensor))
  const language = options.language
    ?? await timer.timeAsync('model', async () => model.detect?.(memory, options)) ?? model.language
  const prompt = promptOf(promptSpec, language)
  const decodeGreedily = (): Promise<DecodedTokens> => {
    const sequence = newSequence(memory, prompt, expectSpeech ? MASKS.firstOfSpeech : MASKS.first)
    const run = (maxTokens: number): Promise<Chosen> => model.batch.run(sequence, maxTokens)
    return greedyInRuns(run, { sequence, draft, endToken, budget, interrupt })
  }
  const limits = { prompt, endToken, budget, ...forbiddenIn(suppression, expectSpeech), interrupt }
  const score: ScoreTokens = (texts) => steps.score(memory, prompt, texts, model.ending)
  const found = await timer.timeAsync('model', () => transcript === undefined
    ? beamSearchOrGreedy(decodeGreedily, beam, { ...model, start: steps.over(memory) }, limits)
    : asDecoded(transcript, score))
  const rescore: Hypothesis['rescore'] = (texts) => timer.timeAsync('model', () =>
    scoreTranscripts(texts, { decoded: found, tokenizer, score, interrupt }))
  const decoded = { ...found, language, ...rescorable && { rescore } }
  if (!words) return decoded
  interrupt()
  const tokens = [...prompt, ...decoded.tokens]
  const attention = await timer.timeAsync('align', () =>
    model.aligner.attend(memory, tokens, states ?? statesIn(memory)))
  return { ...decoded, attention }
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

/** The internal language model is computed once, outside the stages of a request. */
const NO_TIMER: RecognizeOptions['timer'] = {
  seconds: {}, time: (_stage, work) => work(), timeAsync: (_stage, work) => work(),
}
