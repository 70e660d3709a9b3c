/**
 * Moonshine (Jeffries et al. 2024, arXiv:2410.15608): raw 16 kHz waveform → convolutional stem and transformer
 * encoder → autoregressive decoder. Its cost grows with the clip, not with a fixed window, which is why it is
 * the default for voice search.
 */
import type { FrameClock } from '../alignment/frame-clock.js'
import { timeWords } from '../alignment/word-times.js'
import { greedy, type Decoded } from '../decoding/greedy.js'
import { tokenBudget } from '../decoding/limits.js'
import { greedyInRuns } from '../decoding/runs.js'
import { asHypothesis, compilePhrases, shapesOf } from '../decoding/phrases.js'
import type { BeamDecoded } from '../decoding/search-contract.js'
import { beamSearchOrGreedy } from '../decoding/search.js'
import { InternalLanguageModel } from '../decoding/silence-prior.js'
import { SpeechError } from '../../domain/errors.js'
import type { Manifest, ModelFiles } from '../../engine/manifest.js'
import type { CompiledGraphs, LoadFamily, RecognizeOptions } from '../recognizer.js'
import { openAligner, type Attention } from '../../engine/runtime/alignment-graph.js'
import { forbid, greedyGraph } from '../../engine/runtime/greedy-graph.js'
import { requireMergedDecoder, startDecode } from '../../engine/runtime/kv-cache.js'
import { Tensor, type OpenSession } from '../../engine/runtime/session.js'
import { openBeamSearches } from '../../engine/runtime/step-graph.js'
import { llamaTokenizer, type Tokenizer } from '../../engine/tokenizer.js'
import type { Engine, ProviderReport } from '../../domain/choices.js'
import type { Clip } from '../../domain/audio.js'
import type { Hypothesis } from '../../domain/transcript.js'

/** A state of the encoder hears 894 samples, the next one begins 384 later (engine/architectures/moonshine.ts, `listen`). */
const CLOCK: FrameClock = { firstSeconds: 447 / 16_000, stepSeconds: 384 / 16_000 }

/** As long as a word. */
const SILENCE_SAMPLES = 16_000

export const load: LoadFamily = async (manifest, files, open, compiled) => {
  const { frontEnd, limits, hearing, languages, decoding } = manifest
  if (frontEnd.kind !== 'waveform') throw new SpeechError('MODEL_INVALID', `${manifest.name}: Moonshine takes a waveform, not ${frontEnd.kind}`)
  const { sampleRate, minSamples } = frontEnd
  const tokenizer = llamaTokenizer()
  const { engine, provider, timesWords, openSearch, decode, dispose } = compiled === undefined ? await openPublished(manifest, files, open) : await openCompiled(manifest, compiled, tokenizer, open)

  async function recognize(clip: Clip, options: RecognizeOptions): Promise<Hypothesis> {
    const samples = padTo(clip.waveform.samples, minSamples)
    const budget = tokenBudget(samples.length / sampleRate, decoding.tokensPerSecond, decoding.maxTokens)
    const { attention, ...decoded } = await decode(new Tensor('float32', samples, [1, samples.length]), budget, options)
    const hypothesis = options.timer.time('postprocess', (): Hypothesis => ({ ...asHypothesis(decoded, tokenizer), language: languages[0] }))
    if (attention === undefined) return hypothesis
    const words = options.timer.time('align', () => timeWords(clip.waveform, attention, { ...decoded, pieces: tokenizer.pieces(decoded.tokens) }, CLOCK))
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
  /** The waveform is [1, samples]. Where words are wanted, it answers what the decoder attended to. */
  decode(waveform: Tensor, budget: number, options: RecognizeOptions): Promise<(Decoded | BeamDecoded) & { readonly attention?: Attention }>
  dispose(): Promise<void>
}

async function openCompiled({ decoding }: Manifest, compiled: CompiledGraphs, tokenizer: Tokenizer, open: OpenSession): Promise<Opened> {
  const aligner = openAligner(() => compiled.further('align'), open)
  const session = await open(compiled.greedy, { fixedShapes: false })
  const { vocabulary, start } = greedyGraph(session)
  const steps = openBeamSearches(() => compiled.further('steps'), open)
  const forbidden = new Set(decoding.suppressTokens)
  const always = forbid(vocabulary, forbidden)
  const anything = forbid(vocabulary, [])
  const notTheEnd = forbid(vocabulary, [decoding.endToken])
  const nothing = new Tensor('float32', new Float32Array(0), [1, 0])
  const shapes = shapesOf(tokenizer)
  const silence = new Tensor('float32', new Float32Array(SILENCE_SAMPLES), [1, SILENCE_SAMPLES])
  const prior = new InternalLanguageModel(steps.overEncoded(() => start({ input: 'waveform', tensor: silence, empty: nothing }).encode()), shapes)
  const { startToken, endToken } = decoding
  return {
    engine: 'compiled',
    provider: session.provider,
    timesWords: true,
    openSearch: () => steps.open(),
    async decode(waveform, budget, { interrupt, suppressBlank: suppressBlank, search, words, timer }) {
      const decode = start({ input: 'waveform', tensor: waveform, empty: nothing })
      const prompt = [startToken]
      const greedily = (): Promise<Decoded> => greedyInRuns(decode.runsWith({ always, first: suppressBlank ? notTheEnd : anything }), { prompt, endToken, budget, interrupt })
      if (search === undefined && !words) return timer.timeAsync('model', greedily)
      interrupt()
      const memory = await timer.timeAsync('model', () => decode.encode())
      const limits = { prompt, endToken, budget, forbidden, forbiddenFirst: new Set(suppressBlank ? [endToken] : []), interrupt }
      const decoded = await timer.timeAsync('model', () => beamSearchOrGreedy(greedily, search, { start: steps.over(memory), prior, shapes }, limits))
      if (!words) return decoded
      interrupt()
      const attention = await timer.timeAsync('align', () => aligner.attend(memory, [...prompt, ...decoded.tokens], memory.dims[2]!))
      return { ...decoded, attention }
    },
    async dispose() { await session.release(); await steps.release(); await aligner.dispose() },
  }
}

async function openPublished({ name, decoding }: Manifest, files: ModelFiles, open: OpenSession): Promise<Opened> {
  const encoder = await open(await files.read('encoder'), { fixedShapes: false })
  const decoder = await open(await files.read('decoder'), { fixedShapes: false })
  if (!encoder.inputs.has('input_values')) throw new SpeechError('MODEL_INVALID', `${name}: the encoder graph has no input_values`)
  requireMergedDecoder(decoder)
  const forbidden = new Set(decoding.suppressTokens)
  return {
    engine: 'reference',
    provider: encoder.provider,
    timesWords: false,
    async decode(waveform, budget, { interrupt, suppressBlank: suppressBlank, timer }) {
      const { last_hidden_state: states } = await timer.timeAsync('encoder', () => encoder.run({ input_values: waveform }, ['last_hidden_state'])) // [1, frames, width]
      return timer.timeAsync('decoder', () => greedy(startDecode(decoder, states).step, {
        prompt: [decoding.startToken],
        endToken: decoding.endToken,
        budget,
        forbidden,
        forbiddenFirst: new Set(suppressBlank ? [decoding.endToken] : []),
        interrupt,
      }))
    },
    async dispose() { await encoder.release(); await decoder.release() },
  }
}

function padTo(samples: Float32Array, length: number): Float32Array {
  if (samples.length >= length) return samples
  const padded = new Float32Array(length)
  padded.set(samples)
  return padded
}
