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
import {
  domainOf, inputNames, isArithmetic, resultTypes, toAttribute, type AttributeValues,
} from './operators.js'
import { FLOAT_FORMATS, toHalves } from './real-numbers.js'

/**
 * A tensor that exists when the graph runs. Where float16 is emulated, a value of that type is a float32 that float16
 * can represent.
 */
export interface Value { readonly name: string; readonly type: ElementType }
/** What a graph is written for. */
export interface Target {
  /**
   * How matrices are multiplied. `signed` and `unsigned` 8-bit integers stand for the same numbers: signed ones are
   * faster where the CPU sums products in 32 bits (VNNI), and overflow where it sums them in 16. `real` (float32) and
   * `half` (float16) are for accelerators.
   *
   * `emulated-half` is `half` for a CPU, to check it there: the CPU computes in float32 what is written in float16, and
   * keeps what lies between in float32, so that nothing would be rounded and nothing would overflow. In the emulation
   * every operator computes in float32, and its result is rounded to float16, as kernels of accelerators do.
   */
  readonly matrices: 'signed' | 'unsigned' | 'real' | 'half' | 'emulated-half'
}

/** Whether matrices are multiplied as 8-bit integers. */
export function usesIntegers({ matrices }: Target): boolean {
  return matrices === 'signed' || matrices === 'unsigned'
}

type Numbers = Float32Array | Int8Array | Uint8Array | Int32Array | BigInt64Array

export class Graph {
  readonly target: Target
  /** Type of weights and of what is computed with them, where nothing else is asked for. */
  readonly activationType: 'float32' | 'float16'
  readonly #emulatesHalf: boolean
  readonly #name: string
  readonly #parent: Graph | undefined
  readonly #nodes: Node[] = []
  readonly #weights: Record<string, Tensor>
  readonly #inputs: Port[] = []
  readonly #outputs: Port[] = []
  readonly #count: { values: number }

  constructor(name: string, target: Target, parent?: Graph) {
    this.target = target
    this.#emulatesHalf = target.matrices === 'emulated-half'
    this.activationType = target.matrices === 'half' || this.#emulatesHalf ? 'float16' : 'float32'
    this.#name = name
    this.#parent = parent
    this.#weights = parent === undefined ? {} : parent.#weights
    this.#count = parent === undefined ? { values: 0 } : parent.#count
  }

  input(name: string, type: ElementType, shape?: Shape): Value {
    this.#inputs.push({ name, type: this.#stored(type), shape })
    return { name, type }
  }

  /** Real numbers that come and go as float32, and are computed with in the type of activations. */
  activationInput(name: string, shape?: Shape): Value { return this.toActivation(this.input(name, 'float32', shape)) }

  /** Activations of float16 are returned as float32. */
  output(value: Value, name: string, type?: ElementType, shape?: Shape): void {
    const { name: given } = type === 'float32' ? this.cast(value, type) : value
    this.#nodes.push({ operator: 'Identity', domain: '', name, inputs: [given], outputs: [name], attributes: {} })
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
    const written = Object.fromEntries(entries) as Record<string, Attribute>
    return this.#add(operator, inputs, resultTypes(operator, inputs, results), written)
  }

  /**
   * Weights or constants, row-major; real numbers have the type of activations where no other is given. Equal ones are
   * stored once. Throws MODEL_INVALID for a number beyond the range of float16 where that is the type.
   */
  weight(values: Numbers, dims: readonly number[], type: ElementType = this.#typeOf(values)): Value {
    if (dims.reduce((product, size) => product * size, 1) !== values.length) {
      throw new Error(`${values.length} numbers are no tensor [${dims.join(', ')}]`)
    }
    const bytes = type === 'float16' ? this.#halves(values as Float32Array) : bytesOf(values)
    const stored = this.#stored(type)
    const name = createHash('sha256').update(`${stored} ${dims.join()} `).update(bytes).digest('hex').slice(0, 16)
    this.#weights[name] ??= { type: stored, dims, bytes }
    return { name, type }
  }

  float(value: number): Value { return this.weight(Float32Array.of(value), [], 'float32') }
  integer(value: number): Value { return this.weight(BigInt64Array.of(BigInt(value)), []) }
  integers(...values: number[]): Value { return this.weight(BigInt64Array.from(values, BigInt), [values.length]) }
  boolean(value: boolean): Value { return this.weight(Uint8Array.of(value ? 1 : 0), [], 'bool') }

