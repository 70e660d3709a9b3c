/**
 * A small language for writing models: every operator returns its value, so that layers read like formulas.
 *
 * Bodies of loops and branches are graphs of their own that see the values around them. Weights always belong to the
 * outermost graph: the runtime prepares them once, however many bodies use them.
 */
import { createHash } from 'node:crypto'
import {
  bytesOf, ELEMENT_TYPES, writeOnnx,
  type Attribute, type ElementType, type Graph as OnnxGraph, type Node, type Port, type Shape, type Tensor,
} from './onnx.js'

/** A tensor that exists when the graph runs. */
export interface Value { readonly name: string }
/** Attribute of an operator. A plain number is an integer; a real number is marked as such. */
export type AttributeValue = number | string | readonly number[] | { readonly real: number }
export type AttributeValues = Readonly<Record<string, AttributeValue>>

/** What a graph is written for. */
export interface Target {
  /**
   * How matrices are multiplied. `signed` and `unsigned` 8-bit integers stand for the same numbers: signed ones are
   * faster where the CPU sums products in 32 bits (VNNI), and overflow where it sums them in 16. `real` is for
   * accelerators.
   */
  readonly matrices: 'signed' | 'unsigned' | 'real'
}

type Numbers = Float32Array | Int8Array | Uint8Array | Int32Array | BigInt64Array

/** Operators of ONNX Runtime (domain com.microsoft), not of ONNX. */
const RUNTIME_OPERATORS = new Set([
  'DynamicQuantizeMatMul', 'MatMulIntegerToFloat', 'MatMulNBits', 'MultiHeadAttention', 'RotaryEmbedding', 'QuickGelu',
  'Gelu', 'BiasGelu',
])

export class Graph {
  readonly target: Target
  readonly #name: string
  readonly #parent: Graph | undefined
  readonly #nodes: Node[] = []
  readonly #weights: Record<string, Tensor>
  readonly #inputs: Port[] = []
  readonly #outputs: Port[] = []
  readonly #count: { values: number }

  constructor(name: string, target: Target, parent?: Graph) {
    this.target = target
    this.#name = name
    this.#parent = parent
    this.#weights = parent === undefined ? {} : parent.#weights
    this.#count = parent === undefined ? { values: 0 } : parent.#count
  }

  input(name: string, type: ElementType, shape?: Shape): Value {
    this.#inputs.push({ name, type, shape })
    return { name }
  }

  output(value: Value, name: string, type?: ElementType, shape?: Shape): void {
    this.#nodes.push({ operator: 'Identity', domain: '', name, inputs: [value.name], outputs: [name], attributes: {} })
    this.#outputs.push({ name, type, shape })
  }

  /** An operator with one result. `undefined` leaves an optional input out. */
  op(operator: string, inputs: readonly (Value | undefined)[], attributes: AttributeValues = {}): Value {
    const [result] = this.ops(operator, inputs, 1, attributes) as [Value]
    return result
  }

  ops(
    operator: string, inputs: readonly (Value | undefined)[], results: number, attributes: AttributeValues = {},
  ): Value[] {
    const entries = Object.entries(attributes).map(([key, value]) => [key, toAttribute(value)])
    return this.#add(operator, inputs, results, Object.fromEntries(entries) as Record<string, Attribute>)
  }

  /** Weights or constants, row-major. Equal ones are stored once. */
  weight(values: Numbers, dims: readonly number[], type: ElementType = typeOf(values)): Value {
    if (dims.reduce((product, size) => product * size, 1) !== values.length) {
      throw new Error(`${values.length} numbers are no tensor [${dims.join(', ')}]`)
    }
    const bytes = bytesOf(values)
    const name = createHash('sha256').update(`${type} ${dims.join()} `).update(bytes).digest('hex').slice(0, 16)
    this.#weights[name] ??= { type, dims, bytes }
    return { name }
  }

  float(value: number): Value { return this.weight(Float32Array.of(value), []) }
  integer(value: number): Value { return this.weight(BigInt64Array.of(BigInt(value)), []) }
  integers(...values: number[]): Value { return this.weight(BigInt64Array.from(values, BigInt), [values.length]) }
  boolean(value: boolean): Value { return this.weight(Uint8Array.of(value ? 1 : 0), [], 'bool') }

  cast(value: Value, type: ElementType): Value { return this.op('Cast', [value], { to: ELEMENT_TYPES[type] }) }

