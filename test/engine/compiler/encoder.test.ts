/** What a decoder attends to: states and silence, filled up to a multiple, and a bias that excludes the rest. */
import t from 'tap'
import { NOWHERE, POSITIONS_MULTIPLE } from '../../../src/engine/compiler/positions.js'
import { fillUpStates } from '../../../src/engine/compiler/encoder.js'
import { Graph } from '../../../src/engine/compiler/graph.js'
import { withSilence, type Silence } from '../../../src/engine/compiler/silence.js'
import { outputOf, Tensor, type Tensors } from '../../../src/engine/runtime/session.js'
import { openGraph, randomNumbers, REAL } from './reference.js'

const nowhere = Math.fround(NOWHERE)

t.test('states are filled up with zeros to a multiple of 16, and the bias excludes those', async (t) => {
  const width = 3
  const graph = new Graph('states', REAL)
  const { states, bias } = fillUpStates(graph, graph.input('x', 'float32', [1, 'n', width]))
  graph.output(states, 'states', 'float32')
  graph.output(bias, 'bias', 'float32')
  const session = await openGraph(graph)
  t.teardown(() => session.release())
  t.equal(POSITIONS_MULTIPLE, 16)
  for (const count of [1, 15, 16, 17, 40]) {
    const given = randomNumbers(count, count * width)
    const found = await session.run({ x: new Tensor('float32', given, [1, count, width]) })
    const filled = 16 * Math.ceil(count / 16)
    t.same(outputOf(found, 'states').dims, [1, filled, width])
    t.same([...outputOf(found, 'states').data as Float32Array],
      [...given, ...new Array<number>((filled - count) * width).fill(0)])
    t.same(outputOf(found, 'bias').dims, [1, filled])
    t.same([...outputOf(found, 'bias').data as Float32Array],
      Array.from({ length: filled }, (_, at) => at < count ? 0 : nowhere), `${count} states`)
  }
})

t.test('silence follows the clip up to the end of the window, and the rest of the multiple has no weight', async (t) => {
  const [heads, headWidth, statesPerKey, window] = [2, 2, 3, 30]
  const silentKeys = window / statesPerKey
  const table = (seed: number) => ({
    values: randomNumbers(seed, heads * silentKeys * headWidth), dims: [1, heads, silentKeys, headWidth],
  })
  const silence: Silence[] = [{ keys: table(1), values: table(2), positions: silentKeys, statesPerKey }]
  const graph = new Graph('silence', REAL)
  const [keys, values] = ['keys', 'values'].map((name) => graph.input(name, 'float32', [1, heads, 'n', headWidth]))
  const { layers: [layer], bias } = withSilence(graph, [{ keys: keys!, values: values! }], silence)
  graph.output(layer!.keys, 'memory keys', 'float32')
  graph.output(layer!.values, 'memory values', 'float32')
  graph.output(bias, 'bias', 'float32')
  const session = await openGraph(graph)
  t.teardown(() => session.release())
  for (const count of [1, 6, 7, 22, 30]) {
    const tensor = (seed: number): Tensor =>
      new Tensor('float32', randomNumbers(seed, heads * count * headWidth), [1, heads, count, headWidth])
    const given = { keys: tensor(3), values: tensor(4) }
    const found = await session.run(given)
    const silent = silentKeys - Math.ceil(count / statesPerKey)
    const filled = 16 * Math.ceil((count + silent) / 16)
    for (const [name, of] of [['keys', silence[0]!.keys], ['values', silence[0]!.values]] as const) {
      const expected = Array.from({ length: heads }, (_, head) => [
        ...part(given[name].data as Float32Array, head, count),
        ...part(of.values, head, silentKeys).slice((silentKeys - silent) * headWidth),
        ...new Array<number>((filled - count - silent) * headWidth).fill(0),
      ]).flat()
      t.same(dataOf(found, `memory ${name}`), expected, `${name} of ${count} states`)
    }
    t.same(outputOf(found, 'bias').dims, [1, filled])
    t.same(dataOf(found, 'bias'), Array.from({ length: filled }, (_, at) =>
      at < count ? 0 : at < count + silent ? Math.fround(Math.log(statesPerKey)) : nowhere))
  }

  function part(numbers: Float32Array, head: number, positions: number): number[] {
    return [...numbers.subarray(head * positions * headWidth, (head + 1) * positions * headWidth)]
  }
})

function dataOf(results: Tensors, name: string): number[] {
  return [...outputOf(results, name).data as Float32Array]
}
