/**
 * Whisper (Radford et al. 2022, arXiv:2212.04356): 80-bin log-mel of a 30-second window → transformer encoder →
 * autoregressive decoder, steered by a prompt of special tokens: start, language, task, no timestamps.
 *
 * As published, the window is always 30 seconds, so a short clip costs as much encoder as a long one; the compiled
 * graph hears the clip and a margin of silence, and knows the rest (engine/architectures/whisper.ts). In return for its size
 * one model knows 99 languages and finds out by itself which one it hears.
 */
import type { FrameClock } from '../alignment/frame-clock.js'
import { timeWords } from '../alignment/word-times.js'
import { greedy, type Decoded, type Step } from '../decoding/greedy.js'
import { tokenBudget } from '../decoding/limits.js'
import { greedyInRuns } from '../decoding/runs.js'
import { asHypothesis, compilePhrases, shapesOf } from '../decoding/phrases.js'
import type { BeamDecoded } from '../decoding/search-contract.js'
import { beamSearchOrGreedy } from '../decoding/search.js'
import { InternalLanguageModel } from '../decoding/silence-prior.js'
import { SpeechError } from '../../domain/errors.js'
import { logMelExtractor } from '../features/log-mel.js'
import type { Manifest, ModelFiles } from '../../engine/manifest.js'
import type { CompiledGraphs, LoadFamily, RecognizeOptions } from '../recognizer.js'
import { openAligner, type Attention } from '../../engine/runtime/alignment-graph.js'
import { allowOnly, forbid, greedyGraph } from '../../engine/runtime/greedy-graph.js'
import { requireMergedDecoder, startDecode } from '../../engine/runtime/kv-cache.js'
import { Tensor, type OpenSession, type Session } from '../../engine/runtime/session.js'
import { openBeamSearches } from '../../engine/runtime/step-graph.js'
import { huggingFaceTokenizer, type Tokenizer } from '../../engine/tokenizer.js'
import type { Engine, ProviderReport } from '../../domain/choices.js'
import type { Clip, FeatureMatrix } from '../../domain/audio.js'
import type { Hypothesis } from '../../domain/transcript.js'

/** Time stamps run from 0.00 to 30.00 s in steps of 0.02 s; their tokens follow the one that switches them off. */
const TIMESTAMP_TOKENS = 1501
/** Silence behind the clip that the compiled graph hears itself: where speech ends is heard in what follows it. */
const MARGIN_SECONDS = 3
/** As long as a word. */
const SILENCE_SECONDS = 1
/** Features of one moment make a frame, two frames a state of the encoder. */
const FRAMES_OF_A_STATE = 2

export const load: LoadFamily = async (manifest, files, open, compiled) => {
  const { frontEnd, languages, limits, hearing, decoding } = manifest
  if (frontEnd.kind !== 'log-mel') throw new SpeechError('MODEL_INVALID', `${manifest.name}: Whisper takes log-mel features, not a ${frontEnd.kind}`)
  const vocabulary = readVocabulary(manifest)
  const tokenizer = await openTokenizer(manifest, files)
  const { sampleRate, hopSamples, frames } = frontEnd
  const extract = logMelExtractor(frontEnd)
  const framesOf = (samples: Float32Array): number => Math.min(frames, evenly((samples.length + MARGIN_SECONDS * sampleRate) / hopSamples))
  const silence = new Float32Array(SILENCE_SECONDS * sampleRate)
  const opened = compiled === undefined
    ? await openPublished(manifest, vocabulary, files, open)
    : await openCompiled(vocabulary, compiled, tokenizer, open, () => binsFirst(extract(silence, framesOf(silence))))
  const { engine, provider, timesWords, openSearch, decode, dispose } = opened
  const clock: FrameClock = { firstSeconds: 0, stepSeconds: FRAMES_OF_A_STATE * hopSamples / sampleRate }

  async function recognize(clip: Clip, options: RecognizeOptions): Promise<Hypothesis> {
    const { samples } = clip.waveform
    const heard = engine === 'reference' ? frames : framesOf(samples)
    const features = options.timer.time('model_features', () => binsFirst(extract(samples, heard)))
    const budget = tokenBudget(samples.length / sampleRate, decoding.tokensPerSecond, decoding.maxTokens)
    const states = Math.ceil(Math.min(heard, samples.length / hopSamples) / FRAMES_OF_A_STATE)
    const { attention, ...decoded } = await decode({ features, states }, budget, options)
    const hypothesis = options.timer.time('postprocess', (): Hypothesis => ({ ...asHypothesis(decoded, tokenizer), language: decoded.language }))
    if (attention === undefined) return hypothesis
    const words = options.timer.time('align', () => timeWords(clip.waveform, attention, { ...decoded, pieces: tokenizer.pieces(decoded.tokens) }, clock))
    return { ...hypothesis, words }
  }

  return {
    name: manifest.name, sampleRate, maxSeconds: limits.clipSeconds, hearing, languages, provider, engine, timesWords, recognize, dispose,
    ...openSearch && { openSearch, compilePhrases: (list) => compilePhrases(list, tokenizer) },
  }
}

