/**
 * A compiled recognizer: one graph from audio to tokens, with the interface of `writeGreedy` in
 * engine/compiler/decoder.ts.
 *
 * A decode that does not end in one run continues in another, from the keys and values that the first returned. They
 * stay tensors of the runtime and are never read here.
 */
import { SpeechError } from '../../domain/errors.js'
import { framesOf, memoryFrom, memoryOutputsOf, noMemory, type EncoderMemory } from './encoder-memory.js'
import { integers, missingPorts, outputOf, shapeOf, Tensor, type Session, type Tensors } from './session.js'

const INPUTS = ['prompt', 'budget', 'mask', 'first_mask', 'past', 'scored', 'keep']
const CHOSEN = ['tokens', 'log_probabilities', 'new_past']
const SCORED = ['scores', 'endings']
/** Added to a logit, it excludes the token; finite, so that no arithmetic makes a NaN of it. */
const EXCLUDED = -1e9

export interface GreedyGraph {
  /** Size of the vocabulary. */
  readonly vocabulary: number
  /**
   * Starts a decode of this audio: the first run encodes it, the others continue. `keepMemory`: the memory of the
   * encoder will be needed even if the text ends in the first run.
   */
  start(audio: Audio, keepMemory?: boolean): GreedyDecode
}

export interface GreedyDecode {
  /** The memory of the encoder, for the other graphs of the model. Encodes if no run has done so. */
  encode(): Promise<EncoderMemory>
  /** Runs that choose under these masks. */
  runsWith(masks: Masks): GreedyRun
  /**
   * Of each text, which has at least one token: the log-probability of its tokens after the prompt, and of the most
   * probable token that the mask allows after them, by forced decoding of all texts in one run. Encodes if no run has
   * done so; does not disturb the decode.
   */
  score(prompt: readonly number[], texts: readonly (readonly number[])[], ending: Tensor): Promise<number[][]>
  /** The next run starts at the first token again, without encoding the audio again. */
  resetTokens(): void
}

/** Feeds tokens, several only in the first run, and chooses at most `maxTokens`. */
export type GreedyRun = (tokens: readonly number[], maxTokens: number) => Promise<GreedyTokens>
export interface GreedyTokens { readonly tokens: number[]; readonly logProbabilities: number[] }

/** The input of the encoder, by its name, and the same without any audio, for the runs that continue. */
export interface Audio { readonly input: string; readonly tensor: Tensor; readonly empty: Tensor }

/** float32 [vocabulary] each: added to the logits before every choice, and before the first. */
export interface Masks { readonly always: Tensor; readonly first: Tensor }

/** Throws MODEL_INVALID when the graph has another interface. */
export function greedyGraph(session: Session): GreedyGraph {
  const missing = missingPorts(session, INPUTS, [...CHOSEN, ...SCORED])
  if (missing.length > 0) {
    throw new SpeechError('MODEL_INVALID', `the graph is no compiled recognizer, it lacks ${missing.join(', ')}`)
  }
  const [vocabulary] = shapeOf(session, 'mask') as [number]
  const [rows, heads, , headWidth] = shapeOf(session, 'past') as [number, number, number, number]
  const nothing = new Tensor('float32', new Float32Array(0), [rows, heads, 0, headWidth])
  const unmasked = forbid(vocabulary, [])
  return {
    vocabulary,
    start: (audio, keepMemory = false) => startDecode({ session, nothing, unmasked, keepMemory }, audio),
  }
}

interface Decoding {
  readonly session: Session
  /** Past without positions. */
  readonly nothing: Tensor
  readonly unmasked: Tensor
  readonly keepMemory: boolean
}

function startDecode(
  { session, nothing, unmasked, keepMemory }: Decoding, { input, tensor, empty }: Audio,
): GreedyDecode {
  let past = nothing
  let memory: EncoderMemory | undefined
  const feedsOf = (prompts: readonly (readonly number[])[], maxTokens: number, masks: Masks, scored = 0): Tensors => ({
    [input]: memory === undefined ? tensor : empty,
    ...memory ?? noMemory(session),
    prompt: integers(prompts.flat(), [prompts.length, prompts[0]!.length]),
    budget: new Tensor('int64', BigInt64Array.of(BigInt(maxTokens)), []),
    mask: masks.always,
    first_mask: masks.first,
    scored: new Tensor('int64', BigInt64Array.of(BigInt(scored)), []),
    keep: new Tensor('bool', [keepMemory], []),
    past,
  })
  // The memory is copied out once, in the run that encodes.
  const runKeeping = async (feeds: Tensors, wanted: readonly string[]): Promise<Tensors> => {
    if (memory !== undefined) return session.run(feeds, wanted)
    const results = await session.run(feeds, [...wanted, ...memoryOutputsOf(session)])
    const found = memoryFrom(results, session)
    if (framesOf(found) > 0) memory = found
    return results
  }
  const encode = async (): Promise<EncoderMemory> => {
    if (memory === undefined) await runKeeping(feedsOf([[0]], 0, { always: unmasked, first: unmasked }), [])
    return memory!
  }
  return {
    encode,
    async score(prompt, texts, ending) {
      await encode()
      const longest = Math.max(...texts.map(({ length }) => length))
      const prompts = texts.map((tokens) => [...prompt, ...filledUp(tokens, longest)])
      const feeds = feedsOf(prompts, 1, { always: ending, first: unmasked }, longest)
      const results = await session.run({ ...feeds, past: nothing }, SCORED)
      const [scores, endings] = SCORED.map((output) => outputOf(results, output).data as Float32Array) as
        [Float32Array, Float32Array]
      return texts.map(({ length }, text) =>
        [...scores.subarray(text * longest, text * longest + length), endings[text * longest + length - 1]!])
    },
    resetTokens() { past = nothing },
    runsWith({ always, first }) {
      let next = first
      return async (tokens, maxTokens) => {
        const results = await runKeeping(feedsOf([tokens], maxTokens, { always, first: next }), CHOSEN)
        next = unmasked
        past = outputOf(results, 'new_past')
        return chosenTokens(results)
      }
    },
  }
}

function chosenTokens(results: Tensors): GreedyTokens {
  return {
    tokens: Array.from(outputOf(results, 'tokens').data as BigInt64Array, Number),
    logProbabilities: [...outputOf(results, 'log_probabilities').data as Float32Array],
  }
}

/** With any tokens behind it, which change nothing before them. */
function filledUp(tokens: readonly number[], length: number): number[] {
  return [...tokens, ...new Array<number>(length - tokens.length).fill(0)]
}

/** A mask that excludes these tokens. */
export function forbid(vocabulary: number, tokens: Iterable<number>): Tensor {
  const mask = new Float32Array(vocabulary)
  for (const token of tokens) mask[token] = EXCLUDED
  return new Tensor('float32', mask, [vocabulary])
}

/** A mask that excludes all other tokens. */
export function allowOnly(vocabulary: number, tokens: Iterable<number>): Tensor {
  const mask = new Float32Array(vocabulary).fill(EXCLUDED)
  for (const token of tokens) mask[token] = 0
  return new Tensor('float32', mask, [vocabulary])
}
