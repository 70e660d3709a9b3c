/**
 * The key/value cache of a merged decoder (exported by Hugging Face Optimum): inputs
 * `past_key_values.L.{decoder,encoder}.{key,value}`, outputs `present.…` of the same name, and a flag
 * `use_cache_branch` that selects the branch of the first step or that of later ones.
 *
 * Two catches. After the first step the graph returns its encoder half as an empty constant, so the cross-attention
 * keys and values of step 0 are kept. And the branch for later steps was traced with a single token, without a causal
 * mask: it accepts several tokens and returns wrong logits (off by 10), so only the first step takes more than one.
 * Layer count, heads and head size are read from the graph, not configured.
 */
import { SpeechError } from '../../domain/errors.js'
import { missingPorts, outputOf, shapeOf, Tensor, type Session, type Tensors } from './session.js'

const PAST = 'past_key_values.'

export interface MergedDecoder {
  /** Feeds tokens after those before, several only in the first step. Returns the last row of logits, [vocabulary]. */
  step(tokens: readonly number[]): Promise<Float32Array>
}

/** Throws MODEL_INVALID when the graph is no merged decoder. Called at load, so that no request fails by it. */
export function requireMergedDecoder(decoder: Session): void {
  const inputs = ['input_ids', 'encoder_hidden_states', 'use_cache_branch']
  const cache = cacheInputs(decoder)
  const missing = [
    ...missingPorts(decoder, inputs, ['logits', ...cache.map(presentName)]),
    ...(cache.length === 0 ? [`${PAST}*`] : []),
  ]
  if (missing.length > 0) {
    throw new SpeechError('MODEL_INVALID', `the decoder graph is no merged decoder, it lacks ${missing.join(', ')}`)
  }
}

/** Starts a decode over encoder states of shape [1, frames, width]. */
export function startDecode(decoder: Session, encoderStates: Tensor): MergedDecoder {
  const names = cacheInputs(decoder)
  const wanted = ['logits', ...names.map(presentName)]
  let past: Tensors = emptyPast(decoder, names)
  let started = false

  return {
    async step(tokens) {
      if (started && tokens.length !== 1) {
        throw new Error(`a merged decoder takes one token after the first step, not ${tokens.length}`)
      }
      const results = await decoder.run({
        input_ids: new Tensor('int64', BigInt64Array.from(tokens, BigInt), [1, tokens.length]),
        encoder_hidden_states: encoderStates,
        use_cache_branch: new Tensor('bool', [started]),
        ...past,
      }, wanted)
      past = Object.fromEntries(names.map((name) => {
        const isKept = started && name.includes('.encoder.')
        return [name, isKept ? outputOf(past, name) : outputOf(results, presentName(name))]
      }))
      started = true
      const { data, dims } = outputOf(results, 'logits')
      const [, , vocabulary] = dims as readonly [batch: 1, tokens: number, vocabulary: number]
      return (data as Float32Array).subarray(-vocabulary)
    },
  }
}

function cacheInputs(decoder: Session): string[] {
  return [...decoder.inputs.keys()].filter((name) => name.startsWith(PAST))
}

function presentName(pastName: string): string {
  return `present.${pastName.slice(PAST.length)}`
}

/** Empty tensors [1, heads, 0, headSize], one for each cache input. */
function emptyPast(decoder: Session, names: readonly string[]): Tensors {
  return Object.fromEntries(names.map((name) => {
    const [, heads, , headSize] = shapeOf(decoder, name) as [number, number, number, number]
    return [name, new Tensor('float32', new Float32Array(0), [1, heads, 0, headSize])]
  }))
}
