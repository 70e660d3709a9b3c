/**
 * An autoregressive decoder as a graph: the whole greedy loop in one run, and single steps for a beam search.
 *
 * The bottleneck of a small model is the traffic between JavaScript and the runtime, not its arithmetic, so the loop is
 * inside the graph: token in, layers, most probable token out, until the end token or the budget of this run. A run
 * that does not reach the end returns its state, and another run continues from it; a decode can be cancelled between
 * runs.
 */
import type { Graph, Value } from './graph.js'
import { concat, slice, split, type KeyValues } from './layers.js'
import { choose, endIndex, keptIndices, last, maskRows, publishedIds, scoreTokens, type Vocabulary } from './tokens.js'

/** A decoder as its architecture describes it. */
export interface Decoder extends Vocabulary {
  readonly layers: number
  readonly heads: number
  readonly headWidth: number
  /** Tokens [batch, n] as indices into `kept`, the first at the position [1] → [batch, n, width]. */
  embed(graph: Graph, tokens: Value, position: Value): Value
  /**
   * One layer: [batch, n, width] → the same, its grown key/value cache, and the query of its cross-attention,
   * [batch, n, width].
   */
  layer(
    graph: Graph, index: number, hidden: Value, position: Value, past: KeyValues, cross: KeyValues,
  ): { hidden: Value; keyValues: KeyValues; crossQuery: Value }
  /**
   * Keys and values for cross-attention, from those of the encoder, where it attends to more than these. The state
   * between runs holds only those of the encoder.
   */
  readonly extendCross?: (graph: Graph, encoded: readonly KeyValues[]) => readonly KeyValues[]
  /** [batch, n, width] → [batch · n, kept], not normalized; padded with impossible tokens to whole rows of `BLOCK`. */
  logits(graph: Graph, hidden: Value): Value
}


/**
 * Writes inputs, loop and outputs. `encode` returns the keys and values of the encoder, two for each layer.
 *
 * inputs   prompt      int64 [n ≥ 1]               tokens before the first choice; when continuing, the last one
 *          budget      int64 []                    tokens to choose in this run, 0 to encode only
 *          mask        float32 [vocabulary]        added to the logits before each choice, not to the probabilities
 *          first_mask  float32 [vocabulary]        added as well before the first choice of this run
 *          past        float32 [2 layers, heads, positions, head width]   keys and values so far; empty at first
 *          memory      float32 [2 layers, heads, frames, head width]      of the encoder, where there is no new audio
 *          scored      int64 []                    tokens at the end of the prompt whose probability is wanted; below n
 * outputs  tokens      int64 [budget or less]      with the end token
 *          log_probabilities float32 [tokens]
 *          scores      float32 [scored]            log-probability of these tokens of the prompt; empty with budget 0
 *          new_past, new_memory                    as the inputs; empty when the end token was chosen
 */
