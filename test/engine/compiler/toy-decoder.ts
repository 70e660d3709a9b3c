/** A small random decoder, and a reference implementation of it in plain arithmetic. */
import type { Test } from 'tap'
import { encoderMemory, writeGreedy, type Decoder } from '../../../src/engine/compiler/decoder.js'
import { Graph, type Value } from '../../../src/engine/compiler/graph.js'
import { causalSelfAttention, crossAttention, splitHeads } from '../../../src/engine/compiler/layers.js'
import { BLOCK } from '../../../src/engine/compiler/tokens.js'
import {
  greedyGraph, type Audio, type GreedyGraph, type GreedyTokens,
} from '../../../src/engine/runtime/greedy-graph.js'
import { Tensor } from '../../../src/engine/runtime/session.js'
import { attention, openGraph, plus, product, randomTable, REAL, softmax, widthOf, type Table } from './reference.js'

export const HEADS = 2
export const WIDTH = 8
export const VOCABULARY = 300
export const END = 7
/** Two blocks of tokens, not all of them. */
export const KEPT = Array.from({ length: VOCABULARY }, (_, id) => id)
  .filter((id) => id % 6 !== 5 || id <= 35).slice(0, 2 * BLOCK)
export const LAYERS = 2

const embedding = randomTable(1, VOCABULARY, WIDTH)
const output = randomTable(2, WIDTH, VOCABULARY)
export const weights = Array.from({ length: LAYERS }, (_, layer) => {
  const [query, key, value, crossQuery] =
    [0, 1, 2, 3].map((index) => randomTable(10 + 4 * layer + index, WIDTH, WIDTH)) as [Table, Table, Table, Table]
  return { query, key, value, crossQuery }
})
const keptColumns = output.map((row) => KEPT.map((id) => row[id]!))
const ATTENTION = { heads: HEADS, scale: 1 }
type Three = [Value, Value, Value]
const matrix = (graph: Graph, table: Table): Value =>
  graph.weight(Float32Array.from(table.flat()), [table.length, widthOf(table)])

export const decoder: Decoder = {
  layers: LAYERS, heads: HEADS, headWidth: WIDTH / HEADS, vocabulary: VOCABULARY, kept: KEPT, endToken: END,
  embed(graph, tokens, position) {
    const count = graph.op('Squeeze', [graph.op('Shape', [tokens], { start: 1, end: 2 })])
    const positions = graph.op('Add', [position, graph.op('Range', [graph.integer(0), count, graph.integer(1)])])
    const waves = graph.op('Unsqueeze', [graph.op('Sin', [graph.cast(positions, 'float32')]), graph.integers(1)])
    return graph.op('Add', [graph.op('Gather', [matrix(graph, KEPT.map((id) => embedding[id]!)), tokens]), waves])
  },
  layer(graph, index, hidden, _position, past, cross) {
    const { query, key, value, crossQuery: crossTable } = weights[index]!
    const [q, k, v] = [query, key, value].map((table) => graph.op('MatMul', [hidden, matrix(graph, table)])) as Three
    const own = causalSelfAttention(graph, q, k, v, past, ATTENTION)
    const selfAttended = graph.op('Tanh', [graph.op('Add', [hidden, own.output])])
    const crossQuery = graph.op('MatMul', [selfAttended, matrix(graph, crossTable)])
    const crossOutput = crossAttention(graph, crossQuery, cross, ATTENTION)
    return { hidden: graph.op('Add', [selfAttended, crossOutput]), keyValues: own.keyValues, crossQuery }
  },
  logits(graph, hidden) {
    const logits = graph.op('MatMul', [hidden, matrix(graph, keptColumns)])
    return graph.op('Reshape', [logits, graph.integers(-1, KEPT.length)])
  },
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

/** Here "audio", [1, frames, width], is used as keys and values of every layer. */
export async function openGreedy(t: Test): Promise<GreedyGraph> {
  const graph = new Graph('toy', REAL)
  const audio = graph.input('audio', 'float32', [1, 'frames', WIDTH])
  writeGreedy(graph, decoder, () => encoderMemory(graph, decoder, audio, 1, (body) => {
    const split = splitHeads(body, audio, HEADS, WIDTH / HEADS)
    return Array.from({ length: LAYERS }, () => ({ keys: split, values: split }))
  }))
  const session = await openGraph(graph)
  t.teardown(() => session.release())
  return greedyGraph(session)
}

export const audioOf = (frames: Table): Audio => ({
  input: 'audio',
  tensor: new Tensor('float32', Float32Array.from(frames.flat()), [1, frames.length, WIDTH]),
  empty: new Tensor('float32', new Float32Array(0), [1, 0, WIDTH]),
})
export const clips = [21, 22, 23, 24].map((seed) => randomTable(seed, 5 + seed % 3, WIDTH)) as
  [Table, Table, Table, Table]
