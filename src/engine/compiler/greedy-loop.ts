/**
 * The greedy loop of a decoder as a graph: several tokens of several sequences in one run.
 *
 * The bottleneck of a small model is the traffic between JavaScript and the runtime, not its arithmetic, so the loop is
 * inside the graph: token in, layers, most probable token out, until a sequence ends or the budget of this run is used
 * up. A run returns its state, and another one continues from it: in between, decodes are cancelled, and sequences join
 * and leave the batch.
 *
 * A step of a small model takes its time for reading the weights, so a step of four sequences takes hardly longer than
 * that of one (continuous batching; Yu et al. 2022, "Orca", OSDI). No sequence changes another: products quantize each
 * row by itself (`linearByRow`), and unused positions have no weight in sums that do not depend on their number.
 */
import {
  crossAttentionTo, flat, indicesAlong, logitsOf, memoryInputs, pairs, type Decoder, type LayerAttention, type Memory,
} from './decoder.js'
import type { Graph, Value } from './graph.js'
import { biasedAttention, biasOfScores, concat, slice, split, type KeyValues } from './layers.js'
import { NOWHERE } from './positions.js'
import { choose, endIndex, keptIndices, last, maskRows, publishedIds } from './tokens.js'

/**
 * Writes inputs, loop and outputs.
 *
 * inputs   tokens      int64 [batch, n ≥ 1]        the next tokens of each sequence
 *          lengths     int64 [batch]               positions of `past` that are in use
 *          past        float32 [batch, 2 layers, heads, positions, head width]   keys and values so far
 *          room        int64 [1]                   positions to append to `past` before; it must hold all new tokens
 *          budget      int64 []                    most tokens to choose in this run
 *          masks       float32 [m, vocabulary]     what can be added to the logits before a choice, not to the
 *                                                  probabilities; the first row before every choice of a later step
 *          mask_of     int64 [batch, c ≤ n]        row of `masks` for the choices after the last c tokens
 *          memory_*                                of the encoder (`memoryInputs`), one for each sequence
 * outputs  tokens      int64 [steps, batch]        with the end token; the run stops when a sequence has chosen it
 *          log_probabilities float32 [steps, batch]
 *          choices     int64 [batch, c]            after the last c tokens of the first step
 *          choice_log_probabilities float32 [batch, c]
 *          new_past                                as `past`, for a further run; empty after one choice where every
 *                                                  sequence has ended
 */
export function writeGreedy(graph: Graph, decoder: Decoder): void {
  const { layers, heads, headWidth, vocabulary } = decoder
  const prompt = graph.input('tokens', 'int64', ['batch', 'fed'])
  const lengths = graph.input('lengths', 'int64', ['batch'])
  const past = graph.activationInput('past', ['batch', 2 * layers, heads, 'positions', headWidth])
  const room = graph.input('room', 'int64', [1])
  const budget = graph.input('budget', 'int64', [])
  const masks = maskRows(graph, decoder, graph.input('masks', 'float32', ['masks', vocabulary]))
  const maskOf = graph.input('mask_of', 'int64', ['batch', 'choices'])
  const memory = memoryInputs(graph, decoder, 'batch')
  const isEnded = graph.op('Less', [lengths, graph.integer(0)]) // none has
  const { carried, scanOutputs } = graph.loop(budget, [
    { value: keptIndices(graph, decoder, prompt), type: 'int64' },
    { value: lengths, type: 'int64' },
    { value: maskOf, type: 'int64' },
    { value: isEnded, type: 'bool' },
    { value: graph.weight(new BigInt64Array(0), [0, 0]), type: 'int64' },
    { value: graph.weight(new Float32Array(0), [0, 0], 'float32'), type: 'float32' },
    ...withRoom(graph, past, room, layers).map((value) => ({ value, type: graph.activationType })),
  ], (body, iteration, values) => {
    const [tokens, used, mask, , firstChoices, firstScores, ...cache] = values as [
      Value, Value, Value, Value, Value, Value, ...Value[]]
    const { hidden, keyValues } = step(body, decoder, { tokens, lengths: used, past: pairs(cache), memory })
    const size = body.op('Shape', [mask])
    const rows = logitsOf(body, decoder, last(body, hidden, slice(body, size, 1, 2, 0), 1))
    const row = body.op('Gather', [masks, body.op('Reshape', [mask, body.integers(-1)])])
    const { choice, logProbability } = choose(body, rows, row)
    const [choices, scores] = [choice, logProbability].map((value) => body.op('Reshape', [value, size])) as
      [Value, Value]
    const isFirst = body.op('Equal', [iteration, body.integer(0)])
    const keptFirst = body.branch(isFirst, () => [choices, scores], () => [firstChoices, firstScores])
    const newest = slice(body, choices, -1, undefined, 1)
    const ended = body.op('Equal', [newest, body.integer(endIndex(decoder))])
    const fed = body.op('Shape', [tokens], { start: 1, end: 2 })
    const flattened = (value: Value): Value => body.op('Squeeze', [value, body.integers(1)])
    return {
      condition: body.op('Not', [isAny(body, ended)]),
      carried: [
        newest, body.op('Add', [used, fed]), body.op('Mul', [slice(body, mask, -1, undefined, 1), body.integer(0)]),
        flattened(ended), ...keptFirst, ...flat(keyValues),
      ],
      scanOutputs: [flattened(newest), flattened(slice(body, scores, -1, undefined, 1))],
    }
  })
  const [, , , ended, choices, scores, ...grown] = carried as [Value, Value, Value, Value, Value, Value, ...Value[]]
  const [tokens, logProbabilities] = scanOutputs as [Value, Value]
  graph.output(publishedIds(graph, decoder, tokens), 'chosen', 'int64', ['steps', 'batch'])
  graph.output(logProbabilities, 'log_probabilities', 'float32', ['steps', 'batch'])
  graph.output(publishedIds(graph, decoder, choices), 'choices', 'int64', ['batch', 'choices'])
  graph.output(scores, 'choice_log_probabilities', 'float32', ['batch', 'choices'])
  const newPast = pastToContinue(graph, decoder, grown, ended, maskOf)
  graph.output(newPast, 'new_past', 'float32', ['kept', 2 * layers, heads, 'grown', headWidth])
}

