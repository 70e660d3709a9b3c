/**
 * An autoregressive decoder as a graph: the whole greedy loop in one run, and single steps for a beam search.
 *
 * The bottleneck of a small model is the traffic between JavaScript and the runtime, not its arithmetic, so the loop is
 * inside the graph: token in, layers, most probable token out, until the end token or the budget of this run. A run
 * that does not reach the end returns its state, and another run continues from it; a decode can be cancelled between
 * runs.
 */
import type { Graph, Value } from './graph.js'
import type { Shape } from './onnx.js'
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
  /** Keys and values for cross-attention, from those of the encoder, where it attends to more than these. */
  readonly extendCross?: (graph: Graph, encoded: readonly KeyValues[]) => readonly KeyValues[]
  /** [batch, n, width] → [batch · n, kept], not normalized; padded with impossible tokens to whole rows of `BLOCK`. */
  logits(graph: Graph, hidden: Value): Value
}


/**
 * Writes inputs, loop and outputs. `encode` returns what cross-attention attends to, by layer (`encoderMemory`).
 *
 * inputs   prompt      int64 [batch, n ≥ 1]        tokens before the first choice; when continuing, the last one
 *          budget      int64 []                    tokens to choose in this run, 0 to encode only
 *          mask        float32 [vocabulary]        added to the logits before each choice, not to the probabilities
 *          first_mask  float32 [vocabulary]        added as well before the first choice of this run
 *          past        float32 [2 layers, heads, positions, head width]   keys and values so far; empty at first
 *          memory_*                                of the encoder, where there is no new audio (`memoryInputs`)
 *          scored      int64 []                    tokens at the end of the prompt whose probability is wanted; below n
 *          keep        bool []                     whether the memory is returned even if the end token was chosen
 * outputs  tokens      int64 [budget or less]      with the end token
 *          log_probabilities float32 [tokens]
 *          scores      float32 [batch, scored]     log-probability of these tokens of the prompt
 *          endings     float32 [batch, scored]     of the most probable token after each of them that the mask allows
 *          new_past, new_memory_*                  as the inputs; empty when the end token was chosen, without `keep`
 *
 * A batch of several prompts is scored and not continued: with a budget of 1, tokens and past mean nothing.
 */
export function writeGreedy(graph: Graph, decoder: Decoder, encode: () => readonly KeyValues[]): void {
  const { layers, heads, headWidth, vocabulary } = decoder
  const prompt = graph.input('prompt', 'int64', ['batch', 'prompt'])
  const budget = graph.input('budget', 'int64', [])
  const mask = graph.input('mask', 'float32', [vocabulary])
  const firstMask = graph.input('first_mask', 'float32', [vocabulary])
  const past = graph.input('past', 'float32', [2 * layers, heads, 'positions', headWidth])
  const scored = graph.input('scored', 'int64', [])
  const keep = graph.input('keep', 'bool', [])
  const cross = encode()
  const masks = maskRows(graph, decoder, mask, firstMask)
  const fed = keptIndices(graph, decoder, prompt)
  const none = graph.weight(new Float32Array(0), [0, 0])

  // The first iteration is fed the whole prompt, each later one the token that the iteration before chose.
  const { carried, scanOutputs } = graph.loop(budget, [
    { value: fed, type: 'int64' },
    { value: graph.boolean(false), type: 'bool' },
    { value: none, type: 'float32' },
    { value: none, type: 'float32' },
    ...pastOfBatch(graph, past, fed, layers).map((value) => ({ value, type: 'float32' as const })),
  ], (body, iteration, values) => {
    const [tokens, , scores, endings, ...cache] = values as [Value, Value, Value, Value, ...Value[]]
    const isFirst = body.op('Equal', [iteration, body.integer(0)])
    const { hidden, keyValues } = step(body, decoder, tokens, pairs(cache), cross)
    const rows = body.op('Where', [isFirst, body.op('Add', [scored, body.integer(1)]), body.integer(1)])
    const logits = decoder.logits(body, last(body, hidden, rows, 1))
    const newest = slice(body, logits, -1, undefined, 0)
    const { choice, logProbability } = choose(body, newest, masks, isFirst)
    const [scoresSoFar, endingsSoFar] = body.branch(isFirst,
      (first) => scoreTokens(first, logits, last(first, tokens, scored, 1), slice(first, masks, 0, 1, 0)),
      () => [scores, endings]) as [Value, Value]
    const ended = body.op('Equal', [choice, body.integer(endIndex(decoder))])
    return {
      condition: body.op('Not', [ended]),
      carried: [
        body.op('Reshape', [choice, body.integers(1, 1)]), ended, scoresSoFar, endingsSoFar, ...flat(keyValues),
      ],
      scanOutputs: [choice, logProbability],
    }
  })
  const [, ended, scores, endings, ...grown] = carried as [Value, Value, Value, Value, ...Value[]]
  const [choices, logProbabilities] = scanOutputs as [Value, Value]
  graph.output(publishedIds(graph, decoder, choices), 'tokens', 'int64', ['tokens'])
  graph.output(logProbabilities, 'log_probabilities', 'float32', ['tokens'])
  graph.output(scores, 'scores', 'float32', ['batch', 'scored'])
  graph.output(endings, 'endings', 'float32', ['batch', 'scored'])
  const isOver = graph.op('And', [ended, graph.op('Not', [keep])])
  const [newPast, ...newMemory] = graph.branch(isOver,
    (after) => emptyState(after, decoder),
    (state) => [concat(state, grown, 0), ...memoryValues(decoder, cross)]) as [Value, ...Value[]]
  graph.output(newPast, 'new_past', 'float32', [2 * layers, heads, 'kept', headWidth])
  for (const [index, { name, shape }] of memoryPorts(decoder).entries()) {
    graph.output(newMemory[index]!, `new_${name}`, 'float32', shape)
  }
}

