/**
 * States of silence, computed once, for encoders that were trained on windows of a fixed length, most of them padded.
 *
 * Silence is the same in every clip. The encoder therefore computes the clip alone, and its decoder attends to the keys
 * and values of the clip, followed by those of silence up to the end of the window. Neighbouring states of silence are
 * nearly equal: one with a count stands for several (the logarithm of the count is added to its scores).
 */
import type { Memory } from './decoder.js'
import { constants, missingPositions } from './encoder.js'
import { Graph, type Value } from './graph.js'
import { concat, constant, type KeyValues } from './layers.js'
import type { FloatTensor } from './matrices.js'
import { NOWHERE } from './positions.js'
import { outputOf, type OpenSession, type Tensor, type Tensors } from '../runtime/session.js'

/** Keys and values of silence for one layer, [1, heads, positions, head width], one for `statesPerKey` states. */
export interface Silence {
  readonly keys: FloatTensor
  readonly values: FloatTensor
  readonly positions: number
  readonly statesPerKey: number
}

/** A part of an encoder: from what the part before it returned, if there is one, to its own result. */
export type EncoderPart = (graph: Graph, input: Value | undefined) => Value

/**
 * Runs the encoder over a window of silence; one result for each layer of the decoder. It is done once, so it is done
 * in real numbers, and part by part: as one graph, the encoder of large-v3-turbo would be larger than a file of ONNX
 * can be. `project` returns keys and values of the whole window, [1, heads, states, head width].
 */
export async function encodeSilence(
  open: OpenSession, statesPerKey: number, parts: readonly EncoderPart[],
  project: (graph: Graph, states: Value) => readonly KeyValues[],
): Promise<Silence[]> {
  let states: Tensor | undefined
  for (const part of parts) {
    const given = states
    const results = await runOnce(open, given, (graph, input) => graph.output(part(graph, input), 'states', 'float32'))
    states = outputOf(results, 'states')
  }
  let layers = 0
  const results = await runOnce(open, states, (graph, input) => {
    for (const [layer, { keys, values }] of project(graph, input!).entries()) {
      graph.output(keys, `keys ${layer}`, 'float32')
      graph.output(values, `values ${layer}`, 'float32')
      layers++
    }
  })
  const read = (name: string): FloatTensor => {
    const { data, dims } = outputOf(results, name)
    return thinOut(data as Float32Array, dims, statesPerKey)
  }
  return Array.from({ length: layers }, (_, layer) => {
    const keys = read(`keys ${layer}`)
    return { keys, values: read(`values ${layer}`), positions: keys.dims[2]!, statesPerKey }
  })
}

async function runOnce(
  open: OpenSession, given: Tensor | undefined, write: (graph: Graph, input: Value | undefined) => void,
): Promise<Tensors> {
  const graph = new Graph('silence', { matrices: 'real' })
  write(graph, given && graph.input('input', 'float32', given.dims))
  const session = await open(graph.bytes(), { fixedShapes: true })
  try {
    return await session.run(given === undefined ? {} : { input: given })
  } finally {
    await session.release()
  }
}

/** Of each `statesPerKey` neighbours the middle one. Their mean is worse: a mean of keys is no key. */
function thinOut(values: Float32Array, dims: readonly number[], statesPerKey: number): FloatTensor {
  const [, heads, positions, width] = dims as [number, number, number, number]
  const count = Math.floor(positions / statesPerKey)
  const result = new Float32Array(heads * count * width)
  for (let row = 0; row < heads * count; row++) {
    const [head, group] = [Math.floor(row / count), row % count]
    const from = head * positions + group * statesPerKey + Math.floor(statesPerKey / 2)
    result.set(values.subarray(from * width, (from + 1) * width), row * width)
  }
  return { values: result, dims: [1, heads, count, width] }
}

/**
 * Keys and values of the clip, followed by those of silence from the end of the clip to the end of the window, filled
 * up to a multiple of POSITIONS_MULTIPLE.
 */
export function withSilence(graph: Graph, encoded: readonly KeyValues[], silence: readonly Silence[]): Memory {
  const [first] = encoded as [KeyValues, ...KeyValues[]]
  const [{ positions: silentPositions, statesPerKey, keys: { dims } }] = silence as [Silence, ...Silence[]]
  const [, heads, , headWidth] = dims as [number, number, number, number]
  const positions = graph.op('Shape', [first.keys], { start: 2, end: 3 })
  const roundedUp = graph.op('Add', [positions, graph.integers(statesPerKey - 1)])
  const from = graph.op('Div', [roundedUp, graph.integers(statesPerKey)])
  const rest = (table: FloatTensor): Value =>
    graph.op('Slice', [constant(graph, table), from, graph.integers(silentPositions), graph.integers(2)])
  const count = graph.op('Sub', [graph.integers(silentPositions), from])
  const missing = missingPositions(graph, graph.op('Add', [positions, count]))
  const nothing = graph.toActivation(graph.op('ConstantOfShape', [
    concat(graph, [graph.integers(1, heads), missing, graph.integers(headWidth)], 0),
  ]))
  const biases = [
    constants(graph, 0, positions), constants(graph, Math.log(statesPerKey), count),
    constants(graph, NOWHERE, missing),
  ]
  return {
    layers: encoded.map(({ keys, values }, layer) => ({
      keys: concat(graph, [keys, rest(silence[layer]!.keys), nothing], 2),
      values: concat(graph, [values, rest(silence[layer]!.values), nothing], 2),
    })),
    bias: graph.op('Unsqueeze', [concat(graph, biases, 0), graph.integers(0)]),
  }
}