/**
 * Keys and values of all layers in one tensor; empty where every sequence has ended. After several choices it is kept
 * all the same: a draft that is wrong in the middle may seem to end the text, and the sequence is rewound and goes on.
 */
function pastToContinue(
  graph: Graph, { layers, heads, headWidth }: Decoder, grown: readonly Value[], ended: Value, maskOf: Value,
): Value {
  const isDraft = graph.op('Greater', [graph.op('Shape', [maskOf], { start: 1, end: 2 }), graph.integers(1)])
  const goesOn = graph.op('Or', [isAny(graph, graph.op('Not', [ended])), graph.op('Squeeze', [isDraft])])
  const [past] = graph.branch(goesOn,
    (state) => {
      const stacked = grown.map((value) => state.op('Unsqueeze', [value, state.integers(1)]))
      return [state.toFloat32(concat(state, stacked, 1))]
    },
    (over) => [over.op('ConstantOfShape', [over.integers(0, 2 * layers, heads, 0, headWidth)])]) as [Value]
  return past
}

/** Keys and values of each layer, each [batch, heads, positions + room, head width]. */
function withRoom(graph: Graph, past: Value, room: Value, layers: number): Value[] {
  const pads = concat(graph, [graph.integers(0, 0, 0, 0, 0, 0, 0, 0), room, graph.integers(0)], 0)
  return split(graph, graph.op('Pad', [past, pads]), 2 * layers, 1).map((value) =>
    graph.op('Squeeze', [value, graph.integers(1)]))
}

/** Whether any of some conditions is true, a scalar. */
function isAny(graph: Graph, conditions: Value): Value {
  const most = graph.op('ReduceMax', [graph.cast(conditions, 'int32')], { keepdims: 0 })
  return graph.cast(most, 'bool')
}

interface StepInput {
  readonly tokens: Value
  readonly lengths: Value
  readonly past: readonly KeyValues[]
  readonly memory: Memory
}

/** All layers, over the next tokens of each sequence. */
function step(
  graph: Graph, decoder: Decoder, { tokens, lengths, past, memory }: StepInput,
): { hidden: Value; keyValues: KeyValues[] } {
  const column = graph.op('Unsqueeze', [lengths, graph.integers(1)])
  const positions = graph.op('Add', [column, indicesAlong(graph, tokens, 1)])
  const cross = crossAttentionTo(graph, memory, tokens, decoder)
  const own = selfAttentionIn(graph, decoder, past[0]!.keys, positions)
  let hidden = decoder.embed(graph, tokens, positions)
  const keyValues: KeyValues[] = []
  for (const [layer, before] of past.entries()) {
    const attention: LayerAttention = {
      self(query, keys, values) {
        const grown = { keys: own.store(before.keys, keys), values: own.store(before.values, values) }
        keyValues.push(grown)
        return own.attend(query, grown)
      },
      cross: (query) => cross(layer, query),
    }
    hidden = decoder.layer(graph, layer, hidden, positions, attention)
  }
  return { hidden, keyValues }
}

interface SelfAttention {
  /** Writes keys or values, [batch, n, width], to their positions of the cache. */
  store(cache: Value, added: Value): Value
  /** To the positions up to that of each query. */
  attend(query: Value, keyValues: KeyValues): Value
}

/** What all layers of a step share: where new keys and values go, and which positions a query sees. */
function selfAttentionIn(
  graph: Graph, { heads, headWidth }: Decoder, cache: Value, positions: Value,
): SelfAttention {
  const slots = indicesAlong(graph, cache, 2)
  const isVisible = graph.op('LessOrEqual', [slots, graph.op('Unsqueeze', [positions, graph.integers(1, 3)])])
  const bias = biasOfScores(graph, graph.op('Where', [isVisible, graph.float(0), graph.float(NOWHERE)]))
  const headIndices = graph.weight(BigInt64Array.from({ length: heads }, (_, head) => BigInt(head)), [heads, 1])
  const shape = concat(graph, [graph.op('Shape', [positions]), graph.integers(heads, 1)], 0)
  const parts = [
    graph.op('Unsqueeze', [indicesAlong(graph, positions, 0), graph.integers(1, 2, 3)]), headIndices,
    graph.op('Unsqueeze', [positions, graph.integers(2, 3)]),
  ]
  const at = concat(graph, parts.map((part) => graph.op('Expand', [part, shape])), 3)
  return {
    store: (before, added) =>
      graph.op('ScatterND', [before, at, graph.op('Reshape', [added, graph.integers(0, 0, heads, headWidth)])]),
    attend: (query, keyValues) => biasedAttention(graph, query, keyValues, bias, { heads, scale: 1 }),
  }
}
