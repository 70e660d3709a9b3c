/**
 * Model files of whisper.cpp (`ggml-<model>.bin`): sizes, mel filters, vocabulary and tensors in one file.
 *
 * The format is written by models/convert-pt-to-ggml.py of https://github.com/ggml-org/whisper.cpp and has no
 * specification besides. All numbers are little-endian:
 *
 *   magic 0x67676d6c, 11 sizes (int32), the last of them the type of the matrices
 *   mel filters:  bins, frequencies (int32 each), then bins × frequencies float32
 *   vocabulary:   number of tokens (int32), then for each its length (uint32) and its bytes, in the order of their ids
 *   tensors until the end of the file: number of axes, length of the name, type (int32 each), the axes from the
 *   innermost to the outermost (int32), the name, the numbers
 *
 * Only tensors of float32 and float16 are read: those of whisper.cpp's own quantization would be rounded twice.
 */
import { ByteReader } from './byte-reader.js'
import { FLOAT_FORMATS, type FloatFormat } from './real-numbers.js'
import type { TensorFile } from './weights.js'

const MAGIC = 0x67676d6c
const SIZES = 11
/** Numbers of the element types; all others are quantized. */
const TYPES: Readonly<Record<number, FloatFormat>> = { 0: 'float32', 1: 'float16' }
const MAX_AXES = 4
const MAX_NAME_BYTES = 256
/** No token of the vocabulary of GPT-2 is longer. */
const MAX_TOKEN_BYTES = 1_024

interface StoredTensor { readonly format: FloatFormat; readonly dims: readonly number[]; readonly bytes: Uint8Array }

export interface GgmlFile extends TensorFile {
  /** The bytes of each token of the text, by its id. Special tokens follow them and have no bytes. */
  readonly vocabulary: readonly Uint8Array[]
}

export function isGgml(bytes: Uint8Array): boolean {
  return bytes.byteLength >= 4 && new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) === MAGIC
}

/** Throws MODEL_INVALID for a file that is cut off, contradicts itself or has quantized tensors. */
export function readGgml(bytes: Uint8Array): GgmlFile {
  const reader = openReader(bytes)
  const vocabulary = readVocabulary(reader)
  const tensors = readTensors(reader)
  return {
    vocabulary,
    has: (name) => tensors.has(name),
    read(name) {
      const tensor = tensors.get(name)
      return tensor && { values: FLOAT_FORMATS[tensor.format].read(tensor.bytes), dims: tensor.dims }
    },
  }
}

/** In so many bytes, a file has its sizes, mel filters and vocabulary; that of Whisper takes half a megabyte. */
export const GGML_BEGINNING_BYTES = 8_000_000

/** The vocabulary alone, from the beginning of a file. */
export function readGgmlVocabulary(bytes: Uint8Array): readonly Uint8Array[] {
  return readVocabulary(openReader(bytes))
}

/** Behind the mel filters: features are computed by the service itself. */
function openReader(bytes: Uint8Array): ByteReader {
  const reader = new ByteReader(bytes, 'ggml')
  if (reader.uint32('the magic number') !== MAGIC) throw reader.fault('it does not begin with the magic number of ggml')
  reader.skip(4 * SIZES, 'the sizes')
  const bins = reader.count('mel bins')
  const frequencies = reader.count('frequencies of the mel filters')
  reader.skip(4 * bins * frequencies, 'the mel filters')
  return reader
}

function readVocabulary(reader: ByteReader): Uint8Array[] {
  const count = reader.count('tokens')
  // Every token takes 4 bytes at least, so a wrong count is found before anything is allocated for it.
  reader.need(4 * count, 'the vocabulary')
  const vocabulary: Uint8Array[] = []
  for (let token = 0; token < count; token++) {
    const length = reader.uint32(`the length of token ${token}`)
    if (length > MAX_TOKEN_BYTES) throw reader.fault(`token ${token} has ${length} bytes`)
    // A copy, which does not keep the whole file in memory; `slice` of a Buffer is a view.
    vocabulary.push(new Uint8Array(reader.take(length, `token ${token}`)))
  }
  return vocabulary
}

function readTensors(reader: ByteReader): Map<string, StoredTensor> {
  const tensors = new Map<string, StoredTensor>()
  while (reader.remaining > 0) {
    const axes = reader.count('axes of a tensor')
    const nameBytes = reader.count('bytes of the name of a tensor')
    const type = reader.uint32('the type of a tensor')
    if (axes > MAX_AXES) throw reader.fault(`a tensor has ${axes} axes`)
    if (nameBytes > MAX_NAME_BYTES) throw reader.fault(`the name of a tensor has ${nameBytes} bytes`)
    const dims = Array.from({ length: axes }, () => reader.count('numbers along an axis')).reverse()
    const name = new TextDecoder().decode(reader.take(nameBytes, 'the name of a tensor'))
    const format = TYPES[type]
    if (format === undefined) throw reader.fault(`${name} is of type ${type}, and only float32 and float16 are read`)
    if (tensors.has(name)) throw reader.fault(`${name} occurs twice`)
    const size = dims.reduce((product, length) => product * length, FLOAT_FORMATS[format].bytes)
    tensors.set(name, { format, dims: withoutLastOnes(dims), bytes: reader.take(size, name) })
  }
  return tensors
}

/** The converter writes the bias of a convolution as a column. */
function withoutLastOnes(dims: readonly number[]): readonly number[] {
  return dims.slice(0, Math.max(1, dims.findLastIndex((length) => length !== 1) + 1))
}
