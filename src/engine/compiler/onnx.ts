/**
 * ONNX files: bytes ↔ plain data. Protocol buffers are used nowhere else.
 *
 * The schema is the part of onnx.proto (IR version 10) that our models use, with its field numbers. Other fields are
 * skipped when a file is read, so a published graph is never written again: its weights are read, and a new graph is
 * written.
 */
import protobuf from 'protobufjs'
import { SpeechError } from '../../domain/errors.js'

const SCHEMA = `
syntax = "proto2";
package onnx;
message ModelProto {
  optional int64 ir_version = 1; optional string producer_name = 2; optional GraphProto graph = 7;
  repeated OperatorSetIdProto opset_import = 8;
}
message OperatorSetIdProto { optional string domain = 1; optional int64 version = 2; }
message GraphProto {
  repeated NodeProto node = 1; optional string name = 2; repeated TensorProto initializer = 5;
  repeated ValueInfoProto input = 11; repeated ValueInfoProto output = 12;
}
message NodeProto {
  repeated string input = 1; repeated string output = 2; optional string name = 3; optional string op_type = 4;
  repeated AttributeProto attribute = 5; optional string domain = 7;
}
message AttributeProto {
  optional string name = 1; optional float f = 2; optional int64 i = 3; optional bytes s = 4;
  optional TensorProto t = 5; optional GraphProto g = 6; repeated float floats = 7; repeated int64 ints = 8;
  optional int32 type = 20;
}
message TensorProto {
  repeated int64 dims = 1; optional int32 data_type = 2; repeated float float_data = 4 [packed = true];
  repeated int32 int32_data = 5 [packed = true]; repeated int64 int64_data = 7 [packed = true];
  optional string name = 8; optional bytes raw_data = 9;
}
message ValueInfoProto { optional string name = 1; optional TypeProto type = 2; }
message TypeProto {
  message Tensor { optional int32 elem_type = 1; optional TensorShapeProto shape = 2; }
  optional Tensor tensor_type = 1;
}
message TensorShapeProto {
  message Dimension { optional int64 dim_value = 1; optional string dim_param = 2; }
  repeated Dimension dim = 1;
}`

/** Numbers of the element types that occur here, from onnx.proto. */
export const ELEMENT_TYPES = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7, bool: 9, float16: 10 } as const
const ATTRIBUTE_TYPES = { f: 1, i: 2, s: 3, g: 5, ints: 7 } as const
/** Opset 17 has LayerNormalization and was released with version 8 of the file format. */
const IR_VERSION = 8
const OPSETS = [{ domain: '', version: 17 }, { domain: 'com.microsoft', version: 1 }]

export type ElementType = keyof typeof ELEMENT_TYPES
/** A number is a size, a name stands for one that is known only when the graph runs. */
export type Shape = readonly (number | string)[]

export interface Tensor {
  readonly type: ElementType
  /** Empty for a scalar. */
  readonly dims: readonly number[]
  /** Row-major, little-endian. */
  readonly bytes: Uint8Array
}

export type Attribute =
  | { readonly f: number } | { readonly i: number } | { readonly s: string } | { readonly ints: readonly number[] }
  | { readonly g: Graph }

export interface Node {
  readonly operator: string
  /** `''` for operators of ONNX, `com.microsoft` for those of ONNX Runtime. */
  readonly domain: string
  readonly name: string
  /** An empty name leaves an optional input out. */
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: Readonly<Record<string, Attribute>>
}

/** An input or output of a graph. The shape may be absent; of a value of a body, the type too. */
export interface Port {
  readonly name: string
  readonly type?: ElementType | undefined
  readonly shape?: Shape | undefined
}

export interface Graph {
  readonly name: string
  readonly nodes: readonly Node[]
  readonly weights: Readonly<Record<string, Tensor>>
  readonly inputs: readonly Port[]
  readonly outputs: readonly Port[]
}

/** The parts of a published graph that are used: its weights, and its nodes with those of its branches. */
export interface PublishedGraph {
  readonly weights: ReadonlyMap<string, Tensor>
  readonly nodes: readonly Pick<Node, 'operator' | 'name' | 'inputs' | 'outputs'>[]
}

const ModelProto = protobuf.parse(SCHEMA, { keepCase: false }).root.lookupType('onnx.ModelProto')

/** Throws MODEL_INVALID for bytes that are no ONNX model. Large tensors are views of `bytes`. */
export function readOnnx(bytes: Uint8Array): PublishedGraph {
  let graph: WireGraph | undefined
  try {
    const model = ModelProto.toObject(ModelProto.decode(bytes), { longs: Number, arrays: true })
    graph = (model as { graph?: WireGraph }).graph
  } catch (cause) {
    throw new SpeechError('MODEL_INVALID', `the file is no ONNX model (${String(cause)})`, { cause })
  }
  if (graph === undefined) throw new SpeechError('MODEL_INVALID', 'the ONNX model has no graph')
  const graphs = withBranches(graph)
  return {
    weights: new Map(graphs.flatMap((one) => namedTensors(one)).flatMap(([name, tensor]) => {
      const read = readTensor(tensor)
      return read === undefined ? [] : [[name, read] as const]
    })),
    nodes: graphs.flatMap(({ node }) => node).map(({ opType = '', name = '', input, output }) =>
      ({ operator: opType, name, inputs: input, outputs: output })),
  }
}

