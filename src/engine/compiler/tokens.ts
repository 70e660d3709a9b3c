/** Tokens in a graph: the choice of the next one, the log-probability of given ones, and their ids. */
import type { Graph, Value } from './graph.js'
import { slice } from './layers.js'

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

/**
 * The likeliest token of each row under a mask, [rows], and its log-probability without it: logits [rows, kept] and
 * what is added to them before the choice, of the same shape.
 */
export function choose(graph: Graph, logits: Value, mask: Value): { choice: Value; logProbability: Value } {
  const inBlocks = (values: Value): Value => graph.op('Reshape', [values, graph.integers(0, -1, BLOCK)])
  const allowed = inBlocks(graph.op('Add', [logits, mask]))
  const highestOfBlocks = graph.op('ReduceMax', [allowed], { axes: [2], keepdims: 0 })
  const block = graph.op('ArgMax', [highestOfBlocks], { axis: 1, keepdims: 1 })
  const ofBlock = graph.op('GatherND', [allowed, block], { batch_dims: 1 })
  const withinBlock = graph.op('ArgMax', [ofBlock], { axis: 1, keepdims: 1 })
  const choice = graph.op('Add', [graph.op('Mul', [block, graph.integer(BLOCK)]), withinBlock])
  const flattened = (value: Value): Value => graph.op('Reshape', [value, graph.integers(-1)])
  // The kernel of this operator takes row by row, so no row changes the last bit of another, as a sum over all would.
  const logProbabilities = graph.op('LogSoftmax', [logits], { axis: 1 })
  const logProbability = flattened(graph.op('GatherElements', [logProbabilities, choice], { axis: 1 }))
  return { choice: flattened(choice), logProbability }
}

/**
 * Log-probability of each token that was fed, under the logits at the position before it, and of the most probable
 * token after it that the mask [1, kept] allows: [batch, n + 1, kept] and [batch, n] → [batch, n] each. `IMPOSSIBLE`
 * for a token that is not kept.
 */
export function scoreTokens(graph: Graph, logits: Value, tokens: Value, mask: Value): [scores: Value, endings: Value] {
  const normalized = (rows: Value, values: Value): Value =>
    graph.op('Sub', [values, graph.op('ReduceLogSumExp', [rows], { axes: [2], keepdims: 1 })])
  const flattened = (values: Value): Value => graph.op('Squeeze', [values, graph.integers(2)])
  const before = slice(graph, logits, 0, -1, 1)
  const column = graph.op('Unsqueeze', [tokens, graph.integers(2)])
  const ofTokens = normalized(before, graph.op('GatherElements', [before, column], { axis: 2 }))
  const isKept = graph.op('GreaterOrEqual', [column, graph.integer(0)])
  const after = slice(graph, logits, 1, undefined, 1)
  const allowed = graph.op('ReduceMax', [graph.op('Add', [after, mask])], { axes: [2], keepdims: 1 })
  const scores = graph.op('Where', [isKept, ofTokens, graph.float(IMPOSSIBLE)])
  return [flattened(scores), flattened(normalized(after, allowed))]
}

/** The last `count` elements, [1], along an axis; none for 0. */
export function last(graph: Graph, value: Value, count: Value, axis: number): Value {
  const size = graph.op('Shape', [value], { start: axis, end: axis + 1 })
  return graph.op('Slice', [value, graph.op('Sub', [size, count]), size, graph.integers(axis)])
}

/** What is added to the logits of published tokens, [n, vocabulary] → of kept ones, [n, kept]. */
export function maskRows(graph: Graph, decoder: Vocabulary, masks: Value): Value {
  if (decoder.kept !== undefined) return graph.op('Gather', [masks, idTable(graph, decoder.kept)], { axis: 1 })
  return graph.op('Pad', [masks, graph.integers(0, 0, 0, missingInBlock(decoder.vocabulary))])
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
