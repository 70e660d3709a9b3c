/**
 * An autoregressive decoder as a graph: the whole greedy loop in one run, and single steps for searches that choose.
 *
 * What crosses into JavaScript is the bottleneck of a small model, not its arithmetic, so the loop lives inside: token
 * in, layers, the likeliest token out, until the end token or the budget of this run. A run that did not come to its
 * end answers its state, and another run goes on from there; between them a decode can be called off.
 */
import type { Graph, Value } from './graph.js'
import { joined, parts, slice, type Memory } from './layers.js'

/** What an architecture has to say about its decoder. */
export interface Decoder {
  readonly layers: number
  readonly heads: number
  readonly headWidth: number
  /** Size of the published vocabulary. */
  readonly vocabulary: number
  /** Published ids of the tokens that can be chosen, in order; undefined for all of them. The end token is among them. */
  readonly kept: readonly number[] | undefined
  readonly endToken: number
  /** Tokens [batch, n] by their places among the kept ones, the first at the position [1] → [batch, n, width]. */
  embed(graph: Graph, tokens: Value, position: Value): Value
  /** Layer by layer: [batch, n, width] → the same, what it leaves for the next positions, and what it asked the memory of the audio, [batch, n, width]. */
  layer(graph: Graph, index: number, hidden: Value, position: Value, past: Memory, heard: Memory): { hidden: Value; memory: Memory; asked: Value }
  /** What the layers attend to, from the memories of the audio, when it is more than these. The state holds only these. */
  readonly surround?: (graph: Graph, heard: readonly Memory[]) => readonly Memory[]
  /** [batch, 1, width] → [batch, kept], not normalized; filled up with impossible ones to whole rows of `BLOCK`. */
  logits(graph: Graph, hidden: Value): Value
}

/** Rows of the table in which the likeliest token is looked for; the runtime is fast in rows and slow in one long one. */
export const BLOCK = 128

/**
 * Writes inputs, loop and outputs. `hear` answers the memories of the encoder, a pair a layer.
 *
 * inputs   prompt      int64 [n ≥ 1]               tokens to feed before the first choice, kept ones; when going on, the last token
 *          budget      int64 []                    tokens to choose in this run, 0 to encode only
 *          mask        float32 [vocabulary]        added to the logits before each choice, not to the probabilities
 *          first_mask  float32 [vocabulary]        added too before the first choice of this run
 *          past        float32 [2 layers, heads, positions, head width]   keys and values so far; none at first
 *          memory      float32 [2 layers, heads, frames, head width]      of the encoder, where there is no new audio
 * outputs  tokens      int64 [budget or less]      the end token included
 *          log_probabilities float32 [as many]
 *          new_past, new_memory                    as the inputs; empty when the end token was chosen
 */
export function writeGreedy(graph: Graph, decoder: Decoder, hear: () => readonly Value[]): void {
  const { layers, heads, headWidth, vocabulary } = decoder
  const prompt = graph.input('prompt', 'int64', ['prompt'])
  const budget = graph.input('budget', 'int64', [])
  const mask = graph.input('mask', 'float32', [vocabulary])
  const firstMask = graph.input('first_mask', 'float32', [vocabulary])
  const past = graph.input('past', 'float32', [2 * layers, heads, 'positions', headWidth])
  const heard = pairs(hear())

  const surrounded = surroundings(graph, decoder, heard)
  const masks = maskRows(graph, decoder, mask, firstMask)
  const fed = graph.op('Reshape', [keptIds(graph, decoder, prompt), graph.integers(1, -1)])

  // The first turn is given the whole prompt, each other the token that was chosen in the turn before.
  const { carried, stacked } = graph.loop(budget, [
    { value: fed, type: 'int64' },
    { value: graph.truth(false), type: 'bool' },
    ...parts(graph, past, 2 * layers, 0).map((value) => ({ value, type: 'float32' as const })),
  ], (body, turn, [tokens, , ...memories]) => {
    const { hidden, memories: grown } = step(body, decoder, tokens!, pairs(memories), surrounded)
    const newest = slice(body, hidden, -1, undefined, 1)
    const { choice, logProbability } = choose(body, decoder.logits(body, newest), masks, body.op('Equal', [turn, body.integer(0)]))
    const ended = body.op('Equal', [choice, body.integer(endOf(decoder))])
    return {
      condition: body.op('Not', [ended]),
      carried: [body.op('Reshape', [choice, body.integers(1, 1)]), ended, ...grown.flatMap(({ keys, values }) => [keys, values])],
      stacked: [choice, logProbability],
    }
  })
  const [, ended, ...grown] = carried
  graph.output(publishedIds(graph, decoder, stacked[0]!), 'tokens', 'int64', ['tokens'])
  graph.output(stacked[1]!, 'log_probabilities', 'float32', ['tokens'])
  const shape = [2 * layers, heads, 'kept', headWidth]
  const [newPast, newMemory] = graph.choose(ended!,
    (none) => [0, 1].map(() => none.op('ConstantOfShape', [none.integers(2 * layers, heads, 0, headWidth)])),
    (state) => [joined(state, grown, 0), joined(state, heard.flatMap(({ keys, values }) => [keys, values]), 0)])
  graph.output(newPast!, 'new_past', 'float32', shape)
  graph.output(newMemory!, 'new_memory', 'float32', shape)
}

