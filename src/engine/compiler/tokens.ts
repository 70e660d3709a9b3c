/** Tokens in a graph: the choice of the next one, the log-probability of given ones, and their ids. */
import type { Graph, Value } from './graph.js'
import { concat, slice } from './layers.js'

/** The tokens of a decoder. */
export interface Vocabulary {
  /** Size of the published vocabulary. */
  readonly vocabulary: number
  /** Published ids of the tokens that can be chosen, in order, with the end token; undefined for all of them. */
  readonly kept: readonly number[] | undefined
  readonly endToken: number
}

/** Width of the rows in which the likeliest token is searched; the runtime is fast on rows and slow on one long row. */
export const BLOCK = 128
/** Log-probability of a token that cannot be chosen. */
const IMPOSSIBLE = -1e9

/** The likeliest of the kept tokens, a scalar, and its log-probability under the unmasked logits. */
export function choose(
  graph: Graph, logits: Value, masks: Value, isFirst: Value,
): { choice: Value; logProbability: Value } {
  const row = graph.op('Gather', [masks, graph.cast(isFirst, 'int64')])
  const inBlocks = (values: Value): Value => graph.op('Reshape', [values, graph.integers(-1, BLOCK)])
  const allowed = inBlocks(graph.op('Add', [logits, row]))
  const highestOfBlocks = graph.op('ReduceMax', [allowed], { axes: [1], keepdims: 0 })
  const block = graph.op('ArgMax', [highestOfBlocks], { axis: 0, keepdims: 0 })
  const withinBlock = graph.op('ArgMax', [graph.op('Gather', [allowed, block])], { axis: 0, keepdims: 0 })
  const choice = graph.op('Add', [graph.op('Mul', [block, graph.integer(BLOCK)]), withinBlock])
  const flatLogits = graph.op('Reshape', [logits, graph.integers(-1)])
  const highest = graph.op('ReduceMax', [inBlocks(logits)], { axes: [0, 1], keepdims: 0 })
  const exponentials = graph.op('Exp', [graph.op('Sub', [inBlocks(logits), highest])])
  const sum = graph.op('ReduceSum', [exponentials], { keepdims: 0 })
  const difference = graph.op('Sub', [graph.op('Gather', [flatLogits, choice]), highest])
  return { choice, logProbability: graph.op('Sub', [difference, graph.op('Log', [sum])]) }
}

/**
 * Log-probability of each token that was fed, under the logits at the position before it, and of the most probable
 * token after it that the mask [1, kept] allows: [batch · (n + 1), kept] and [batch, n] → [batch, n] each. `IMPOSSIBLE`
 * for a token that is not kept.
 */
export function scoreTokens(graph: Graph, logits: Value, tokens: Value, mask: Value): [scores: Value, endings: Value] {
  const batch = graph.op('Shape', [tokens], { start: 0, end: 1 })
  const width = graph.op('Shape', [logits], { start: 1, end: 2 })
  const byPrompt = graph.op('Reshape', [logits, concat(graph, [batch, graph.integers(-1), width], 0)])
  const normalized = (rows: Value, values: Value): Value =>
    graph.op('Sub', [values, graph.op('ReduceLogSumExp', [rows], { axes: [2], keepdims: 1 })])
  const flattened = (values: Value): Value => graph.op('Squeeze', [values, graph.integers(2)])
  const before = slice(graph, byPrompt, 0, -1, 1)
  const column = graph.op('Unsqueeze', [tokens, graph.integers(2)])
  const ofTokens = normalized(before, graph.op('GatherElements', [before, column], { axis: 2 }))
  const isKept = graph.op('GreaterOrEqual', [column, graph.integer(0)])
  const after = slice(graph, byPrompt, 1, undefined, 1)
  const allowed = graph.op('ReduceMax', [graph.op('Add', [after, mask])], { axes: [2], keepdims: 1 })
  const scores = graph.op('Where', [isKept, ofTokens, graph.float(IMPOSSIBLE)])
  return [flattened(scores), flattened(normalized(after, allowed))]
}

/** The last `count` elements, a scalar, along an axis; none for 0. */
export function last(graph: Graph, value: Value, count: Value, axis: number): Value {
  const size = graph.op('Shape', [value], { start: axis, end: axis + 1 })
  const start = graph.op('Sub', [size, graph.op('Reshape', [count, graph.integers(1)])])
  return graph.op('Slice', [value, start, size, graph.integers(axis)])
}

/** [2, kept]: what is added to the logits of any choice, and of the first. */
export function maskRows(graph: Graph, decoder: Vocabulary, mask: Value, firstMask: Value): Value {
  const rows = [mask, graph.op('Add', [mask, firstMask])]
  const both = concat(graph, rows.map((row) => graph.op('Reshape', [row, graph.integers(1, -1)])), 0)
  if (decoder.kept !== undefined) return graph.op('Gather', [both, idTable(graph, decoder.kept)], { axis: 1 })
  return graph.op('Pad', [both, graph.integers(0, 0, 0, missingInBlock(decoder.vocabulary))])
}

function idTable(graph: Graph, ids: readonly number[]): Value {
  return graph.weight(BigInt64Array.from(ids, BigInt), [ids.length])
}

/** Published ids → indices into `kept`; −1 for a token that is not kept. */
export function keptIndices(graph: Graph, { kept, vocabulary }: Vocabulary, ids: Value): Value {
  if (kept === undefined) return ids
  const indices = new BigInt64Array(vocabulary).fill(-1n)
  for (const [index, id] of kept.entries()) indices[id] = BigInt(index)
  return graph.op('Gather', [graph.weight(indices, [vocabulary]), ids])
}

/** Indices into `kept` → published ids. */
export function publishedIds(graph: Graph, { kept }: Vocabulary, indices: Value): Value {
  return kept === undefined ? indices : graph.op('Gather', [idTable(graph, kept), indices])
}

/** Number of logits that fill the last row of `BLOCK`. */
export function missingInBlock(count: number): number {
  return (BLOCK - count % BLOCK) % BLOCK
}

export function endIndex({ kept, endToken }: Vocabulary): number {
  return kept === undefined ? endToken : kept.indexOf(endToken)
}
