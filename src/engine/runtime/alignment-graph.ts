/** The cross-attention of a decoder over a transcript: one run of the graph of engine/compiler/alignment.ts. */
import { SpeechError } from '../../domain/errors.js'
import type { EncoderMemory } from './encoder-memory.js'
import { openLazily } from './lazy-session.js'
import { integers, missingPorts, outputOf, type OpenSession } from './session.js'

const INPUTS = ['tokens', 'length']
const OUTPUTS = ['weights']

/** Cross-attention weights by head, token that is read, and frame; row-major [heads, tokens, frames]. Rows sum to 1. */
export interface Attention {
  readonly weights: Float32Array
  readonly heads: number
  readonly tokens: number
  readonly frames: number
}

export interface Aligner {
  /** Only its first `length` frames are attended to. */
  attend(memory: EncoderMemory, tokens: readonly number[], length: number): Promise<Attention>
  dispose(): Promise<void>
}

/** `read` returns the graph. `attend` throws MODEL_INVALID when that has another interface. */
export function openAligner(read: () => Promise<Uint8Array>, open: OpenSession): Aligner {
  const lazy = openLazily(async () => {
    const session = await open(await read(), { fixedShapes: false })
    const missing = missingPorts(session, INPUTS, OUTPUTS)
    if (missing.length > 0) {
      throw new SpeechError('MODEL_INVALID', `the graph is no alignment graph, it lacks ${missing.join(', ')}`)
    }
    return session
  })
  return {
    async attend(memory, tokens, length) {
      const session = await lazy.session()
      const results = await session.run({ tokens: integers(tokens), ...memory, length: integers([length]) }, OUTPUTS)
      const { data, dims } = outputOf(results, 'weights')
      const [heads, rows, frames] = dims as readonly [number, number, number]
      return { weights: data as Float32Array, heads, tokens: rows, frames }
    },
    dispose: () => lazy.release(),
  }
}
