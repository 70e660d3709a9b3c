/** Operators: their domains, the types of what they return, and how their inputs and attributes are written. */
import type { Attribute, ElementType } from './onnx.js'

/** Attribute of an operator. A plain number is an integer; a real number is marked as such. */
export type AttributeValue = number | string | readonly number[] | { readonly real: number }
export type AttributeValues = Readonly<Record<string, AttributeValue>>

/** Operators of ONNX Runtime (domain com.microsoft), not of ONNX. */
const RUNTIME_OPERATORS = new Set([
  'DynamicQuantizeMatMul', 'MatMulIntegerToFloat', 'MatMulNBits', 'MultiHeadAttention', 'RotaryEmbedding', 'QuickGelu',
  'Gelu', 'BiasGelu',
])

/** Operators whose results have types of their own. All others return the type of their first input. */
const OWN_TYPES: Readonly<Record<string, readonly ElementType[]>> = {
  Shape: ['int64'], ArgMax: ['int64'], ConstantOfShape: ['float32'],
  Less: ['bool'], LessOrEqual: ['bool'], Equal: ['bool'], Greater: ['bool'], GreaterOrEqual: ['bool'],
  DynamicQuantizeLinear: ['uint8', 'float32', 'uint8'], QuantizeLinear: ['uint8'], DequantizeLinear: ['float32'],
  MatMulInteger: ['int32'], MatMulIntegerToFloat: ['float32'],
}

/** Operators that return numbers of their inputs as they are. */
const MOVES = new Set([
  'Concat', 'Expand', 'Gather', 'GatherElements', 'GatherND', 'If', 'Loop', 'Pad', 'Reshape', 'ScatterND', 'Slice',
  'Split', 'Squeeze', 'Transpose', 'Unsqueeze', 'Where',
])

export function domainOf(operator: string): 'com.microsoft' | '' {
  return RUNTIME_OPERATORS.has(operator) ? 'com.microsoft' : ''
}

export function resultTypes(
  operator: string, inputs: readonly ({ readonly type: ElementType } | undefined)[], results: number,
): readonly ElementType[] {
  const own = OWN_TYPES[operator]
  if (own !== undefined) return own
  const type = (operator === 'Where' ? inputs[1] : inputs[0])?.type
  if (type === undefined) throw new Error(`${operator} has no input whose type its result could have`)
  return Array.from({ length: results }, (_, index) => operator === 'TopK' && index === 1 ? 'int64' : type)
}

/** Whether an operator computes numbers that its inputs may not have. */
export function isArithmetic(operator: string): boolean {
  return !MOVES.has(operator) && operator !== 'Cast'
}

/** An input left out has an empty name, but none at the end: graph optimizations of the runtime crash on that. */
export function inputNames(inputs: readonly ({ readonly name: string } | undefined)[]): string[] {
  const until = inputs.findLastIndex((value) => value !== undefined) + 1
  return inputs.slice(0, until).map((value) => value?.name ?? '')
}

export function toAttribute(value: AttributeValue): Attribute {
  if (typeof value === 'number') return { i: value }
  if (typeof value === 'string') return { s: value }
  return 'real' in value ? { f: value.real } : { ints: value }
}