/** Keys and values so far, two for each layer, for each prompt of the batch. */
function pastOfBatch(graph: Graph, past: Value, fed: Value, layers: number): Value[] {
  const batch = graph.op('Shape', [fed], { start: 0, end: 1 })
  const shape = concat(graph, [batch, graph.integers(1, 1, 1)], 0)
  return split(graph, past, 2 * layers, 0).map((value) => graph.op('Expand', [value, shape]))
}

/** No past and no memory. */
function emptyState(graph: Graph, decoder: Decoder): Value[] {
  const { layers, heads, headWidth } = decoder
  const memory = memoryPorts(decoder).map(({ shape }) => shape.map((size) => typeof size === 'number' ? size : 0))
  return [[2 * layers, heads, 0, headWidth], ...memory].map((shape) =>
    graph.op('ConstantOfShape', [graph.integers(...shape)]))
}

/**
 * Writes a single step of a beam search that chooses outside the graph; the batch holds the hypotheses.
 *
 * inputs   tokens      int64 [beams, n]            the next tokens of each hypothesis: several only in the first step
 *          parents     int64 [beams]               the hypothesis of the previous step that it extends
 *          past        float32 [2 layers, beams before, heads, positions, head width]   at first one, without positions
 *          memory_*                                of the encoder, as a greedy run returns it (`memoryInputs`)
 *          bias_at     int64 [n, 2]                hypothesis and token of each bias
 *          bias        float32 [n]                 added to the log-probability before choosing
 *          top         int64 [1]                   candidates of each hypothesis
 * outputs  candidates  int64 [beams, top]          the best by log-probability plus bias
 *          scores      float32 [beams, top]        log-probability plus bias
 *          log_probabilities float32 [beams, top]  without bias
 *          new_past    float32 [2 layers, beams, heads, positions + n, head width]
 */
export function writeSteps(graph: Graph, decoder: Decoder): void {
  const { layers, heads, headWidth } = decoder
  const tokens = graph.input('tokens', 'int64', ['beams', 'tokens'])
  const parents = graph.input('parents', 'int64', ['beams'])
  const past = graph.input('past', 'float32', [2 * layers, 'before', heads, 'positions', headWidth])
  const cross = memoryInputs(graph, decoder)
  const biasAt = graph.input('bias_at', 'int64', ['biases', 2])
  const bias = graph.input('bias', 'float32', ['biases'])
  const top = graph.input('top', 'int64', [1])

  const reordered = graph.op('Gather', [past, parents], { axis: 1 })
  const cache = split(graph, reordered, 2 * layers, 0).map((value) => graph.op('Squeeze', [value, graph.integers(0)]))
  const { hidden, keyValues } = step(graph, decoder, keptIndices(graph, decoder, tokens), pairs(cache), cross)
  const newest = slice(graph, hidden, -1, undefined, 1)
  const probabilities = graph.op('LogSoftmax', [decoder.logits(graph, newest)], { axis: 1 })
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

/**
 * What cross-attention attends to, by layer: from `encode` when there is audio, from the inputs `memory_*` when
 * continuing.
 */
export function encoderMemory(
  graph: Graph, decoder: Decoder, audio: Value, axis: number, encode: (graph: Graph) => readonly KeyValues[],
): KeyValues[] {
  const given = memoryInputs(graph, decoder)
  const length = graph.op('Shape', [audio], { start: axis, end: axis + 1 })
  const hasAudio = graph.op('Reshape', [graph.op('Greater', [length, graph.integers(0)]), graph.integers()])
  const encoded = (body: Graph): readonly KeyValues[] => {
    const keyValues = encode(body)
    return decoder.extendCross?.(body, keyValues) ?? keyValues
  }
  return memoryOf(decoder, graph.branch(hasAudio,
    (body) => memoryValues(decoder, encoded(body)), () => memoryValues(decoder, given)))
}

/**
 * The memory of an encoder as inputs, by layer: `memory_keys_0`, `memory_values_0` and so on, float32 [1, heads,
 * frames, head width], and with `extendCross` also `memory_log_counts`, float32 [frames]. Each is a tensor of its own,
 * since a run would copy the parts of a common one.
 */
export function memoryInputs(graph: Graph, decoder: Decoder): KeyValues[] {
  return memoryOf(decoder, memoryPorts(decoder).map(({ name, shape }) => graph.input(name, 'float32', shape)))
}

function memoryPorts({ layers, heads, headWidth, extendCross }: Decoder): { name: string; shape: Shape }[] {
  const shape = [1, heads, 'frames', headWidth]
  const ports = Array.from({ length: layers }, (_, layer) =>
    ['keys', 'values'].map((kind) => ({ name: `memory_${kind}_${layer}`, shape })))
  return [...ports.flat(), ...extendCross === undefined ? [] : [{ name: 'memory_log_counts', shape: ['frames'] }]]
}

/** In the order of `memoryPorts`; the counts are the same in all layers. */
function memoryValues({ extendCross }: Decoder, cross: readonly KeyValues[]): Value[] {
  return [...flat(cross), ...extendCross === undefined ? [] : [cross[0]!.logCounts!]]
}

/** The reverse of `memoryValues`. */
function memoryOf({ layers }: Decoder, values: readonly Value[]): KeyValues[] {
  const logCounts = values[2 * layers]
  return pairs(values.slice(0, 2 * layers)).map((one) => logCounts === undefined ? one : { ...one, logCounts })
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
