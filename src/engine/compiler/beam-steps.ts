/**
 * Steps of a beam search that chooses outside the graph, and forced decoding of given texts: what is computed for
 * several sequences of one clip, whose activations share a scale.
 */
import {
  crossAttentionTo, flat, indicesAlong, logitsOf, memoryInputs, pairs, type Decoder, type LayerAttention, type Memory,
} from './decoder.js'
import type { Graph, Value } from './graph.js'
import { causalSelfAttention, concat, slice, split, type KeyValues } from './layers.js'
import { keptIndices, last, maskRows, publishedIds, scoreTokens } from './tokens.js'

/**
 * Writes a single step; the batch holds the hypotheses, or the texts.
 *
 * inputs   tokens      int64 [beams, n]            the next tokens of each hypothesis: several only in the first step
 *          parents     int64 [beams]               the hypothesis of the previous step that it extends
 *          past        float32 [2 layers, beams before, heads, positions, head width]   at first one, without positions
 *          memory_*                                of the encoder (`memoryInputs`)
 *          bias_at     int64 [n, 2]                hypothesis and token of each bias
 *          bias        float32 [n]                 added to the log-probability before choosing
 *          top         int64 [1]                   candidates of each hypothesis
 *          scored      int64 []                    tokens at the end of each text whose probability is wanted; below n
 *          ending      float32 [1, vocabulary]     added to the logits where the end of a text is scored
 * outputs  candidates  int64 [beams, top]          the best by log-probability plus bias
 *          candidate_scores float32 [beams, top]   log-probability plus bias
 *          log_probabilities float32 [beams, top]  without bias
 *          new_past    float32 [2 layers, beams, heads, positions + n, head width]
 *          scores      float32 [beams, scored]     log-probability of the scored tokens
 *          endings     float32 [beams, scored]     of the most probable token after each of them that `ending` allows
 */
export function writeSteps(graph: Graph, decoder: Decoder): void {
  const { layers, heads, headWidth, vocabulary } = decoder
  const tokens = graph.input('tokens', 'int64', ['beams', 'tokens'])
  const parents = graph.input('parents', 'int64', ['beams'])
  const past = graph.activationInput('past', [2 * layers, 'before', heads, 'positions', headWidth])
  const memory = memoryInputs(graph, decoder)
  const biasAt = graph.input('bias_at', 'int64', ['biases', 2])
  const bias = graph.input('bias', 'float32', ['biases'])
  const top = graph.input('top', 'int64', [1])
  const scored = graph.input('scored', 'int64', [])
  const ending = maskRows(graph, decoder, graph.input('ending', 'float32', [1, vocabulary]))

  const reordered = graph.op('Gather', [past, parents], { axis: 1 })
  const cache = split(graph, reordered, 2 * layers, 0).map((value) => graph.op('Squeeze', [value, graph.integers(0)]))
  const fed = keptIndices(graph, decoder, tokens)
  const { hidden, keyValues } = growingStep(graph, decoder, fed, pairs(cache), memory)
  const wanted = graph.op('Add', [graph.op('Reshape', [scored, graph.integers(1)]), graph.integers(1)])
  const logits = logitsOf(graph, decoder, last(graph, hidden, wanted, 1))
  const byText = graph.op('Reshape', [logits, concat(graph, [
    graph.op('Shape', [parents]), graph.integers(-1), graph.op('Shape', [logits], { start: 1, end: 2 }),
  ], 0)])
  const newest = graph.op('Squeeze', [slice(graph, byText, -1, undefined, 1), graph.integers(1)])
  const probabilities = graph.op('LogSoftmax', [newest], { axis: 1 })
  const biased = addBiases(graph, decoder, probabilities, biasAt, bias)
  const [scores, indices] = graph.ops('TopK', [biased, top], 2, { axis: 1 }) as [Value, Value]
  const shape = ['beams', 'top']
  graph.output(publishedIds(graph, decoder, indices), 'candidates', 'int64', shape)
  graph.output(scores, 'candidate_scores', 'float32', shape)
  const unbiased = graph.op('GatherElements', [probabilities, indices], { axis: 1 })
  graph.output(unbiased, 'log_probabilities', 'float32', shape)
  const grown = flat(keyValues).map((value) => graph.op('Unsqueeze', [value, graph.integers(0)]))
  graph.output(concat(graph, grown, 0), 'new_past', 'float32', [2 * layers, 'beams', heads, 'grown', headWidth])
  const [textScores, endings] = graph.branch(graph.op('Greater', [scored, graph.integer(0)]),
    (body) => scoreTokens(body, byText, last(body, fed, body.op('Reshape', [scored, body.integers(1)]), 1), ending),
    (body) => [0, 1].map(() => body.weight(new Float32Array(0), [0, 0], 'float32'))) as [Value, Value]
  graph.output(textScores, 'scores', 'float32', ['beams', 'scored'])
  graph.output(endings, 'endings', 'float32', ['beams', 'scored'])
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

/** All layers over the next tokens of sequences of equal length, whose keys and values grow. */
export function growingStep(
  graph: Graph, decoder: Decoder, tokens: Value, past: readonly KeyValues[], memory: Memory,
  onQuery: (layer: number, crossQuery: Value) => void = () => undefined,
): { hidden: Value; keyValues: KeyValues[] } {
  const position = graph.op('Shape', [past[0]!.keys], { start: 2, end: 3 })
  const ofOne = graph.op('Add', [indicesAlong(graph, tokens, 1), position])
  const positions = graph.op('Expand', [ofOne, graph.op('Shape', [tokens])])
  const cross = crossAttentionTo(graph, memory, tokens, decoder)
  const options = { heads: decoder.heads, scale: 1 }
  let hidden = decoder.embed(graph, tokens, positions)
  const keyValues: KeyValues[] = []
  for (const [layer, before] of past.entries()) {
    const attention: LayerAttention = {
      self(query, keys, values) {
        const own = causalSelfAttention(graph, query, keys, values, before, options)
        keyValues.push(own.keyValues)
        return own.output
      },
      cross(query) {
        onQuery(layer, query)
        return cross(layer, query)
      },
    }
    hidden = decoder.layer(graph, layer, hidden, positions, attention)
  }
  return { hidden, keyValues }
}
