/** The layers of src/recognition/load-recognizer/compiler/ in plain arithmetic, double precision and no cleverness: what the graphs are held against. */
import { Graph, type Target, type Value } from '../../../src/engine/compiler/graph.js'
import { sessionOpener, Tensor, type Tensors } from '../../../src/engine/runtime/session.js'

/** Rows of numbers. */
export type Table = readonly (readonly number[])[]

export const REAL: Target = { matrices: 'real' }

export const open = sessionOpener({ providers: ['cpu'], strict: true, threads: 1 })

/** Runs a graph of one result. */
export async function evaluate(target: Target, inputs: Readonly<Record<string, Tensor>>, write: (graph: Graph, values: Readonly<Record<string, Value>>) => Value, type: 'float32' | 'int64' = 'float32'): Promise<Tensor> {
  const graph = new Graph('test', target)
  const values = Object.fromEntries(Object.entries(inputs).map(([name, { type: of }]) => [name, graph.input(name, of as 'float32' | 'int64')]))
  graph.output(write(graph, values), 'result', type)
  const session = await open(graph.bytes(), { fixedShapes: false })
  try {
    return (await session.run(inputs as Tensors)).result!
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
  return Array.from({ length: values.length / columns }, (_, row) => Array.from({ length: columns }, (_, column) => values[row * columns + column]!))
}

export function tensorOf(table: Table, dims: readonly number[] = [table.length, table[0]!.length]): Tensor {
  return new Tensor('float32', Float32Array.from(table.flat()), dims)
}

export function product(a: Table, b: Table): Table {
  return a.map((row) => b[0]!.map((_, column) => row.reduce((sum, value, index) => sum + value * b[index]![column]!, 0)))
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

/** One head after the other: softmax(q kᵀ · scale) v. `visible` says which key a query may see. */
export function attention(query: Table, keys: Table, values: Table, heads: number, scale: number, visible: (query: number, key: number) => boolean = () => true): Table {
  const width = query[0]!.length / heads
  const part = (row: readonly number[], head: number): readonly number[] => row.slice(head * width, (head + 1) * width)
  return query.map((row, at) => Array.from({ length: heads }, (_, head) => {
    const scores = keys.map((key, index) => visible(at, index) ? scale * part(row, head).reduce((sum, value, i) => sum + value * part(key, head)[i]!, 0) : -Infinity)
    const weights = softmax(scores)
    return Array.from({ length: width }, (_, i) => values.reduce((sum, value, index) => sum + weights[index]! * part(value, head)[i]!, 0))
  }).flat())
}

/** [positions, heads × width] → the order of a memory, [heads, positions, width]. */
export function byHead(table: Table, heads: number): number[] {
  const width = table[0]!.length / heads
  return Array.from({ length: heads }, (_, head) => table.flatMap((row) => row.slice(head * width, (head + 1) * width))).flat()
}

/** Largest difference. */
export function farthest(found: ArrayLike<number>, expected: readonly number[]): number {
  if (found.length !== expected.length) return Infinity
  return expected.reduce((most, value, index) => Math.max(most, Math.abs(value - found[index]!)), 0)
}
