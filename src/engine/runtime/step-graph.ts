/**
 * One step of a beam search at a time: a compiled decoder whose hypotheses are chosen outside (`writeSteps` in
 * engine/compiler/decoder.ts). Keys and values of the hypotheses stay tensors of the runtime; `parents` selects the
 * hypotheses that are extended.
 */
import { SpeechError } from '../../domain/errors.js'
import { openLazily } from './lazy-session.js'
import { integers, missingPorts, outputOf, shapeOf, Tensor, type OpenSession, type Session } from './session.js'

const INPUTS = ['tokens', 'parents', 'past', 'memory', 'bias_at', 'bias', 'top']
const OUTPUTS = ['candidates', 'scores', 'log_probabilities', 'new_past']

export interface StepGraph {
  /** A beam search over encoded audio: `memory` as a greedy graph returns it, [2 layers, heads, frames, head width]. */
  start(memory: Tensor): BeamSearch
}

export interface BeamSearch {
  /** Extends hypotheses of the last step, `parent`, by one token each; in the first step every parent is 0. */
  step(hypotheses: readonly Extension[], biases: readonly Bias[], top: number): Promise<Candidates>
}

export interface Extension { readonly parent: number; readonly token: number }
/** Added to the log-probability of a token after this hypothesis of the step. */
export interface Bias { readonly hypothesis: number; readonly token: number; readonly amount: number }

/** The best next tokens of each hypothesis, best first; row-major [hypotheses, top]. */
export interface Candidates {
  readonly top: number
  readonly tokens: readonly number[]
  /** Log-probability plus bias. */
  readonly scores: Float32Array
  readonly logProbabilities: Float32Array
}

/** Beam searches of one model. */
export interface BeamSearches {
  /** Each call of the result starts a beam search over this memory, and opens the graph if it is not open yet. */
  over(memory: Tensor): () => Promise<BeamSearch['step']>
  /** The same over audio that never changes: `encode` is called once, when the first beam search starts. */
  overEncoded(encode: () => Promise<Tensor>): () => Promise<BeamSearch['step']>
  /** Opens the graph before it is needed, so that the first clip does not wait for it. */
  open(): Promise<void>
  release(): Promise<void>
}

/** `read` returns the graph. */
export function openBeamSearches(read: () => Promise<Uint8Array>, open: OpenSession): BeamSearches {
  const lazy = openLazily(async () => open(await read(), { fixedShapes: false }))
  const over = (memory: Tensor) => async () => stepGraph(await lazy.session()).start(memory).step
  return {
    over,
    overEncoded(encode) {
      let memory: Tensor | undefined
      return async () => over(memory ??= await encode())()
    },
    async open() { await lazy.session() },
    release: () => lazy.release(),
  }
}

/** Throws MODEL_INVALID when the graph has another interface. */
export function stepGraph(session: Session): StepGraph {
  const missing = missingPorts(session, INPUTS, OUTPUTS)
  if (missing.length > 0) {
    throw new SpeechError('MODEL_INVALID', `the graph is no compiled decoder, it lacks ${missing.join(', ')}`)
  }
  const [rows, , heads, , headWidth] = shapeOf(session, 'past') as [number, number, number, number, number]

  return {
    start(memory) {
      let past: Tensor = new Tensor('float32', new Float32Array(0), [rows, 1, heads, 0, headWidth])
      return {
        async step(hypotheses, biases, top) {
          const results = await session.run({
            tokens: integers(hypotheses.map(({ token }) => token)),
            parents: integers(hypotheses.map(({ parent }) => parent)),
            past,
            memory,
            bias_at: integers(biases.flatMap(({ hypothesis, token }) => [hypothesis, token]), [biases.length, 2]),
            bias: new Tensor('float32', Float32Array.from(biases, ({ amount }) => amount), [biases.length]),
            top: integers([top]),
          }, OUTPUTS)
          past = outputOf(results, 'new_past')
          return {
            top,
            tokens: Array.from(outputOf(results, 'candidates').data as BigInt64Array, Number),
            scores: outputOf(results, 'scores').data as Float32Array,
            logProbabilities: outputOf(results, 'log_probabilities').data as Float32Array,
          }
        },
      }
    },
  }
}
