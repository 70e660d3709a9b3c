/**
 * Functions in WebAssembly with SIMD, for the few loops over samples that V8 does not make fast: it does not vectorize,
 * and checks the bounds of every access. They are also fast from the first call on, while a loop in JavaScript takes
 * many times as long until it is optimized.
 *
 * Functions this small need no compiler: they are assembled here, instruction by instruction, with the opcodes of the
 * WebAssembly Core Specification 2.0 (§5, binary format). Tests compare what uses them with sums in double precision.
 *
 * The catch: they can access nothing but `words`. Callers copy in and out, and addresses are in bytes. There is one
 * memory for the whole process, which is safe because no caller awaits anything between writing and reading it.
 */

/** Missing in @types/node. */
declare const WebAssembly: {
  readonly Memory: new (limits: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer }
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: Readonly<Record<string, unknown>> }
}

export type Code = readonly (number | Code)[]

export const WORD_BYTES = 4
export const VECTOR_BYTES = 16

/** Pages of 64 KiB: 1 MiB. */
const MEMORY_PAGES = 16
const I32 = 0x7f
const V128 = 0x7b

const memory = new WebAssembly.Memory({ initial: MEMORY_PAGES, maximum: MEMORY_PAGES })

/** The memory of all functions: 32-bit floats, little-endian as on every platform where Node has SIMD. */
export const words = new Float32Array(memory.buffer)
/** The same memory as 64-bit floats. */
export const doubles = new Float64Array(memory.buffer)

export const get = (local: number): Code => [0x20, local]
export const set = (local: number, value: Code): Code => [value, 0x21, local]
export const constant = (value: number): Code => [0x41, signed(value)]
export const add = (a: Code, b: Code): Code => [a, b, 0x6a]
export const isBelow = (a: Code, b: Code): Code => [a, b, 0x49]
export const repeatWhile = (body: Code, condition: Code): Code => [0x03, 0x40, body, condition, 0x0d, 0, 0x0b]
export const advance = (address: number, bytes: number): Code => set(address, add(get(address), constant(bytes)))

export const loadVector = (address: number, offset = 0): Code => [get(address), 0xfd, 0x00, 2, unsigned(offset)]
export const storeVector = (address: number, offset: number, value: Code): Code =>
  [get(address), value, 0xfd, 0x0b, 2, unsigned(offset)]

export const addScalars = (a: Code, b: Code): Code => [a, b, 0x92]
const largerScalar = (a: Code, b: Code): Code => [a, b, 0x97]
export const storeScalar = (address: number, offset: number, value: Code): Code =>
  [get(address), value, 0x38, 2, unsigned(offset)]

const lane = (vector: number, index: number): Code => [get(vector), 0xfd, 0x1f, index]

/** Four 32-bit floats. */
export const floats = {
  add: (a: Code, b: Code): Code => [a, b, 0xfd, 0xe4, 0x01],
  multiply: (a: Code, b: Code): Code => [a, b, 0xfd, 0xe6, 0x01],
  subtract: (a: Code, b: Code): Code => [a, b, 0xfd, 0xe5, 0x01],
  absolute: (a: Code): Code => [a, 0xfd, 0xe0, 0x01],
  largest: (a: Code, b: Code): Code => [a, b, 0xfd, 0xe9, 0x01],
  zero: [0xfd, 0x0c, Array.from({ length: 16 }, () => 0)] as Code,
  lane,
  largestLane: (vector: number): Code =>
    largerScalar(largerScalar(lane(vector, 0), lane(vector, 1)), largerScalar(lane(vector, 2), lane(vector, 3))),
}

/** Four words of the eight of two vectors. */
const shuffled = (a: Code, b: Code, chosen: readonly number[]): Code =>
  [a, b, 0xfd, 0x0d, chosen.map((word) => [0, 1, 2, 3].map((byte) => WORD_BYTES * word + byte))]

/** Two 64-bit floats. */
export const pairs = {
  add: (a: Code, b: Code): Code => [a, b, 0xfd, 0xf0, 0x01],
  subtract: (a: Code, b: Code): Code => [a, b, 0xfd, 0xf1, 0x01],
  multiply: (a: Code, b: Code): Code => [a, b, 0xfd, 0xf2, 0x01],
  absolute: (a: Code): Code => [a, 0xfd, 0xec, 0x01],
  largest: (a: Code, b: Code): Code => [a, b, 0xfd, 0xf5, 0x01],
  /** The 64-bit float at an address, twice. */
  loadSplat: (address: number, offset: number): Code => [get(address), 0xfd, 0x0a, 2, unsigned(offset)],
  /** Two of four 32-bit floats, as 64-bit floats. */
  lower: (a: Code): Code => [a, 0xfd, 0x5f],
  upper: (a: Code): Code => [shuffled(a, a, [2, 3, 2, 3]), 0xfd, 0x5f],
  /** Rounded to four 32-bit floats. */
  toFloats: (low: Code, high: Code): Code => shuffled([low, 0xfd, 0x5e], [high, 0xfd, 0x5e], [0, 1, 4, 5]),
  /** The 32-bit floats at two addresses, as 64-bit floats. */
  load: (first: number, second: number): Code =>
    [get(second), get(first), 0xfd, 0x5c, 2, 0, 0xfd, 0x56, 2, 0, 1, 0xfd, 0x5f],
}

interface Locals { readonly addresses: number; readonly vectors: number }

/**
 * A function whose parameters are all addresses and that returns nothing. Its locals are numbered: parameters, further
 * addresses, vectors (§5.4, §5.5).
 */
export function assemble<Parameters extends number[]>(
  parameters: Parameters['length'], { addresses, vectors }: Locals, body: Code,
): (...addresses: Parameters) => void {
  const types = Array.from({ length: parameters }, () => I32)
  const locals = [2, addresses, I32, vectors, V128]
  const sections: Code = [
    section(1, [1, 0x60, parameters, types, 0]),
    section(2, [1, name('host'), name('memory'), 2, 1, MEMORY_PAGES, MEMORY_PAGES]),
    section(3, [1, 0]),
    section(7, [1, name('run'), 0, 0]),
    section(10, [1, sized([locals, body, 0x0b])]),
  ]
  const module = new WebAssembly.Module(Uint8Array.from([...name('\0asm').slice(1), 1, 0, 0, 0, ...flatten(sections)]))
  return new WebAssembly.Instance(module, { host: { memory } }).exports['run'] as (...addresses: Parameters) => void
}

function section(id: number, content: Code): Code {
  return [id, sized(content)]
}

/** Preceded by its length. */
function sized(content: Code): number[] {
  const bytes = flatten(content)
  return [...unsigned(bytes.length), ...bytes]
}

/** LEB128 of a positive number, whose last byte has room for a sign. */
function signed(value: number): number[] {
  return value < 64 ? [value] : [(value & 127) | 128, ...signed(value >> 7)]
}

/** LEB128. */
function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >> 7)]
}

function name(text: string): number[] {
  return sized([...Buffer.from(text)])
}

function flatten(code: Code): number[] {
  return code.flatMap((part) => typeof part === 'number' ? [part] : flatten(part))
}
