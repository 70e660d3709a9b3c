/** What a decoder attends to while it writes a transcript: one run of the graph of engine/compiler/alignment.ts. */
import { SpeechError } from '../../domain/errors.js'
import { openWhenNeeded } from './late-session.js'
import { missingPorts, Tensor, type OpenSession } from './session.js'

const INPUTS = ['tokens', 'memory', 'length']
const OUTPUTS = ['weights']

/** How much of the attention of each head a frame has while a token is read; row-major [heads, tokens, frames], each row sums to 1. */
export interface Attention {
  readonly weights: Float32Array
  readonly heads: number
  readonly tokens: number
  readonly frames: number
}

export interface Aligner {
  /** `memory` as a greedy graph leaves it; `length` frames of it are looked at. */
  attend(memory: Tensor, tokens: readonly number[], length: number): Promise<Attention>
  dispose(): Promise<void>
}

/** `read` answers the graph. Attending throws MODEL_INVALID when it is another one. */
export function openAligner(read: () => Promise<Uint8Array>, open: OpenSession): Aligner {
  const late = openWhenNeeded(async () => {
    const session = await open(await read(), { fixedShapes: false })
    const missing = missingPorts(session, INPUTS, OUTPUTS)
    if (missing.length > 0) throw new SpeechError('MODEL_INVALID', `the graph aligns nothing, it lacks ${missing.join(', ')}`)
    return session
  })
  return {
    async attend(memory, tokens, length) {
      const session = await late.session()
      const { weights } = await session.run({ tokens: integers(tokens), memory, length: integers([length]) }, OUTPUTS)
      const [heads, rows, frames] = weights!.dims as readonly [number, number, number]
      return { weights: weights!.data as Float32Array, heads, tokens: rows, frames }
    },
    dispose: () => late.release(),
  }
}

function integers(values: readonly number[]): Tensor {
  return new Tensor('int64', BigInt64Array.from(values, BigInt), [values.length])
}
