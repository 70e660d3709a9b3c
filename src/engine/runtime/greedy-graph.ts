/**
 * A compiled recognizer: one graph from audio to tokens, with the interface of `writeGreedy` in
 * engine/compiler/decoder.ts.
 *
 * A decode that does not end in one run continues in another, from the keys and values that the first returned. They
 * stay tensors of the runtime and are never read here.
 */
import { SpeechError } from '../../domain/errors.js'
import { integers, missingPorts, outputOf, shapeOf, Tensor, type Session, type Tensors } from './session.js'

const INPUTS = ['prompt', 'budget', 'mask', 'first_mask', 'past', 'memory', 'scored']
const OUTPUTS = ['tokens', 'log_probabilities', 'scores', 'new_past', 'new_memory']
/** Added to a logit, it excludes the token; finite, so that no arithmetic makes a NaN of it. */
const EXCLUDED = -1e9

export interface GreedyGraph {
  /** Size of the vocabulary. */
  readonly vocabulary: number
  /** Starts a decode of this audio: the first run encodes it, the others continue. */
  start(audio: Audio): GreedyDecode
}

export interface GreedyDecode {
  /**
   * Encodes without decoding: keys and values of the encoder, [2 layers, heads, frames, head width], for a beam search.
   * Later runs continue from there.
   */
  encode(): Promise<Tensor>
  /** Runs that choose under these masks. */
  runsWith(masks: Masks): GreedyRun
  /**
   * Log-probability of each of these tokens after the prompt, and of the most probable token that the mask allows after
   * them, by forced decoding in one run. Needs `encode` before; does not disturb the decode.
   */
  score(prompt: readonly number[], tokens: readonly number[], ending: Tensor): Promise<number[]>
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
  const missing = missingPorts(session, INPUTS, OUTPUTS)
  if (missing.length > 0) {
    throw new SpeechError('MODEL_INVALID', `the graph is no compiled recognizer, it lacks ${missing.join(', ')}`)
  }
  const [vocabulary] = shapeOf(session, 'mask') as [number]
  const [rows, heads, , headWidth] = shapeOf(session, 'past') as [number, number, number, number]
  const nothing = new Tensor('float32', new Float32Array(0), [rows, heads, 0, headWidth])
  const unmasked = forbid(vocabulary, [])
  return { vocabulary, start: (audio) => startDecode(session, audio, nothing, unmasked) }
}

function startDecode(
  session: Session, { input, tensor, empty }: Audio, nothing: Tensor, unmasked: Tensor,
): GreedyDecode {
  let audio = tensor
  let encoded: Tensor | undefined
  let state: { readonly past: Tensor; readonly memory: Tensor } = { past: nothing, memory: nothing }
  const feedsOf = (tokens: readonly number[], maxTokens: number, masks: Masks, scored = 0): Tensors => ({
    [input]: audio,
    prompt: integers(tokens),
    budget: new Tensor('int64', BigInt64Array.of(BigInt(maxTokens)), []),
    mask: masks.always,
    first_mask: masks.first,
    scored: new Tensor('int64', BigInt64Array.of(BigInt(scored)), []),
    ...state,
  })
  const run = async (tokens: readonly number[], maxTokens: number, masks: Masks): Promise<GreedyTokens> => {
    const results = await session.run(feedsOf(tokens, maxTokens, masks), OUTPUTS)
    audio = empty
    state = { past: outputOf(results, 'new_past'), memory: outputOf(results, 'new_memory') }
    return {
      tokens: Array.from(outputOf(results, 'tokens').data as BigInt64Array, Number),
      logProbabilities: [...outputOf(results, 'log_probabilities').data as Float32Array],
    }
  }
  return {
    async score(prompt, tokens, ending) {
      if (encoded === undefined) throw new Error('the audio is not encoded yet')
      const results = await session.run({
        ...feedsOf([...prompt, ...tokens], 1, { always: ending, first: unmasked }, tokens.length),
        [input]: empty, past: nothing, memory: encoded,
      }, ['scores', 'log_probabilities'])
      const valuesOf = (output: string): Float32Array => outputOf(results, output).data as Float32Array
      return [...valuesOf('scores'), ...valuesOf('log_probabilities')]
    },
    resetTokens() { state = { ...state, past: nothing } },
    async encode() {
      const results = await session.run(feedsOf([0], 0, { always: unmasked, first: unmasked }), ['new_memory'])
      audio = empty
      encoded = outputOf(results, 'new_memory')
      state = { ...state, memory: encoded }
      return encoded
    },
    runsWith({ always, first }) {
      let next = first
      return (tokens, maxTokens) => {
        const masks = { always, first: next }
        next = unmasked
        return run(tokens, maxTokens, masks)
      }
    },
  }
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
