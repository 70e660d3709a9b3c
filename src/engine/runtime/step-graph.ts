/**
 * One step of a beam search at a time, and forced decoding of given texts: a compiled decoder whose hypotheses are
 * chosen outside (`writeSteps` in engine/compiler/beam-steps.ts). Keys and values of the hypotheses stay tensors of the
 * runtime; `parents` selects the hypotheses that are extended.
 */
import { SpeechError } from '../../domain/errors.js'
import type { EncoderMemory } from './encoder-memory.js'
import { openLazily } from './lazy-session.js'
import {
  integers, missingPorts, outputOf, shapeOf, Tensor, type OpenSession, type Session, type Tensors,
} from './session.js'

const INPUTS = ['tokens', 'parents', 'past', 'bias_at', 'bias', 'top', 'scored', 'ending']
const CANDIDATES = ['candidates', 'candidate_scores', 'log_probabilities', 'new_past']
const SCORES = ['scores', 'endings']

export interface StepGraph {
  /** A beam search over encoded audio, after a prompt. */
  start(memory: EncoderMemory, prompt: readonly number[]): BeamSearch
  score: ScoreTexts
}

/**
 * Of each text, which has at least one token: the log-probability of its tokens after the prompt, and of the most
 * probable token after them that the mask [1, vocabulary] allows, by forced decoding of all texts in one run.
 */
export type ScoreTexts = (
  memory: EncoderMemory, prompt: readonly number[], texts: readonly (readonly number[])[], ending: Tensor,
) => Promise<number[][]>

export interface BeamSearch {
  /**
   * Extends hypotheses of the last step, `parent`, by one token each. In the first step every parent is 0, and the
   * token is the last one of the prompt.
   */
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

/** Beam searches and scores of one model. */
export interface BeamSearches {
  readonly score: ScoreTexts
  /** Each call of the result starts a beam search over this memory, and opens the graph if it is not open yet. */
  over(memory: EncoderMemory): StartSteps
  /** The same over audio that never changes: `encode` is called once, when the first beam search starts. */
  overEncoded(encode: () => Promise<EncoderMemory>): StartSteps
  /** Opens the graph before it is needed, so that the first clip does not wait for it. */
  open(): Promise<void>
  release(): Promise<void>
}

/** Starts a beam search after a prompt. */
export type StartSteps = (prompt: readonly number[]) => Promise<BeamSearch['step']>

/** `read` returns the graph. */
export function openBeamSearches(read: () => Promise<Uint8Array>, open: OpenSession): BeamSearches {
  const lazy = openLazily(async () => open(await read(), { fixedShapes: false }))
  const over = (memory: EncoderMemory): StartSteps => async (prompt) =>
    stepGraph(await lazy.session()).start(memory, prompt).step
  return {
    over,
    score: async (...texts) => stepGraph(await lazy.session()).score(...texts),
    overEncoded(encode) {
      let memory: EncoderMemory | undefined
      return async (prompt) => over(memory ??= await encode())(prompt)
    },
    async open() { await lazy.session() },
    release: () => lazy.release(),
  }
}

/** Throws MODEL_INVALID when the graph has another interface. */
export function stepGraph(session: Session): StepGraph {
  const missing = missingPorts(session, INPUTS, [...CANDIDATES, ...SCORES])
  if (missing.length > 0) {
    throw new SpeechError('MODEL_INVALID', `the graph is no compiled decoder, it lacks ${missing.join(', ')}`)
  }
  const [rows, , heads, , headWidth] = shapeOf(session, 'past') as [number, number, number, number, number]
  const [, vocabulary] = shapeOf(session, 'ending') as [number, number]
  const nothing = new Tensor('float32', new Float32Array(0), [rows, 1, heads, 0, headWidth])
  const anything = new Tensor('float32', new Float32Array(vocabulary), [1, vocabulary])
  const noScores = { scored: integers([0], []), ending: anything }

  return {
    start(memory, prompt) {
      let before = prompt.slice(0, -1)
      let past: Tensor = nothing
      return {
        async step(hypotheses, biases, top) {
          const tokens = hypotheses.flatMap(({ token }) => [...before, token])
          const results = await session.run({
            tokens: integers(tokens, [hypotheses.length, before.length + 1]),
            parents: integers(hypotheses.map(({ parent }) => parent)),
            past,
            ...memory,
            ...biasInputs(biases),
            top: integers([top]),
            ...noScores,
          }, CANDIDATES)
          past = outputOf(results, 'new_past')
          before = []
          return {
            top,
            tokens: Array.from(outputOf(results, 'candidates').data as BigInt64Array, Number),
            scores: outputOf(results, 'candidate_scores').data as Float32Array,
            logProbabilities: outputOf(results, 'log_probabilities').data as Float32Array,
          }
        },
      }
    },
    async score(memory, prompt, texts, ending) {
      const longest = Math.max(...texts.map(({ length }) => length))
      const tokens = texts.flatMap((text) => [...prompt, ...filledUp(text, longest)])
      const results = await session.run({
        tokens: integers(tokens, [texts.length, prompt.length + longest]), parents: integers(texts.map(() => 0)),
        past: nothing, ...memory, ...biasInputs([]), top: integers([1]), scored: integers([longest], []), ending,
      }, SCORES)
      const [scores, endings] = SCORES.map((output) => outputOf(results, output).data) as [Float32Array, Float32Array]
      return texts.map(({ length }, text) =>
        [...scores.subarray(text * longest, text * longest + length), endings[text * longest + length - 1]!])
    },
  }
}

function biasInputs(biases: readonly Bias[]): Tensors {
  return {
    bias_at: integers(biases.flatMap(({ hypothesis, token }) => [hypothesis, token]), [biases.length, 2]),
    bias: new Tensor('float32', Float32Array.from(biases, ({ amount }) => amount), [biases.length]),
  }
}

/** With any tokens behind it, which change nothing before them. */
function filledUp(tokens: readonly number[], length: number): number[] {
  return [...tokens, ...new Array<number>(length - tokens.length).fill(0)]
}
