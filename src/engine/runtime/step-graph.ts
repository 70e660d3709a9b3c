/**
 * One step of a search at a time: a compiled decoder whose hypotheses are chosen outside (engine/compiler/decoder.ts,
 * `writeSteps`). Keys and values of the hypotheses stay tensors of the runtime; `parents` says which of them go on.
 */
import { SpeechError } from '../../domain/errors.js'
import { openWhenNeeded } from './late-session.js'
import { missingPorts, Tensor, type OpenSession, type Session } from './session.js'

const INPUTS = ['tokens', 'parents', 'past', 'memory', 'bias_at', 'bias', 'top']
const OUTPUTS = ['candidates', 'scores', 'log_probabilities', 'new_past']

export interface StepGraph {
  /** A search over what the encoder heard: `memory` as a greedy graph leaves it, [2 layers, heads, frames, head width]. */
  start(memory: Tensor): Search
}

export interface Search {
  /** Goes on from `parents` of the last step with one token each; in the first step every parent is 0. */
  step(hypotheses: readonly Extension[], biases: readonly Bias[], top: number): Promise<Candidates>
}

export interface Extension { readonly parent: number; readonly token: number }
/** Added to the log-probability of a token after this hypothesis of the step. */
export interface Bias { readonly hypothesis: number; readonly token: number; readonly amount: number }

/** The best next tokens of each hypothesis, best first; row-major [hypotheses, top]. */
export interface Candidates {
  readonly top: number
  readonly tokens: readonly number[]
  /** Log-probability with its bias. */
  readonly scores: Float32Array
  readonly logProbabilities: Float32Array
}

/** Searches over what the encoder heard. */
export interface Searches {
  /** Opens the graph if it is not open yet; then, each call begins another search over this memory. */
  on(memory: Tensor): () => Promise<Search['step']>
  /** The same over what never changes: `encode` is called once, when the first search begins. */
  after(encode: () => Promise<Tensor>): () => Promise<Search['step']>
  /** For who knows that there will be one, and does not want the first clip to wait. */
  open(): Promise<void>
  release(): Promise<void>
}

/** `read` answers the graph. */
export function openSearches(read: () => Promise<Uint8Array>, open: OpenSession): Searches {
  const late = openWhenNeeded(async () => open(await read(), { fixedShapes: false }))
  const on = (memory: Tensor) => async () => stepGraph(await late.session()).start(memory).step
  return {
    on,
    after(encode) {
      let memory: Tensor | undefined
      return async () => on(memory ??= await encode())()
    },
    async open() { await late.session() },
    release: () => late.release(),
  }
}

/** Throws MODEL_INVALID when the graph has another interface. */
export function stepGraph(session: Session): StepGraph {
  const missing = missingPorts(session, INPUTS, OUTPUTS)
  if (missing.length > 0) throw new SpeechError('MODEL_INVALID', `the graph is no compiled decoder, it lacks ${missing.join(', ')}`)
  const [rows, , heads, , headWidth] = session.inputs.get('past')!.map(Number) as [number, number, number, number, number]

  return {
    start(memory) {
      let past: Tensor = new Tensor('float32', new Float32Array(0), [rows, 1, heads, 0, headWidth])
      return {
        async step(hypotheses, biases, top) {
          const out = await session.run({
            tokens: integers(hypotheses.map(({ token }) => token)),
            parents: integers(hypotheses.map(({ parent }) => parent)),
            past,
            memory,
            bias_at: integers(biases.flatMap(({ hypothesis, token }) => [hypothesis, token]), [biases.length, 2]),
            bias: new Tensor('float32', Float32Array.from(biases, ({ amount }) => amount), [biases.length]),
            top: integers([top]),
          }, OUTPUTS)
          past = out.new_past!
          return {
            top,
            tokens: Array.from(out.candidates!.data as BigInt64Array, Number),
            scores: out.scores!.data as Float32Array,
            logProbabilities: out.log_probabilities!.data as Float32Array,
          }
        },
      }
    },
  }
}

function integers(values: readonly number[], dims: readonly number[] = [values.length]): Tensor {
  return new Tensor('int64', BigInt64Array.from(values, BigInt), dims)
}