  /** The values of one of two graphs, by a condition at run time. Both return the same number of values. */
  branch(
    condition: Value, then: (graph: Graph) => readonly Value[], otherwise: (graph: Graph) => readonly Value[],
  ): Value[] {
    const [first, second] = [then, otherwise].map((write) => {
      const body = new Graph('branch', this.target, this)
      for (const value of write(body)) body.#addResult(value)
      return body
    }) as [Graph, Graph]
    const results = first.#outputs.length
    if (results !== second.#outputs.length) throw new Error('the branches return different numbers of values')
    return this.#add('If', [condition], results, {
      then_branch: { g: first.#toOnnx() }, else_branch: { g: second.#toOnnx() },
    })
  }

  /**
   * Runs `body` up to `maxIterations` times (a scalar), as long as its condition holds. `carried` are passed from
   * iteration to iteration. Returns the last of these, then the scan outputs of all iterations, stacked.
   */
  loop(
    maxIterations: Value, carried: readonly LoopCarried[],
    body: (graph: Graph, iteration: Value, carried: readonly Value[]) => LoopResult,
  ): { carried: Value[]; scanOutputs: Value[] } {
    const inner = new Graph('body', this.target, this)
    const iteration = inner.#bind('int64', [])
    inner.#bind('bool', []) // the condition of the iteration before, which was true
    const values = carried.map(({ type }) => inner.#bind(type))
    const result = body(inner, iteration, values)
    if (result.carried.length !== carried.length) throw new Error('an iteration must return as many values as it got')
    for (const value of [result.condition, ...result.carried, ...result.scanOutputs]) inner.#addResult(value)
    const inputs = [maxIterations, this.boolean(true), ...carried.map(({ value }) => value)]
    const count = carried.length + result.scanOutputs.length
    const results = this.#add('Loop', inputs, count, { body: { g: inner.#toOnnx() } })
    return { carried: results.slice(0, carried.length), scanOutputs: results.slice(carried.length) }
  }

  /** The finished model as an ONNX file. */
  bytes(): Uint8Array {
    return writeOnnx(this.#toOnnx())
  }

  #add(
    operator: string, inputs: readonly (Value | undefined)[], results: number,
    attributes: Readonly<Record<string, Attribute>>,
  ): Value[] {
    const outputs = Array.from({ length: results }, () => `v${this.#count.values++}`)
    const domain = RUNTIME_OPERATORS.has(operator) ? 'com.microsoft' : ''
    const name = `${operator} ${outputs[0]}`
    this.#nodes.push({ operator, domain, name, inputs: namesOf(inputs), outputs, attributes })
    return outputs.map((output) => ({ name: output }))
  }

  #bind(type: ElementType, shape?: Shape): Value {
    return this.input(`v${this.#count.values++}`, type, shape)
  }

  /** A body may return a value from outside, which must become a value of its own. */
  #addResult(value: Value): void {
    this.output(value, `v${this.#count.values++}`)
  }

  #toOnnx(): OnnxGraph {
    const weights = this.#parent === undefined ? this.#weights : {}
    return { name: this.#name, nodes: this.#nodes, weights, inputs: this.#inputs, outputs: this.#outputs }
  }
}

/** A value that is passed from iteration to iteration of a loop, and its initial value. */
export interface LoopCarried { readonly value: Value; readonly type: ElementType }
/** Results of an iteration: whether another one follows, the values passed to it, and the values to be stacked. */
export interface LoopResult {
  readonly condition: Value
  readonly carried: readonly Value[]
  readonly scanOutputs: readonly Value[]
}

/** An input left out has an empty name, but none at the end: graph optimizations of the runtime crash on that. */
function namesOf(inputs: readonly (Value | undefined)[]): string[] {
  const until = inputs.findLastIndex((value) => value !== undefined) + 1
  return inputs.slice(0, until).map((value) => value?.name ?? '')
}

function toAttribute(value: AttributeValue): Attribute {
  if (typeof value === 'number') return { i: value }
  if (typeof value === 'string') return { s: value }
  return 'real' in value ? { f: value.real } : { ints: value }
}

function typeOf(values: Numbers): ElementType {
  if (values instanceof Float32Array) return 'float32'
  if (values instanceof Int8Array) return 'int8'
  if (values instanceof Uint8Array) return 'uint8'
  if (values instanceof Int32Array) return 'int32'
  return 'int64'
}
