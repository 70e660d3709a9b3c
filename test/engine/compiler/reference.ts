/** Reference implementation of the layers of src/engine/compiler/, in double precision. Graphs are compared with it. */
import { Graph, type Target, type Value } from '../../../src/engine/compiler/graph.js'
import { outputOf, sessionOpener, Tensor } from '../../../src/engine/runtime/session.js'

/** Rows of numbers. */
export type Table = readonly (readonly number[])[]

export const REAL: Target = { matrices: 'real' }

export const open = sessionOpener({ providers: ['cpu'], strict: true, threads: 1 })

/** Runs a graph with float32 inputs and one float32 result; what is written computes in the type of activations. */
export async function evaluate<Name extends string>(
  target: Target, inputs: Readonly<Record<Name, Tensor>>,
  write: (graph: Graph, values: Readonly<Record<Name, Value>>) => Value,
): Promise<{ readonly data: Float32Array; readonly dims: readonly number[] }> {
  const graph = new Graph('test', target)
  const names = Object.keys(inputs) as Name[]
  const values = Object.fromEntries(names.map((name) => [name, graph.activationInput(name)]))
  graph.output(write(graph, values as Record<Name, Value>), 'result', 'float32')
  const session = await open(graph.bytes(), { fixedShapes: false })
  try {
    const { data, dims } = outputOf(await session.run(inputs), 'result')
    return { data: data as Float32Array, dims }
  } finally {
    await session.release()
  }
}

export async function openGraph(graph: Graph) {
  return open(graph.bytes(), { fixedShapes: false })
}

/** The same numbers for the same seed, in [-1, 1). */
export function randomNumbers(seed: number, count: number): Float32Array {
  let state = seed
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return state / 2 ** 31
  })
}

export function randomTable(seed: number, rows: number, columns: number): Table {
  return tableOf(randomNumbers(seed, rows * columns), columns)
}

export function tableOf(values: ArrayLike<number>, columns: number): Table {
  return Array.from({ length: values.length / columns }, (_, row) =>
    Array.from({ length: columns }, (_, column) => values[row * columns + column]!))
}

export function tensorOf(table: Table, dims: readonly number[] = [table.length, widthOf(table)]): Tensor {
  return new Tensor('float32', Float32Array.from(table.flat()), dims)
}

export function widthOf([row = []]: Table): number {
  return row.length
}

export function product(a: Table, b: Table): Table {
  const columns = Array.from({ length: widthOf(b) }, (_, column) => b.map((row) => row[column]!))
  return a.map((row) => columns.map((column) => dot(row, column)))
}

export function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, index) => sum + value * b[index]!, 0)
}

export function plus(a: Table, b: Table): Table {
  return a.map((row, index) => row.map((value, column) => value + b[index % b.length]![column]!))
}

export function softmax(row: readonly number[]): number[] {
  const highest = Math.max(...row)
  const powers = row.map((value) => Math.exp(value - highest))
  const sum = powers.reduce((total, value) => total + value, 0)
  return powers.map((value) => value / sum)
}

/** One head after the other: softmax(q kᵀ · scale) v. `isVisible` is the attention mask. */
export function attention(
  query: Table, keys: Table, values: Table, heads: number, scale: number,
  isVisible: (query: number, key: number) => boolean = () => true,
): Table {
  const width = widthOf(query) / heads
  const part = (row: readonly number[], head: number): readonly number[] => row.slice(head * width, (head + 1) * width)
  return query.map((row, at) => Array.from({ length: heads }, (_, head) => {
    const scores = keys.map((key, index) =>
      isVisible(at, index) ? scale * dot(part(row, head), part(key, head)) : -Infinity)
    return product([softmax(scores)], values.map((value) => part(value, head)))
  }).flat(2))
}

/** [positions, heads × width] → [heads, positions, width], the order of keys and values. */
export function byHead(table: Table, heads: number): number[] {
  const width = widthOf(table) / heads
  return Array.from({ length: heads }, (_, head) =>
    table.flatMap((row) => row.slice(head * width, (head + 1) * width))).flat()
}

/** Largest difference. */
export function farthest(found: ArrayLike<number>, expected: readonly number[]): number {
  if (found.length !== expected.length) return Infinity
  return expected.reduce((most, value, index) => Math.max(most, Math.abs(value - found[index]!)), 0)
}
