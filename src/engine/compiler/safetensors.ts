/**
 * Files of the safetensors format (https://github.com/huggingface/safetensors, "Format"): the length of a header
 * (uint64, little-endian), the header as JSON, then the numbers of all tensors. The header names type, shape and place
 * of each tensor; places do not overlap and leave no gap.
 */
import { SpeechError } from '../../domain/errors.js'
import type { FloatTensor } from './matrices.js'
import { FLOAT_FORMATS, type FloatFormat } from './real-numbers.js'
import type { TensorFile } from './weights.js'

const LENGTH_BYTES = 8
/** The limit of the format's own library. */
const MAX_HEADER_BYTES = 100_000_000
/** Tensors of other types, such as counters of integers, are skipped. */
const TYPES: Readonly<Record<string, FloatFormat>> = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' }

/** A tensor of type `type` in the bytes `from` … `until` behind the header. */
interface Entry {
  readonly name: string
  readonly type: string
  readonly dims: readonly number[]
  readonly from: number
  readonly until: number
}

/** Throws MODEL_INVALID for a file that is cut off or contradicts itself. */
export function readSafetensors(bytes: Uint8Array): TensorFile {
  const headerBytes = headerLength(bytes)
  const data = bytes.subarray(LENGTH_BYTES + headerBytes)
  const entries = Object.entries(parseHeader(bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + headerBytes)))
    .filter(([name]) => name !== '__metadata__').map(([name, value]) => readEntry(name, value))
  checkPlaces(entries, data.byteLength)
  const byName = new Map(entries.map((entry) => [entry.name, entry]))
  return {
    has: (name) => byName.has(name),
    read(name): FloatTensor | undefined {
      const entry = byName.get(name)
      if (entry === undefined) return undefined
      const format = TYPES[entry.type]
      if (format === undefined) throw fault(`${name} is ${entry.type}, and only F32, F16 and BF16 are read`)
      return { values: FLOAT_FORMATS[format].read(data.subarray(entry.from, entry.until)), dims: entry.dims }
    },
  }
}

function headerLength(bytes: Uint8Array): number {
  if (bytes.byteLength < LENGTH_BYTES) throw fault(`it has only ${bytes.byteLength} bytes`)
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true)
  const available = Math.min(MAX_HEADER_BYTES, bytes.byteLength - LENGTH_BYTES)
  if (length > BigInt(available)) throw fault(`its header would take ${length} bytes, and ${available} are possible`)
  return Number(length)
}

function parseHeader(bytes: Uint8Array): object {
  try {
    const header: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    if (typeof header === 'object' && header !== null && !Array.isArray(header)) return header
  } catch (cause) {
    throw fault(`its header is not JSON (${String(cause)})`, cause)
  }
  throw fault('its header is no object')
}

function readEntry(name: string, value: unknown): Entry {
  const { dtype, shape, data_offsets: offsets } = (value ?? {}) as Readonly<Record<string, unknown>>
  if (typeof dtype !== 'string' || !areSizes(shape) || !areSizes(offsets) || offsets.length !== 2) {
    throw fault(`the header has no type, shape and two offsets for ${name}`)
  }
  const [from, until] = offsets as [number, number]
  const format = TYPES[dtype]
  const expected = format && shape.reduce((product, length) => product * length, FLOAT_FORMATS[format].bytes)
  if (until < from || (expected !== undefined && until - from !== expected)) {
    throw fault(`${name} is ${dtype} [${shape.join(', ')}] and cannot be the bytes from ${from} to ${until}`)
  }
  return { name, type: dtype, dims: shape, from, until }
}

function areSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0)
}

function checkPlaces(entries: readonly Entry[], available: number): void {
  let end = 0
  for (const { name, from, until } of entries.toSorted((a, b) => a.from - b.from || a.until - b.until)) {
    if (from !== end) throw fault(`${name} begins at byte ${from}, and the tensor before it ends at ${end}`)
    end = until
  }
  if (end !== available) throw fault(`its tensors take ${end} bytes, and it has ${available}`)
}

function fault(problem: string, cause?: unknown): SpeechError {
  return new SpeechError('MODEL_INVALID', `the safetensors file is broken: ${problem}`, { cause })
}