export function writeGreedy(graph: Graph, decoder: Decoder, encode: () => readonly Value[]): void {
  const { layers, heads, headWidth, vocabulary } = decoder
  const prompt = graph.input('prompt', 'int64', ['prompt'])
  const budget = graph.input('budget', 'int64', [])
  const mask = graph.input('mask', 'float32', [vocabulary])
  const firstMask = graph.input('first_mask', 'float32', [vocabulary])
  const past = graph.input('past', 'float32', [2 * layers, heads, 'positions', headWidth])
  const scored = graph.input('scored', 'int64', [])
  const encoded = pairs(encode())

  const cross = crossKeyValues(graph, decoder, encoded)
  const masks = maskRows(graph, decoder, mask, firstMask)
  const fed = graph.op('Reshape', [keptIndices(graph, decoder, prompt), graph.integers(1, -1)])

  // The first iteration is fed the whole prompt, each later one the token that the iteration before chose.
  const { carried, scanOutputs } = graph.loop(budget, [
    { value: fed, type: 'int64' },
    { value: graph.boolean(false), type: 'bool' },
    { value: graph.weight(new Float32Array(0), [0]), type: 'float32' },
    ...split(graph, past, 2 * layers, 0).map((value) => ({ value, type: 'float32' as const })),
  ], (body, iteration, values) => {
    const [tokens, , scores, ...cache] = values as [Value, Value, Value, ...Value[]]
    const isFirst = body.op('Equal', [iteration, body.integer(0)])
    const { hidden, keyValues } = step(body, decoder, tokens, pairs(cache), cross)
    const rows = body.op('Where', [isFirst, body.op('Add', [scored, body.integer(1)]), body.integer(1)])
    const logits = decoder.logits(body, last(body, hidden, rows, 1))
    const newest = slice(body, logits, -1, undefined, 0)
    const { choice, logProbability } = choose(body, newest, masks, isFirst)
    const [scoresSoFar] = body.branch(isFirst,
      (first) => [scoreTokens(first, logits, last(first, tokens, scored, 1))],
      () => [scores]) as [Value]
    const ended = body.op('Equal', [choice, body.integer(endIndex(decoder))])
    return {
      condition: body.op('Not', [ended]),
      carried: [body.op('Reshape', [choice, body.integers(1, 1)]), ended, scoresSoFar, ...flat(keyValues)],
      scanOutputs: [choice, logProbability],
    }
  })
  const [, ended, scores, ...grown] = carried as [Value, Value, Value, ...Value[]]
  const [choices, logProbabilities] = scanOutputs as [Value, Value]
  graph.output(publishedIds(graph, decoder, choices), 'tokens', 'int64', ['tokens'])
  graph.output(logProbabilities, 'log_probabilities', 'float32', ['tokens'])
  graph.output(scores, 'scores', 'float32', ['scored'])
  const [newPast, newMemory] = graph.branch(ended,
    (none) => [0, 1].map(() => none.op('ConstantOfShape', [none.integers(2 * layers, heads, 0, headWidth)])),
    (state) => [concat(state, grown, 0), concat(state, flat(encoded), 0)]) as [Value, Value]
  const shape = [2 * layers, heads, 'kept', headWidth]
  graph.output(newPast, 'new_past', 'float32', shape)
  graph.output(newMemory, 'new_memory', 'float32', shape)
}

/**
 * Writes a single step of a beam search that chooses outside the graph; the batch holds the hypotheses.
 *
 * inputs   tokens      int64 [beams]               the next token of each hypothesis
 *          parents     int64 [beams]               the hypothesis of the previous step that it extends
 *          past        float32 [2 layers, beams before, heads, positions, head width]   at first one, without positions
 *          memory      float32 [2 layers, heads, frames, head width]   of the encoder, as a greedy run returns it
 *          bias_at     int64 [n, 2]                hypothesis and token of each bias
 *          bias        float32 [n]                 added to the log-probability before choosing
 *          top         int64 [1]                   candidates of each hypothesis
 * outputs  candidates  int64 [beams, top]          the best by log-probability plus bias
 *          scores      float32 [beams, top]        log-probability plus bias
 *          log_probabilities float32 [beams, top]  without bias
 *          new_past    float32 [2 layers, beams, heads, positions + 1, head width]
 */