/**
 * Writes a single step for searches that choose for themselves: several hypotheses at a time, in the batch.
 *
 * inputs   tokens      int64 [beams]               the next token of each hypothesis
 *          parents     int64 [beams]               the hypothesis of the step before that it goes on from
 *          past        float32 [2 layers, beams before, heads, positions, head width]   one without positions at first
 *          memory      float32 [2 layers, heads, frames, head width]   of the encoder, as a greedy run leaves it
 *          bias_at     int64 [n, 2]                hypothesis and token of each bias
 *          bias        float32 [n]                 added to the log-probability before choosing
 *          top         int64 [1]                   candidates of each hypothesis
 * outputs  candidates  int64 [beams, top]          the best by probability and bias
 *          scores      float32 [beams, top]        log-probability with its bias
 *          log_probabilities float32 [beams, top]  without
 *          new_past    float32 [2 layers, beams, heads, positions + 1, head width]
 */
export function writeSteps(graph: Graph, decoder: Decoder): void {
  const { layers, heads, headWidth } = decoder
  const tokens = graph.input('tokens', 'int64', ['beams'])
  const parents = graph.input('parents', 'int64', ['beams'])
  const past = graph.input('past', 'float32', [2 * layers, 'before', heads, 'positions', headWidth])
  const memory = graph.input('memory', 'float32', [2 * layers, heads, 'frames', headWidth])
  const at = graph.input('bias_at', 'int64', ['biases', 2])
  const bias = graph.input('bias', 'float32', ['biases'])
  const top = graph.input('top', 'int64', [1])

  const single = (values: Value): Value[] => parts(graph, values, 2 * layers, 0)
  const before = single(graph.op('Gather', [past, parents], { axis: 1 })).map((value) => graph.op('Squeeze', [value, graph.integers(0)]))
  const heard = surroundings(graph, decoder, pairs(single(memory))).map((one) => ({ ...one, isShared: true }))
  const column = graph.op('Unsqueeze', [keptIds(graph, decoder, tokens), graph.integers(1)])
  const { hidden, memories } = step(graph, decoder, column, pairs(before), heard)
  const probabilities = graph.op('LogSoftmax', [decoder.logits(graph, hidden)], { axis: 1 })
  const biased = addAt(graph, decoder, probabilities, at, bias)
  const [scores, places] = graph.ops('TopK', [biased, top], 2, { axis: 1 }) as [Value, Value]
  graph.output(publishedIds(graph, decoder, places), 'candidates', 'int64', ['beams', 'top'])
  graph.output(scores, 'scores', 'float32', ['beams', 'top'])
  graph.output(graph.op('GatherElements', [probabilities, places], { axis: 1 }), 'log_probabilities', 'float32', ['beams', 'top'])
  const grown = memories.flatMap(({ keys, values }) => [keys, values]).map((value) => graph.op('Unsqueeze', [value, graph.integers(0)]))
  graph.output(joined(graph, grown, 0), 'new_past', 'float32', [2 * layers, 'beams', heads, 'grown', headWidth])
}

/** Adds each bias to its place of [beams, kept]; tokens that are not kept have none. */
function addAt(graph: Graph, decoder: Decoder, table: Value, at: Value, bias: Value): Value {
  const [beam, token] = parts(graph, at, 2, 1) as [Value, Value]
  const place = keptIds(graph, decoder, token)
  const isKept = graph.op('GreaterOrEqual', [place, graph.integer(0)])
  const amount = graph.op('Where', [graph.op('Squeeze', [isKept, graph.integers(1)]), bias, graph.real(0)])
  return graph.op('ScatterND', [table, joined(graph, [beam, graph.op('Max', [place, graph.integer(0)])], 1), amount], { reduction: 'add' })
}

