/**
 * Four dot products with the same coefficients at once: the inner loop of the resampler, in WebAssembly with SIMD.
 *
 * V8 does not vectorize, and checks the bounds of every access: a loop in TypeScript takes more than ten times as long
 * (`npm run bench -- resample`), and would require a shorter, worse filter. One function this small needs no compiler:
 * it is assembled here, instruction by instruction, with the opcodes of the WebAssembly Core Specification 2.0 (§5,
 * binary format). A test compares the resampler with sums in double precision.
 *
 * The catch: it can access nothing but `words`. Callers copy in and out, and addresses are in bytes. There is one
 * memory for the whole process, which is safe because no caller awaits anything between writing and reading it.
 */

/** Missing in @types/node. */
declare const WebAssembly: {
  readonly Memory: new (limits: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer }
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: Readonly<Record<string, unknown>> }
}

type Code = readonly (number | Code)[]

/** Pages of 64 KiB: 1 MiB. */
const MEMORY_PAGES = 16

// Locals: the five parameters, three more addresses, one vector of coefficients, four of sums.
const [SIGNAL, STRIDE, COEFFICIENTS, END, SUMS] = [0, 1, 2, 3, 4]
const [SIGNAL_1, SIGNAL_2, SIGNAL_3] = [5, 6, 7]
const [FACTORS, SUM_0, SUM_1, SUM_2, SUM_3] = [8, 9, 10, 11, 12]
const I32 = 0x7f
const V128 = 0x7b
const VECTOR_BYTES = 16

const get = (local: number): Code => [0x20, local]
const set = (local: number, value: Code): Code => [value, 0x21, local]
const constant = (value: number): Code => [0x41, value]
const add = (a: Code, b: Code): Code => [a, b, 0x6a]
const loadVector = (address: number): Code => [get(address), 0xfd, 0x00, 2, 0]
const multiplyVectors = (a: Code, b: Code): Code => [a, b, 0xfd, 0xe6, 0x01]
const addVectors = (a: Code, b: Code): Code => [a, b, 0xfd, 0xe4, 0x01]
const lane = (vector: number, index: number): Code => [get(vector), 0xfd, 0x1f, index]
const addFloats = (a: Code, b: Code): Code => [a, b, 0x92]
const storeFloat = (address: number, offset: number, value: Code): Code => [get(address), value, 0x38, 2, offset]
const repeatWhile = (body: Code, condition: Code): Code => [0x03, 0x40, body, condition, 0x0d, 0, 0x0b]
const isBelow = (a: Code, b: Code): Code => [a, b, 0x49]

const accumulate = (sum: number, signal: number): Code =>
  set(sum, addVectors(get(sum), multiplyVectors(get(FACTORS), loadVector(signal))))
const advance = (address: number): Code => set(address, add(get(address), constant(VECTOR_BYTES)))
const total = (vector: number): Code =>
  addFloats(addFloats(lane(vector, 0), lane(vector, 1)), addFloats(lane(vector, 2), lane(vector, 3)))

const BODY: Code = [
  set(SIGNAL_1, add(get(SIGNAL), get(STRIDE))),
  set(SIGNAL_2, add(get(SIGNAL_1), get(STRIDE))),
  set(SIGNAL_3, add(get(SIGNAL_2), get(STRIDE))),
  repeatWhile([
    set(FACTORS, loadVector(COEFFICIENTS)),
    accumulate(SUM_0, SIGNAL), accumulate(SUM_1, SIGNAL_1), accumulate(SUM_2, SIGNAL_2), accumulate(SUM_3, SIGNAL_3),
    [SIGNAL, SIGNAL_1, SIGNAL_2, SIGNAL_3, COEFFICIENTS].map(advance),
  ], isBelow(get(COEFFICIENTS), get(END))),
  [SUM_0, SUM_1, SUM_2, SUM_3].map((vector, index) => storeFloat(SUMS, 4 * index, total(vector))),
  0x0b,
]

const memory = new WebAssembly.Memory({ initial: MEMORY_PAGES, maximum: MEMORY_PAGES })

/** The memory of `dotProducts`: 32-bit floats, little-endian as on every platform where Node has SIMD. */
export const words = new Float32Array(memory.buffer)

/**
 * Dot products of the coefficients with the signal at four addresses, `stride` apart, written to four words at `sums`.
 * Addresses are bytes from the start of `words`. The number of coefficients, up to `end`, is a multiple of four.
 */
export const dotProducts = new WebAssembly.Instance(new WebAssembly.Module(assemble(BODY)), { host: { memory } })
  .exports['dotProducts'] as (signal: number, stride: number, coefficients: number, end: number, sums: number) => void

/** A module with one function of five parameters and an imported memory (§5.5). */
function assemble(body: Code): Uint8Array {
  const locals = [2, 3, I32, 5, V128]
  const sections: Code = [
    section(1, [1, 0x60, 5, I32, I32, I32, I32, I32, 0]),
    section(2, [1, name('host'), name('memory'), 2, 1, MEMORY_PAGES, MEMORY_PAGES]),
    section(3, [1, 0]),
    section(7, [1, name('dotProducts'), 0, 0]),
    section(10, [1, sized([locals, body])]),
  ]
  return Uint8Array.from([...name('\0asm').slice(1), 1, 0, 0, 0, ...flatten(sections)])
}

function section(id: number, content: Code): Code {
  return [id, sized(content)]
}

/** Preceded by its length, LEB128. */
function sized(content: Code): number[] {
  const bytes = flatten(content)
  return [...bytes.length < 128 ? [bytes.length] : [(bytes.length & 127) | 128, bytes.length >> 7], ...bytes]
}

function name(text: string): number[] {
  return sized([...Buffer.from(text)])
}

function flatten(code: Code): number[] {
  return code.flatMap((part) => typeof part === 'number' ? [part] : flatten(part))
}
