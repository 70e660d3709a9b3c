/** The encoder of a recognizer as a graph of its own: audio → what the decoder attends to. */
import type { Graph, Value } from './graph.js'
import { concat } from './layers.js'
import { NOWHERE, POSITIONS_MULTIPLE } from './positions.js'

/** How many positions are missing to a multiple of POSITIONS_MULTIPLE, [1]. */
export function missingPositions(graph: Graph, count: Value): Value {
  const multiple = graph.integers(POSITIONS_MULTIPLE)
  return graph.op('Mod', [graph.op('Sub', [multiple, graph.op('Mod', [count, multiple])]), multiple])
}

/**
 * States [1, n, width] with zeros behind them up to a multiple of POSITIONS_MULTIPLE, and the bias [1, positions] that
 * excludes those.
 */
export function fillUpStates(graph: Graph, states: Value): { states: Value; bias: Value } {
  const count = graph.op('Shape', [states], { start: 1, end: 2 })
  const missing = missingPositions(graph, count)
  const filled = graph.op('Pad', [states, concat(graph, [graph.integers(0, 0, 0, 0), missing, graph.integers(0)], 0)])
  const bias = concat(graph, [constants(graph, 0, count), constants(graph, NOWHERE, missing)], 0)
  return { states: filled, bias: graph.op('Unsqueeze', [bias, graph.integers(0)]) }
}

/** A number of float32, as often as `count` says, [1] → [count]. */
export function constants(graph: Graph, value: number, count: Value): Value {
  return graph.op('Expand', [graph.weight(Float32Array.of(value), [1], 'float32'), count])
}