interface Opened {
  readonly engine: Engine
  readonly provider: ProviderReport
  readonly timesWords: boolean
  readonly openSearch?: () => Promise<void>
  /** Where words are wanted, it answers what the decoder attended to. */
  decode(heard: Features, budget: number, options: RecognizeOptions): Promise<(Decoded | BeamDecoded) & { readonly language: string; readonly attention?: Attention }>
  dispose(): Promise<void>
}

/** [1, bins, frames], and how many states of the encoder they make without the silence behind the clip. */
interface Features { readonly features: Tensor; readonly states: number }

/** `silence` answers the features of as much. */
async function openCompiled(vocabulary: Vocabulary, compiled: CompiledGraphs, tokenizer: Tokenizer, open: OpenSession, silence: () => Tensor): Promise<Opened> {
  const aligner = openAligner(() => compiled.further('align'), open)
  const session = await open(compiled.greedy, { fixedShapes: false })
  const { vocabulary: size, start } = greedyGraph(session)
  const { startToken, endToken, languageTokens } = vocabulary
  const free = forbid(size, [])
  const languages = { always: allowOnly(size, Object.values(languageTokens)), first: free }
  const words = { always: forbid(size, vocabulary.forbidden), first: forbid(size, vocabulary.blank) }
  const spoken = { ...words, first: forbid(size, vocabulary.forbiddenFirst) }
  const bins = Number(session.inputs.get('features')![1])
  const nothing = new Tensor('float32', new Float32Array(0), [1, bins, 0])
  const steps = openBeamSearches(() => compiled.further('steps'), open)
  const shapes = shapesOf(tokenizer)
  const prior = new InternalLanguageModel(steps.overEncoded(() => start({ input: 'features', tensor: silence(), empty: nothing }).encode()), shapes)
  return {
    engine: 'compiled',
    provider: session.provider,
    timesWords: true,
    openSearch: () => steps.open(),
    async decode({ features, states }, budget, { language: asked, suppressBlank: suppressBlank, search, words: timed, interrupt, timer }) {
      const decode = start({ input: 'features', tensor: features, empty: nothing })
      interrupt()
      const memory = timed || search !== undefined ? await timer.timeAsync('model', () => decode.encode()) : undefined
      const language = asked ?? await timer.timeAsync('model', detect)
      const prompt = promptFor(vocabulary, language)
      const greedily = (): Promise<Decoded> => greedyInRuns(decode.runsWith(suppressBlank ? spoken : words), { prompt, endToken, budget, interrupt })
      if (memory === undefined) return { ...await timer.timeAsync('model', greedily), language }
      const limits = { prompt, endToken, budget, forbidden: vocabulary.forbidden, forbiddenFirst: suppressBlank ? vocabulary.forbiddenFirst : vocabulary.blank, interrupt }
      const decoded = await timer.timeAsync('model', () => beamSearchOrGreedy(greedily, search, { start: steps.over(memory), prior, shapes }, limits))
      if (!timed) return { ...decoded, language }
      interrupt()
      const attention = await timer.timeAsync('align', () => aligner.attend(memory, [...prompt, ...decoded.tokens], states))
      return { ...decoded, language, attention }

      /** The likeliest language after the start token. */
      async function detect(): Promise<string> {
        interrupt()
        const { tokens: [found] } = await decode.runsWith(languages)([startToken], 1)
        decode.resetTokens()
        return Object.entries(languageTokens).find(([, token]) => token === found)![0]
      }
    },
    async dispose() { await session.release(); await steps.release(); await aligner.dispose() },
  }
}

async function openPublished({ name }: Manifest, vocabulary: Vocabulary, files: ModelFiles, open: OpenSession): Promise<Opened> {
  const encoder = await open(await files.read('encoder'), { fixedShapes: true })
  const decoder = await open(await files.read('decoder'), { fixedShapes: false })
  if (!encoder.inputs.has('input_features')) throw new SpeechError('MODEL_INVALID', `${name}: the encoder graph has no input_features`)
  requireMergedDecoder(decoder)
  const { endToken, forbidden, blank, forbiddenFirst } = vocabulary
  return {
    engine: 'reference',
    provider: encoder.provider,
    timesWords: false,
    async decode({ features }, budget, { language: asked, suppressBlank: suppressBlank, interrupt, timer }) {
      const states = await timer.timeAsync('encoder', () => encode(encoder, features))
      interrupt()
      return timer.timeAsync('decoder', async () => {
        const language = asked ?? await detectLanguage(startDecode(decoder, states).step, vocabulary)
        const prompt = promptFor(vocabulary, language)
        const decoded = await greedy(startDecode(decoder, states).step, { prompt, endToken, budget, forbidden, forbiddenFirst: suppressBlank ? forbiddenFirst : blank, interrupt })
        return { ...decoded, language }
      })
    },
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

function promptFor({ startToken, languageTokens, task }: Vocabulary, language: string): readonly number[] {
  return [startToken, languageTokens[language]!, ...task]
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

/** Two frames make one state. */
function evenly(frames: number): number {
  return 2 * Math.ceil(frames / 2)
}

/** [frames, bins] → [1, bins, frames] */
function binsFirst({ data, frames, bins }: FeatureMatrix): Tensor {
  const turned = new Float32Array(data.length)
  for (let frame = 0; frame < frames; frame++) {
    for (let bin = 0; bin < bins; bin++) turned[bin * frames + frame] = data[frame * bins + bin]
  }
  return new Tensor('float32', turned, [1, bins, frames])
}
