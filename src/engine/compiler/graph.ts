/**
 * A small language for writing models: every operator answers its value, so that layers read like formulas.
 *
 * Bodies of loops and branches are graphs of their own that see the values around them. Weights always live in the
 * outermost graph: the runtime prepares them once, however many bodies use them.
 */
import { createHash } from 'node:crypto'
import { bytesOf, ELEMENT_TYPES, writeOnnx, type Attribute, type ElementType, type Node, type Port, type Shape, type Tensor } from './onnx.js'

/** A tensor that exists when the graph runs. */
export interface Value { readonly name: string }
/** An integer or text stands for itself; a real number has to say so. */
export type Setting = number | string | readonly number[] | { readonly real: number }
export type Settings = Readonly<Record<string, Setting>>

/** What a graph is written for. */
export interface Target {
  /**
   * How matrices multiply. `signed` and `unsigned` 8-bit integers are the same numbers: signed ones are faster where the
   * CPU adds up products in 32 bits (VNNI), and overflow 16 bits where it has not. `real` is for accelerators.
   */
  readonly matrices: 'signed' | 'unsigned' | 'real'
}

type Numbers = Float32Array | Int8Array | Uint8Array | Int32Array | BigInt64Array

/** Operators of the runtime rather than of ONNX. */
const OF_RUNTIME = new Set(['DynamicQuantizeMatMul', 'MatMulIntegerToFloat', 'MatMulNBits', 'MultiHeadAttention', 'RotaryEmbedding', 'QuickGelu', 'Gelu', 'BiasGelu'])

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

  /** An operator with one result. An input may be left out with `undefined`. */
  op(operator: string, inputs: readonly (Value | undefined)[], settings: Settings = {}): Value {
    return this.ops(operator, inputs, 1, settings)[0]!
  }

  ops(operator: string, inputs: readonly (Value | undefined)[], results: number, settings: Settings = {}): Value[] {
    return this.#add(operator, inputs, results, Object.fromEntries(Object.entries(settings).map(([key, value]) => [key, toAttribute(value)])))
  }

  /** Learned numbers or constants, row-major. Equal ones are kept once. */
  weight(values: Numbers, dims: readonly number[], type: ElementType = typeOf(values)): Value {
    if (dims.reduce((product, size) => product * size, 1) !== values.length) throw new Error(`${values.length} numbers are no tensor [${dims.join(', ')}]`)
    const bytes = bytesOf(values)
    const name = createHash('sha256').update(`${type} ${dims.join()} `).update(bytes).digest('hex').slice(0, 16)
    this.#weights[name] ??= { type, dims, bytes }
    return { name }
  }

  real(value: number): Value { return this.weight(Float32Array.of(value), []) }
  integer(value: number): Value { return this.weight(BigInt64Array.of(BigInt(value)), []) }
  integers(...values: number[]): Value { return this.weight(BigInt64Array.from(values, BigInt), [values.length]) }
  truth(value: boolean): Value { return this.weight(Uint8Array.of(value ? 1 : 0), [], 'bool') }

  cast(value: Value, type: ElementType): Value { return this.op('Cast', [value], { to: ELEMENT_TYPES[type] }) }

  /** Values from one of two graphs; both answer the same number of values. */
  choose(condition: Value, then: (graph: Graph) => readonly Value[], otherwise: (graph: Graph) => readonly Value[]): Value[] {
    const [first, second] = [then, otherwise].map((write) => {
      const body = new Graph('branch', this.target, this)
      for (const value of write(body)) body.#leave(value)
      return body
    }) as [Graph, Graph]
    if (first.#outputs.length !== second.#outputs.length) throw new Error('the branches answer differently many values')
    return this.#add('If', [condition], first.#outputs.length, { then_branch: { g: first.#plain() }, else_branch: { g: second.#plain() } })
  }

  /**
   * Runs `body` up to `most` times (a scalar), as long as its condition holds. `carried` go from turn to turn.
   * Answers the last of these, then what each turn left, stacked.
   */
  loop(most: Value, carried: readonly Carried[], body: (graph: Graph, turn: Value, carried: readonly Value[]) => Turn): { carried: Value[]; stacked: Value[] } {
    const inner = new Graph('body', this.target, this)
    const turn = inner.#bind('int64', [])
    inner.#bind('bool', []) // whether the turn before wanted this one: it did
    const values = carried.map(({ type }) => inner.#bind(type))
    const done = body(inner, turn, values)
    if (done.carried.length !== carried.length) throw new Error('a turn must hand on what it was given')
    for (const value of [done.condition, ...done.carried, ...done.stacked]) inner.#leave(value)
    const results = this.#add('Loop', [most, this.truth(true), ...carried.map(({ value }) => value)], carried.length + done.stacked.length, { body: { g: inner.#plain() } })
    return { carried: results.slice(0, carried.length), stacked: results.slice(carried.length) }
  }

  /** The finished model as a file. */
  bytes(): Uint8Array {
    return writeOnnx(this.#plain())
  }

  #add(operator: string, inputs: readonly (Value | undefined)[], results: number, attributes: Readonly<Record<string, Attribute>>): Value[] {
    const outputs = Array.from({ length: results }, () => `v${this.#count.values++}`)
    const domain = OF_RUNTIME.has(operator) ? 'com.microsoft' : ''
    this.#nodes.push({ operator, domain, name: `${operator} ${outputs[0]}`, inputs: namesOf(inputs), outputs, attributes })
    return outputs.map((name) => ({ name }))
  }

  #bind(type: ElementType, shape?: Shape): Value {
    return this.input(`v${this.#count.values++}`, type, shape)
  }

  /** A body may answer with a value from outside, which has to become its own. */
  #leave(value: Value): void {
    this.output(value, `v${this.#count.values++}`)
  }

  #plain() {
    return { name: this.#name, nodes: this.#nodes, weights: this.#parent === undefined ? this.#weights : {}, inputs: this.#inputs, outputs: this.#outputs }
  }
}

/** What goes from turn to turn of a loop, and what it is at first. */
export interface Carried { readonly value: Value; readonly type: ElementType }
/** The end of a turn: whether there is another, what it is given, and what this one leaves. */
export interface Turn { readonly condition: Value; readonly carried: readonly Value[]; readonly stacked: readonly Value[] }

/** An input left out has an empty name; at the end it must not even have that, or the runtime's own rewriting crashes on it. */
function namesOf(inputs: readonly (Value | undefined)[]): string[] {
  const until = inputs.findLastIndex((value) => value !== undefined) + 1
  return inputs.slice(0, until).map((value) => value?.name ?? '')
}

function toAttribute(setting: Setting): Attribute {
  if (typeof setting === 'number') return { i: setting }
  if (typeof setting === 'string') return { s: setting }
  return 'real' in setting ? { f: setting.real } : { ints: setting }
}

function typeOf(values: Numbers): ElementType {
  if (values instanceof Float32Array) return 'float32'
  if (values instanceof Int8Array) return 'int8'
  if (values instanceof Uint8Array) return 'uint8'
  if (values instanceof Int32Array) return 'int32'
  return 'int64'
}