/** Protocol buffers cannot be longer. */
export const MOST_BYTES = 2 ** 31 - 1

/** Throws MODEL_INVALID for a graph whose weights do not fit into one file. */
export function writeOnnx(graph: Graph): Uint8Array {
  const bytes = Object.values(graph.weights).reduce((sum, tensor) => sum + tensor.bytes.byteLength, 0)
  if (bytes > MOST_BYTES) {
    const problem = `its graph would take ${(bytes / 1e9).toFixed(1)} GB, and a file of ONNX holds 2.1 GB`
    throw new SpeechError('MODEL_INVALID', problem)
  }
  const model = { irVersion: IR_VERSION, producerName: 'earshot', opsetImport: OPSETS, graph: toWire(graph) }
  return ModelProto.encode(ModelProto.fromObject(model)).finish()
}

interface WireTensor {
  name?: string
  dims: number[]
  dataType?: number
  rawData?: Uint8Array
  floatData: number[]
  int32Data: number[]
  int64Data: number[]
}
interface WireNode {
  opType?: string
  name?: string
  input: string[]
  output: string[]
  attribute: { g?: WireGraph; t?: WireTensor }[]
}
interface WireGraph { node: WireNode[]; initializer: WireTensor[] }

function withBranches(graph: WireGraph): WireGraph[] {
  const branches = graph.node.flatMap(({ attribute }) => attribute).flatMap(({ g }) => g === undefined ? [] : [g])
  return [graph, ...branches.flatMap(withBranches)]
}

/** Initializers, and the results of `Constant` nodes: some exporters write their weights as such. */
function namedTensors({ initializer, node }: WireGraph): [string, WireTensor][] {
  const constants = node.filter(({ opType }) => opType === 'Constant').flatMap(({ output: [name = ''], attribute }) =>
    attribute.flatMap(({ t }): [string, WireTensor][] => t === undefined ? [] : [[name, t]]))
  return [...initializer.map((tensor): [string, WireTensor] => [tensor.name ?? '', tensor]), ...constants]
}

/** Small tensors have their values in typed fields instead of bytes. Undefined for an element type that is not used. */
function readTensor(tensor: WireTensor): Tensor | undefined {
  const { dims, dataType, rawData, floatData, int32Data, int64Data } = tensor
  const type = (Object.keys(ELEMENT_TYPES) as ElementType[]).find((name) => ELEMENT_TYPES[name] === dataType)
  if (type === undefined) return undefined
  if (rawData !== undefined && rawData.byteLength > 0) return { type, dims, bytes: rawData }
  switch (type) {
    case 'float32': return { type, dims, bytes: bytesOf(Float32Array.from(floatData)) }
    case 'int64': return { type, dims, bytes: bytesOf(BigInt64Array.from(int64Data, BigInt)) }
    case 'int32': return { type, dims, bytes: bytesOf(Int32Array.from(int32Data)) }
    // The bits of each number, in an integer of its own.
    case 'float16': return { type, dims, bytes: bytesOf(Uint16Array.from(int32Data)) }
    case 'uint8': case 'int8': case 'bool': return { type, dims, bytes: Uint8Array.from(int32Data) }
  }
}

export function bytesOf(values: ArrayBufferView): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}

function toWire({ name, nodes, weights, inputs, outputs }: Graph): object {
  return {
    name,
    node: nodes.map((node) => ({
      opType: node.operator,
      domain: node.domain,
      name: node.name,
      input: node.inputs,
      output: node.outputs,
      attribute: Object.entries(node.attributes).map(([key, value]) => toWireAttribute(key, value)),
    })),
    initializer: Object.entries(weights).map(([key, { type, dims, bytes }]) =>
      ({ name: key, dims, dataType: ELEMENT_TYPES[type], rawData: bytes })),
    input: inputs.map(toWirePort),
    output: outputs.map(toWirePort),
  }
}

function toWireAttribute(name: string, value: Attribute): object {
  const [[kind, content]] = Object.entries(value) as [[keyof typeof ATTRIBUTE_TYPES, unknown]]
  const encoded = kind === 'g' ? toWire(content as Graph) : kind === 's' ? Buffer.from(content as string) : content
  return { name, type: ATTRIBUTE_TYPES[kind], [kind]: encoded }
}

function toWirePort({ name, type, shape }: Port): object {
  if (type === undefined) return { name }
  const dim = shape?.map((size) => typeof size === 'number' ? { dimValue: size } : { dimParam: size })
  return { name, type: { tensorType: { elemType: ELEMENT_TYPES[type], ...(dim && { shape: { dim } }) } } }
}
