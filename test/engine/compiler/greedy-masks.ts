/** Masks of a greedy decode as the recognizers use them: for the first choice, and for those after it. */
import type { EncoderMemory } from '../../../src/engine/runtime/encoder-memory.js'
import {
  forbid, masksTogether, newSequence, type Chosen, type GreedyGraph, type Masks as MaskRows, type Sequence,
} from '../../../src/engine/runtime/greedy-graph.js'

export interface Masks {
  /** For every choice but the first; nothing is excluded by default. */
  readonly later?: Float32Array
  /** For the first choice; as `later` by default. */
  readonly first?: Float32Array
}

/** Rows of `masks`. */
const FIRST = 1

export function masksFor({ vocabulary }: GreedyGraph, { later, first }: Masks = {}): MaskRows {
  const always = later ?? forbid(vocabulary, [])
  return masksTogether([always, first ?? always])
}

/** A sequence whose first choice is made under the mask for it. */
export function sequenceOf(memory: EncoderMemory, prompt: readonly number[]): Sequence {
  return newSequence(memory, prompt, FIRST)
}

/** A run of one sequence alone. */
export async function runAlone(
  graph: GreedyGraph, sequence: Sequence, maxTokens: number, masks?: Masks,
): Promise<Chosen> {
  const [chosen] = await graph.run([sequence], maxTokens, masksFor(graph, masks))
  return chosen!
}

/** A decode of at most `maxTokens` in one run. */
export function decodeAlone(
  graph: GreedyGraph, memory: EncoderMemory, prompt: readonly number[], maxTokens: number, masks?: Masks,
): Promise<Chosen> {
  return runAlone(graph, sequenceOf(memory, prompt), maxTokens, masks)
}