  /** The value itself where it has this type. */
  cast(value: Value, type: ElementType): Value {
    if (value.type === type) return value
    if (type === 'float16' && this.#emulatesHalf) return this.#roundToHalf(value)
    // What stands for float16 is float32 already.
    if (this.#stored(value.type) === type) return { name: value.name, type }
    return this.#castNode(value, type)
  }

  toActivation(value: Value): Value { return this.cast(value, this.activationType) }
  toFloat32(value: Value): Value { return this.cast(value, 'float32') }

  /** The values of one of two graphs, by a condition at run time. Both return the same number of values. */
  branch(
    condition: Value, then: (graph: Graph) => readonly Value[], otherwise: (graph: Graph) => readonly Value[],
  ): Value[] {
    const writeBody = (write: (graph: Graph) => readonly Value[]): { body: Graph; types: ElementType[] } => {
      const body = new Graph('branch', this.target, this)
      const values = write(body)
      for (const value of values) body.#addResult(value)
      return { body, types: values.map(({ type }) => type) }
    }
    const [first, second] = [writeBody(then), writeBody(otherwise)]
    if (first.types.length !== second.types.length) throw new Error('the branches return different numbers of values')
    if (first.types.join() !== second.types.join()) throw new Error('the branches return different types')
    return this.#add('If', [condition], first.types, {
      then_branch: { g: first.body.#toOnnx() }, else_branch: { g: second.body.#toOnnx() },
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
    const other = result.carried.find(({ type }, index) => type !== carried[index]!.type)
    if (other !== undefined) throw new Error(`an iteration returns ${other.type} where it got another type`)
    for (const value of [result.condition, ...result.carried, ...result.scanOutputs]) inner.#addResult(value)
    const inputs = [maxIterations, this.boolean(true), ...carried.map(({ value }) => value)]
    const types = [...result.carried, ...result.scanOutputs].map(({ type }) => type)
    const results = this.#add('Loop', inputs, types, { body: { g: inner.#toOnnx() } })
    return { carried: results.slice(0, carried.length), scanOutputs: results.slice(carried.length) }
  }

  /** The finished model as an ONNX file. */
  bytes(): Uint8Array {
    return writeOnnx(this.#toOnnx())
  }

  #add(
    operator: string, inputs: readonly (Value | undefined)[], types: readonly ElementType[],
    attributes: Readonly<Record<string, Attribute>>,
  ): Value[] {
    const outputs = types.map(() => `v${this.#count.values++}`)
    const name = `${operator} ${outputs[0]}`
    this.#nodes.push({ operator, domain: domainOf(operator), name, inputs: inputNames(inputs), outputs, attributes })
    const values = outputs.map((output, index) => ({ name: output, type: types[index]! }))
    if (!this.#emulatesHalf || !isArithmetic(operator)) return values
    return values.map((value) => value.type === 'float16' ? this.#roundToHalf(value) : value)
  }

  #castNode(value: Value, type: ElementType): Value {
    const [result] = this.#add('Cast', [value], [type], { to: { i: ELEMENT_TYPES[type] } }) as [Value]
    return result
  }

  /** To float16 and back. The runtime keeps such pairs where no operator of float16 lies between. */
  #roundToHalf(value: Value): Value {
    const { name } = this.#castNode(this.#castNode(value, 'float16'), 'float32')
    return { name, type: 'float16' }
  }

  #halves(values: Float32Array): Uint8Array {
    const bytes = bytesOf(toHalves(values))
    return this.#emulatesHalf ? bytesOf(FLOAT_FORMATS.float16.read(bytes)) : bytes
  }

  /** The type in the file. */
  #stored(type: ElementType): ElementType {
    return type === 'float16' && this.#emulatesHalf ? 'float32' : type
  }

  #typeOf(values: Numbers): ElementType {
    if (values instanceof Float32Array) return this.activationType
    if (values instanceof Int8Array) return 'int8'
    if (values instanceof Uint8Array) return 'uint8'
    if (values instanceof Int32Array) return 'int32'
    return 'int64'
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