/** One position after another through all layers, or several of them at once. */
function step(graph: Graph, decoder: Decoder, tokens: Value, past: readonly Memory[], heard: readonly Memory[]): { hidden: Value; memories: Memory[] } {
  const position = graph.op('Shape', [past[0]!.keys], { start: 2, end: 3 })
  let hidden = decoder.embed(graph, tokens, position)
  const memories = past.map((before, index) => {
    const after = decoder.layer(graph, index, hidden, position, before, heard[index]!)
    hidden = after.hidden
    return after.memory
  })
  return { hidden, memories }
}

/** Memories from the input of that name when going on, from `encode` when there is audio. */
export function memoriesOf(graph: Graph, decoder: Decoder, audio: Value, axis: number, encode: (graph: Graph) => readonly Memory[]): Value[] {
  const { layers, heads, headWidth } = decoder
  const memory = graph.input('memory', 'float32', [2 * layers, heads, 'frames', headWidth])
  const length = graph.op('Shape', [audio], { start: axis, end: axis + 1 })
  const hasAudio = graph.op('Reshape', [graph.op('Greater', [length, graph.integers(0)]), graph.integers()])
  return graph.choose(hasAudio,
    (fresh) => encode(fresh).flatMap(({ keys, values }) => [keys, values]),
    (given) => parts(given, memory, 2 * layers, 0))
}

/** The likeliest token among the kept ones, a scalar, and its log-probability under the unmasked logits. */
function choose(graph: Graph, logits: Value, masks: Value, isFirst: Value): { choice: Value; logProbability: Value } {
  const row = graph.op('Gather', [masks, graph.cast(isFirst, 'int64')])
  const table = (values: Value): Value => graph.op('Reshape', [values, graph.integers(-1, BLOCK)])
  const allowed = table(graph.op('Add', [logits, row]))
  const block = graph.op('ArgMax', [graph.op('ReduceMax', [allowed], { axes: [1], keepdims: 0 })], { axis: 0, keepdims: 0 })
  const inBlock = graph.op('ArgMax', [graph.op('Gather', [allowed, block])], { axis: 0, keepdims: 0 })
  const choice = graph.op('Add', [graph.op('Mul', [block, graph.integer(BLOCK)]), inBlock])
  const flat = graph.op('Reshape', [logits, graph.integers(-1)])
  const highest = graph.op('ReduceMax', [table(logits)], { axes: [0, 1], keepdims: 0 })
  const sum = graph.op('ReduceSum', [graph.op('Exp', [graph.op('Sub', [table(logits), highest])])], { keepdims: 0 })
  const logProbability = graph.op('Sub', [graph.op('Sub', [graph.op('Gather', [flat, choice]), highest]), graph.op('Log', [sum])])
  return { choice, logProbability }
}

/** [2, kept]: what is added to the logits of any choice, and of the first. */
function maskRows(graph: Graph, decoder: Decoder, mask: Value, firstMask: Value): Value {
  const both = graph.op('Concat', [mask, graph.op('Add', [mask, firstMask])].map((row) => graph.op('Reshape', [row, graph.integers(1, -1)])), { axis: 0 })
  if (decoder.kept !== undefined) return graph.op('Gather', [both, idsOf(graph, decoder.kept)], { axis: 1 })
  return graph.op('Pad', [both, graph.integers(0, 0, 0, missingInBlock(decoder.vocabulary))])
}

function idsOf(graph: Graph, ids: readonly number[]): Value {
  return graph.weight(BigInt64Array.from(ids, BigInt), [ids.length])
}

/** Published ids → places among the kept. */
export function keptIds(graph: Graph, { kept, vocabulary }: Decoder, ids: Value): Value {
  if (kept === undefined) return ids
  const places = new BigInt64Array(vocabulary).fill(-1n)
  kept.forEach((id, place) => { places[id] = BigInt(place) })
  return graph.op('Gather', [graph.weight(places, [vocabulary]), ids])
}

/** Places among the kept → published ids. */
function publishedIds(graph: Graph, { kept }: Decoder, places: Value): Value {
  return kept === undefined ? places : graph.op('Gather', [idsOf(graph, kept), places])
}

/** How many logits fill up the last row of the table. */
export function missingInBlock(count: number): number {
  return (BLOCK - count % BLOCK) % BLOCK
}

function endOf({ kept, endToken }: Decoder): number {
  return kept === undefined ? endToken : kept.indexOf(endToken)
}

export function surroundings(graph: Graph, { surround }: Decoder, heard: readonly Memory[]): readonly Memory[] {
  return surround === undefined ? heard : surround(graph, heard)
}

/** [keys, values, keys, values …] → a memory for each layer. */
export function pairs(values: readonly Value[]): Memory[] {
  return Array.from({ length: values.length / 2 }, (_, layer) => ({ keys: values[2 * layer]!, values: values[2 * layer + 1]! }))
}
