/**
 * A compiled recognizer: one graph from audio to tokens, its interface as engine/compiler/decoder.ts writes it.
 *
 * A decode that did not come to its end in one run goes on in another, from the keys and values that the first left.
 * They stay tensors of the runtime: nothing of them is looked at.
 */
import { SpeechError } from '../../domain/errors.js'
import { missingPorts, Tensor, type Session, type Tensors } from './session.js'

const INPUTS = ['prompt', 'budget', 'mask', 'first_mask', 'past', 'memory']
const OUTPUTS = ['tokens', 'log_probabilities', 'new_past', 'new_memory']
/** Added to a logit, it is never the largest; finite, so that no arithmetic makes a NaN of it. */
const NEVER = -1e9

export interface GreedyGraph {
  /** Size of the vocabulary. */
  readonly vocabulary: number
  /** A decode of this audio: its first run hears it, the others go on from there. */
  start(audio: Audio): GreedyDecode
}

export interface GreedyDecode {
  /** Encodes only: keys and values of the encoder, [2 layers, heads, frames, head width], for a search of one's own. Runs afterwards go on from there. */
  encode(): Promise<Tensor>
  /** Runs that choose under these masks. */
  choosing(masks: Masks): (tokens: readonly number[], most: number) => Promise<{ tokens: number[]; logProbabilities: number[] }>
  /** The next run begins with the first token again, and need not hear the audio. */
  forgetTokens(): void
}

/** The input of the encoder, and the same without any audio, for the runs that go on. */
export interface Audio { readonly input: string; readonly heard: Tensor; readonly nothing: Tensor }

/** float32 [vocabulary] each: what is added to the logits before every choice, and before the first. */
export interface Masks { readonly always: Tensor; readonly first: Tensor }

/** Throws MODEL_INVALID when the graph has another interface. */
export function greedyGraph(session: Session): GreedyGraph {
  const missing = missingPorts(session, INPUTS, OUTPUTS)
  if (missing.length > 0) throw new SpeechError('MODEL_INVALID', `the graph is no compiled recognizer, it lacks ${missing.join(', ')}`)
  const vocabulary = Number(session.inputs.get('mask')![0])
  const [rows, heads, , headWidth] = session.inputs.get('past')!.map(Number) as [number, number, number, number]
  const empty = new Tensor('float32', new Float32Array(0), [rows, heads, 0, headWidth])
  const free = forbid(vocabulary, [])

  return {
    vocabulary,
    start({ input, heard, nothing }) {
      let audio = heard
      let state: { readonly past: Tensor; readonly memory: Tensor } = { past: empty, memory: empty }
      const feedsOf = (tokens: readonly number[], most: number, masks: Masks): Tensors => ({
        [input]: audio,
        prompt: new Tensor('int64', BigInt64Array.from(tokens, BigInt), [tokens.length]),
        budget: new Tensor('int64', BigInt64Array.of(BigInt(most)), []),
        mask: masks.always,
        first_mask: masks.first,
        ...state,
      })
      const run = async (tokens: readonly number[], most: number, masks: Masks): Promise<{ tokens: number[]; logProbabilities: number[] }> => {
        const feeds = feedsOf(tokens, most, masks)
        const { tokens: chosen, log_probabilities: logProbabilities, new_past: past, new_memory: memory } = await session.run(feeds, OUTPUTS)
        audio = nothing
        state = { past: past!, memory: memory! }
        return { tokens: Array.from(chosen!.data as BigInt64Array, Number), logProbabilities: [...logProbabilities!.data as Float32Array] }
      }
      return {
        forgetTokens() { state = { ...state, past: empty } },
        async encode() {
          const { new_memory: memory } = await session.run(feedsOf([0], 0, { always: free, first: free }), ['new_memory'])
          audio = nothing
          state = { ...state, memory: memory! }
          return memory!
        },
        choosing({ always, first }) {
          let next = first
          return (tokens, most) => {
            const masks = { always, first: next }
            next = free
            return run(tokens, most, masks)
          }
        },
      }
    },
  }
}

/** A mask that forbids these tokens. */
export function forbid(vocabulary: number, tokens: Iterable<number>): Tensor {
  const mask = new Float32Array(vocabulary)
  for (const token of tokens) mask[token] = NEVER
  return new Tensor('float32', mask, [vocabulary])
}

/** A mask that forbids all but these. */
export function allowOnly(vocabulary: number, tokens: Iterable<number>): Tensor {
  const mask = new Float32Array(vocabulary).fill(NEVER)
  for (const token of tokens) mask[token] = 0
  return new Tensor('float32', mask, [vocabulary])
}