export function writeSteps(graph: Graph, decoder: Decoder): void {
  const { layers, heads, headWidth } = decoder
  const tokens = graph.input('tokens', 'int64', ['beams'])
  const parents = graph.input('parents', 'int64', ['beams'])
  const past = graph.input('past', 'float32', [2 * layers, 'before', heads, 'positions', headWidth])
  const memory = graph.input('memory', 'float32', [2 * layers, heads, 'frames', headWidth])
  const biasAt = graph.input('bias_at', 'int64', ['biases', 2])
  const bias = graph.input('bias', 'float32', ['biases'])
  const top = graph.input('top', 'int64', [1])

  const reordered = graph.op('Gather', [past, parents], { axis: 1 })
  const cache = split(graph, reordered, 2 * layers, 0).map((value) => graph.op('Squeeze', [value, graph.integers(0)]))
  const encoded = pairs(split(graph, memory, 2 * layers, 0))
  const cross = crossKeyValues(graph, decoder, encoded).map((one) => ({ ...one, isShared: true }))
  const column = graph.op('Unsqueeze', [keptIndices(graph, decoder, tokens), graph.integers(1)])
  const { hidden, keyValues } = step(graph, decoder, column, pairs(cache), cross)
  const probabilities = graph.op('LogSoftmax', [decoder.logits(graph, hidden)], { axis: 1 })
  const biased = addBiases(graph, decoder, probabilities, biasAt, bias)
  const [scores, indices] = graph.ops('TopK', [biased, top], 2, { axis: 1 }) as [Value, Value]
  const shape = ['beams', 'top']
  graph.output(publishedIds(graph, decoder, indices), 'candidates', 'int64', shape)
  graph.output(scores, 'scores', 'float32', shape)
  const unbiased = graph.op('GatherElements', [probabilities, indices], { axis: 1 })
  graph.output(unbiased, 'log_probabilities', 'float32', shape)
  const grown = flat(keyValues).map((value) => graph.op('Unsqueeze', [value, graph.integers(0)]))
  graph.output(concat(graph, grown, 0), 'new_past', 'float32', [2 * layers, 'beams', heads, 'grown', headWidth])
}

/** Adds each bias to its element of [beams, kept]; the bias of a token that is not kept is ignored. */
function addBiases(graph: Graph, decoder: Decoder, table: Value, biasAt: Value, bias: Value): Value {
  const [beam, token] = split(graph, biasAt, 2, 1) as [Value, Value]
  const index = keptIndices(graph, decoder, token)
  const isKept = graph.op('GreaterOrEqual', [index, graph.integer(0)])
  const amount = graph.op('Where', [graph.op('Squeeze', [isKept, graph.integers(1)]), bias, graph.float(0)])
  const at = concat(graph, [beam, graph.op('Max', [index, graph.integer(0)])], 1)
  return graph.op('ScatterND', [table, at, amount], { reduction: 'add' })
}

/** All layers, over one position or several at once. */
function step(
  graph: Graph, decoder: Decoder, tokens: Value, past: readonly KeyValues[], cross: readonly KeyValues[],
): { hidden: Value; keyValues: KeyValues[] } {
  const [{ keys }] = past as [KeyValues, ...KeyValues[]]
  const position = graph.op('Shape', [keys], { start: 2, end: 3 })
  let hidden = decoder.embed(graph, tokens, position)
  const keyValues = past.map((before, index) => {
    const after = decoder.layer(graph, index, hidden, position, before, cross[index]!)
    hidden = after.hidden
    return after.keyValues
  })
  return { hidden, keyValues }
}

/** Keys and values of the encoder: from `encode` when there is audio, from the input `memory` when continuing. */
export function encoderKeyValues(
  graph: Graph, decoder: Decoder, audio: Value, axis: number, encode: (graph: Graph) => readonly KeyValues[],
): Value[] {
  const { layers, heads, headWidth } = decoder
  const memory = graph.input('memory', 'float32', [2 * layers, heads, 'frames', headWidth])
  const length = graph.op('Shape', [audio], { start: axis, end: axis + 1 })
  const hasAudio = graph.op('Reshape', [graph.op('Greater', [length, graph.integers(0)]), graph.integers()])
  return graph.branch(hasAudio,
    (body) => flat(encode(body)),
    (body) => split(body, memory, 2 * layers, 0))
}

/** What cross-attention attends to in each layer. */
export function crossKeyValues(
  graph: Graph, { extendCross }: Decoder, encoded: readonly KeyValues[],
): readonly KeyValues[] {
  return extendCross === undefined ? encoded : extendCross(graph, encoded)
}

/** [keys, values, keys, values …] → keys and values of each layer. */
export function pairs(values: readonly Value[]): KeyValues[] {
  return Array.from({ length: values.length / 2 }, (_, layer) => {
    const [keys, ofKeys] = values.slice(2 * layer, 2 * layer + 2) as [Value, Value]
    return { keys, values: ofKeys }
  })
}

/** The reverse of `pairs`. */
function flat(layers: readonly KeyValues[]): Value[] {
  return layers.flatMap(({ keys, values }) => [keys, values])
}
