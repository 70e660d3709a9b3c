/** A small random decoder, and a reference implementation of it in plain arithmetic. */
import type { Test } from 'tap'
import { writeSteps } from '../../../src/engine/compiler/beam-steps.js'
import { memoryOutputs, type Decoder } from '../../../src/engine/compiler/decoder.js'
import { fillUpStates } from '../../../src/engine/compiler/encoder.js'
import { Graph, type Target, type Value } from '../../../src/engine/compiler/graph.js'
import { writeGreedy } from '../../../src/engine/compiler/greedy-loop.js'
import { linearByRow, splitHeads } from '../../../src/engine/compiler/layers.js'
import { BLOCK } from '../../../src/engine/compiler/tokens.js'
import { encoderGraph, type EncoderMemory } from '../../../src/engine/runtime/encoder-memory.js'
import { GreedyGraph, type GreedyTokens } from '../../../src/engine/runtime/greedy-graph.js'
import { stepGraph, type StepGraph } from '../../../src/engine/runtime/step-graph.js'
import { attention, openGraph, plus, product, randomTable, REAL, softmax, tensorOf, widthOf, type Table } from './reference.js'

export const HEADS = 2
export const WIDTH = 8
export const VOCABULARY = 300
export const END = 7
/** Two blocks of tokens, not all of them. */
export const KEPT = Array.from({ length: VOCABULARY }, (_, id) => id)
  .filter((id) => id % 6 !== 5 || id <= 35).slice(0, 2 * BLOCK)
export const LAYERS = 2
const POSITIONS = 128

const embedding = randomTable(1, VOCABULARY, WIDTH)
const output = randomTable(2, WIDTH, VOCABULARY)
export const weights = Array.from({ length: LAYERS }, (_, layer) => {
  const [query, key, value, crossQuery] =
    [0, 1, 2, 3].map((index) => randomTable(10 + 4 * layer + index, WIDTH, WIDTH)) as [Table, Table, Table, Table]
  return { query, key, value, crossQuery }
})
const keptColumns = output.map((row) => KEPT.map((id) => row[id]!))
type Three = [Value, Value, Value]
const numbersOf = (table: Table): Float32Array => Float32Array.from(table.flat())
const times = (graph: Graph, x: Value, table: Table): Value =>
  linearByRow(graph, x, { values: numbersOf(table), rows: table.length, columns: widthOf(table) })

export const decoder: Decoder = {
  layers: LAYERS, heads: HEADS, headWidth: WIDTH / HEADS, vocabulary: VOCABULARY, kept: KEPT, endToken: END,
  embed(graph, tokens, positions) {
    // A table: the runtime computes the sines of four numbers otherwise than that of one.
    const sines = graph.weight(Float32Array.from({ length: POSITIONS }, (_, at) => Math.sin(at)), [POSITIONS, 1])
    const waves = graph.op('Gather', [sines, positions])
    const table = graph.weight(numbersOf(KEPT.map((id) => embedding[id]!)), [KEPT.length, WIDTH])
    return graph.op('Add', [graph.op('Gather', [table, tokens]), waves])
  },
  layer(graph, index, hidden, _positions, attention) {
    const { query, key, value, crossQuery } = weights[index]!
    const [q, k, v] = [query, key, value].map((table) => times(graph, hidden, table)) as Three
    const selfAttended = graph.op('Tanh', [graph.op('Add', [hidden, attention.self(q, k, v)])])
    return graph.op('Add', [selfAttended, attention.cross(times(graph, selfAttended, crossQuery))])
  },
  logits: (graph, hidden) =>
    graph.op('Reshape', [times(graph, hidden, keptColumns), graph.integers(-1, KEPT.length)]),
}

/** Reference: the output of the last layer, and the query of the cross-attention of each layer. */
export function referenceLayers(tokens: readonly number[], frames: Table): { hidden: Table; crossQueries: Table[] } {
  let hidden: Table = tokens.map((token, at) => embedding[token]!.map((value) => value + Math.sin(at)))
  const crossQueries: Table[] = []
  for (const { query, key, value, crossQuery: crossTable } of weights) {
    const [q, k, v] = [query, key, value].map((table) => product(hidden, table)) as [Table, Table, Table]
    const own = attention(q, k, v, HEADS, 1, (at, other) => other <= at)
    const selfAttended = plus(hidden, own).map((row) => row.map(Math.tanh))
    const crossQuery = product(selfAttended, crossTable)
    crossQueries.push(crossQuery)
    hidden = plus(selfAttended, attention(crossQuery, frames, frames, HEADS, 1))
  }
  return { hidden, crossQueries }
}

/** Reference: log-probabilities of the next token, by published id; NaN for tokens that are not kept. */
export function referenceStep(tokens: readonly number[], frames: Table): number[] {
  const { hidden } = referenceLayers(tokens, frames)
  const [logits] = product(hidden.slice(-1), keptColumns) as [number[]]
  const all = new Array<number>(VOCABULARY).fill(NaN)
  for (const [index, probability] of softmax(logits).entries()) all[KEPT[index]!] = Math.log(probability)
  return all
}

export function referenceGreedy(
  frames: Table, prompt: readonly number[], budget: number, isAllowed: (token: number, isFirst: boolean) => boolean,
): GreedyTokens {
  const tokens: number[] = []
  const logProbabilities: number[] = []
  while (tokens.length < budget && tokens.at(-1) !== END) {
    const next = referenceStep([...prompt, ...tokens], frames)
    const allowed = KEPT.filter((token) => isAllowed(token, tokens.length === 0))
    const best = allowed.reduce((a, b) => next[b]! > next[a]! ? b : a)
    tokens.push(best)
    logProbabilities.push(next[best]!)
  }
  return { tokens, logProbabilities }
}

export type Encode = (frames: Table) => Promise<EncoderMemory>

/** Here "audio", [1, frames, width], is used as keys and values of every layer. */
export async function openEncoder(t: Pick<Test, 'teardown'>): Promise<Encode> {
  const graph = new Graph('toy encoder', REAL)
  const { states, bias } = fillUpStates(graph, graph.input('audio', 'float32', [1, 'frames', WIDTH]))
  const split = splitHeads(graph, states, HEADS, WIDTH / HEADS)
  const layers = Array.from({ length: LAYERS }, () => ({ keys: split, values: split }))
  memoryOutputs(graph, decoder, { layers, bias })
  const session = await openGraph(graph)
  t.teardown(() => session.release())
  const encode = encoderGraph(session)
  return (frames) => encode(tensorOf(frames, [1, frames.length, WIDTH]))
}

export async function openGreedy(t: Pick<Test, 'teardown'>, target: Target = REAL): Promise<GreedyGraph> {
  const graph = new Graph('toy', target)
  writeGreedy(graph, decoder)
  const session = await openGraph(graph)
  t.teardown(() => session.release())
  return new GreedyGraph(session)
}

export async function openSteps(t: Pick<Test, 'teardown'>): Promise<StepGraph> {
  const graph = new Graph('toy steps', REAL)
  writeSteps(graph, decoder)
  const session = await openGraph(graph)
  t.teardown(() => session.release())
  return stepGraph(session)
}

export const clips = [21, 22, 23, 24].map((seed) => randomTable(seed, 5 + seed % 3, WIDTH)) as
  [Table, Table, Table, Table]
