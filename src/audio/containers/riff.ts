/**
 * The chunks of a WAV file: its format, and the position of its samples. Cheap enough for the HTTP process: it reads
 * headers only, at most MAX_CHUNKS of them, and checks every number.
 *
 * Needed because wavefile validates nothing and loops over counts that a file merely declares: a `cue ` chunk of 32 kB
 * occupies it for seconds. So it is given the checked `fmt ` chunk only.
 * Source: Microsoft/IBM "Multimedia Programming Interface and Data Specifications 1.0" (1991), mmreg.h, ksmedia.h.
 */
import { fourCharacters, u64le } from './bytes.js'
import { unreadable, unsupported } from '../probe.js'
import { readFormat, type Chunk, type WavFormat } from './wav-format.js'

export interface WavLayout extends WavFormat {
  readonly dataOffset: number
  /** Bytes of samples that the file contains, in whole blocks. */
  readonly dataBytes: number
  /** The header declares more than the file contains. */
  readonly truncated: boolean
  readonly seconds: number
}

/** Broadcast WAV files have a dozen. */
const MAX_CHUNKS = 1_024
/** A declared size from here on, in a smaller file, means "unknown": ffmpeg pipes have 0xffffffff, sox 0x7ffff000. */
const STREAMED_SIZE = 0x7fff_0000

/** In files above 4 GiB, and of recorders that may write one. */
const WIDE_MAGICS = ['RF64', 'BW64']
const SIZE_ELSEWHERE = 0xffff_ffff
/** In a file: after its header, that of the first chunk and the size of the file. */
const DATA_SIZE_AT = 28

/** Throws AUDIO_UNREADABLE for a broken file, AUDIO_UNSUPPORTED for a valid one of an unsupported kind. */
export function readWavLayout(bytes: Uint8Array): WavLayout {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const riffBytes = readRiffHeader(bytes, view)
  const { format, data: found } = findChunks(bytes, view)
  const data = withWideSize(bytes, found)
  const present = Math.max(0, view.byteLength - data.offset)
  const streamed = isStreamed(data, riffBytes, present)
  const declared = streamed ? present : data.size
  const dataBytes = wholeBlocks(Math.min(declared, present), format.blockAlign)
  if (dataBytes === 0 && declared > present) {
    throw unreadable(`the file ends after ${view.byteLength} bytes, before its first sample`)
  }
  return {
    ...format,
    dataOffset: data.offset,
    dataBytes,
    truncated: declared > present,
    seconds: dataBytes / format.blockAlign * format.blockSamples / format.sampleRate,
  }
}

/** The size of the file that its header declares, without the first 8 bytes. */
function readRiffHeader(bytes: Uint8Array, view: DataView): number {
  if (view.byteLength < 12) {
    throw unreadable(`a WAV file begins with 12 bytes of header, this one has ${view.byteLength} in all`)
  }
  const magic = fourCharacters(bytes, 0)
  const form = fourCharacters(bytes, 8)
  if (magic === 'RIFX') throw unsupported('a WAV file of the kind RIFX (big-endian) is not read here, only RIFF')
  if (magic !== 'RIFF' && !WIDE_MAGICS.includes(magic)) {
    throw unreadable(`a WAV file begins with "RIFF", this one with "${magic}"`)
  }
  if (form !== 'WAVE') throw unsupported(`a RIFF file of the kind "${form}" is not audio; expected "WAVE"`)
  return view.getUint32(4, true)
}

/** RF64 and BW64 (EBU Tech 3306, ITU-R BS.2088) have sizes of 64 bits in a first chunk, 2³² − 1 where they belong. */
function withWideSize(bytes: Uint8Array, data: Chunk): Chunk {
  const isWide = WIDE_MAGICS.includes(fourCharacters(bytes, 0)) && fourCharacters(bytes, 12) === 'ds64'
  const size = isWide && data.size === SIZE_ELSEWHERE ? u64le(bytes, DATA_SIZE_AT) : 0
  return size === 0 ? data : { ...data, size } // 0: the recorder did not come back to write it
}

function findChunks(bytes: Uint8Array, view: DataView): { format: WavFormat; data: Chunk } {
  let format: WavFormat | undefined
  let offset = 12
  for (let count = 0; count < MAX_CHUNKS; count++) {
    const chunk = readChunk(bytes, view, offset)
    if (chunk.id === 'data') {
      if (format === undefined) throw unreadable('the "fmt " chunk is missing before the samples')
      return { format, data: chunk }
    }
    if (chunk.offset + chunk.size > view.byteLength) {
      const left = view.byteLength - chunk.offset
      throw unreadable(`the chunk "${chunk.id}" declares ${chunk.size} bytes, ${left} are left in the file`)
    }
    if (chunk.id === 'fmt ') {
      if (format !== undefined) throw unreadable('there are two "fmt " chunks; expected one')
      format = readFormat(view, chunk)
    }
    offset = chunk.offset + chunk.size + (chunk.size & 1) // chunks are padded to even length
  }
  throw unreadable(`no "data" chunk among the first ${MAX_CHUNKS} chunks`)
}

function readChunk(bytes: Uint8Array, view: DataView, offset: number): Chunk {
  if (offset + 8 > view.byteLength) {
    throw unreadable(`the file ends after ${view.byteLength} bytes, before a "data" chunk`)
  }
  return { id: fourCharacters(bytes, offset), size: view.getUint32(offset + 4, true), offset: offset + 8 }
}

/**
 * A program that writes to a pipe does not know the size yet: a very large one means "to the end". So does zero, if no
 * other chunk is declared after it; otherwise the file has no samples.
 */
function isStreamed(data: Chunk, riffBytes: number, present: number): boolean {
  if (data.size === 0) return 8 + riffBytes <= data.offset || riffBytes >= STREAMED_SIZE
  return data.size >= STREAMED_SIZE && data.size > present
}

function wholeBlocks(byteCount: number, blockAlign: number): number {
  return byteCount - (byteCount % blockAlign)
}
