/**
 * The chunks of a WAV file: its format, and the position of its samples. Cheap enough for the HTTP process: it reads
 * headers only, at most MAX_CHUNKS of them, and checks every number.
 *
 * Needed because wavefile validates nothing and loops over counts that a file merely declares: a `cue ` chunk of 32 kB
 * occupies it for seconds. So it is given the checked `fmt ` chunk only.
 * Source: Microsoft/IBM "Multimedia Programming Interface and Data Specifications 1.0" (1991), mmreg.h, ksmedia.h.
 */
import { fourCharacters, u64le } from './bytes.js'
import { isChunkId, isPlaceholder } from './placeholders.js'
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
/** Chunks by which a missing pad byte is noticed. */
const KNOWN_CHUNKS = ['fmt ', 'data', 'fact', 'LIST', 'bext', 'JUNK', 'cue ', 'id3 ', 'smpl', 'iXML']

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
  const streamed = isStreamed(bytes, data, riffBytes, present)
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

/** The format and the samples, in any order, although the standard wants the format first. */
function findChunks(bytes: Uint8Array, view: DataView): { format: WavFormat; data: Chunk } {
  let format: WavFormat | undefined
  let data: Chunk | undefined
  let offset = 12
  for (let count = 0; count < MAX_CHUNKS; count++) {
    const chunk = readChunk(bytes, view, offset, data === undefined ? 'data' : 'fmt ')
    if (chunk.id === 'data') data ??= chunk
    if (format !== undefined && data !== undefined) return { format, data }
    if (chunk.offset + chunk.size > view.byteLength) {
      if (data !== undefined) throw unreadable('there is no "fmt " chunk before the samples, nor one behind them')
      const left = view.byteLength - chunk.offset
      throw unreadable(`the chunk "${chunk.id}" declares ${chunk.size} bytes, ${left} are left in the file`)
    }
    if (chunk.id === 'fmt ') {
      if (format !== undefined) throw unreadable('there are two "fmt " chunks; expected one')
      format = readFormat(view, chunk)
      if (data !== undefined) return { format, data }
    }
    offset = nextChunk(bytes, chunk)
  }
  throw unreadable(`no "data" chunk among the first ${MAX_CHUNKS} chunks`)
}

/** Chunks are padded to even length, but some programs leave the byte out. */
function nextChunk(bytes: Uint8Array, { offset, size }: Chunk): number {
  const end = offset + size
  const isKnown = (at: number): boolean => KNOWN_CHUNKS.includes(fourCharacters(bytes, at))
  return (size & 1) === 0 || (isKnown(end) && !isKnown(end + 1)) ? end : end + 1
}

function readChunk(bytes: Uint8Array, view: DataView, offset: number, wanted: string): Chunk {
  if (offset + 8 > view.byteLength) {
    throw unreadable(`the file ends after ${view.byteLength} bytes, before a "${wanted}" chunk`)
  }
  return { id: fourCharacters(bytes, offset), size: view.getUint32(offset + 4, true), offset: offset + 8 }
}

/**
 * A program that writes to a pipe does not know the size yet. Zero means "to the end", too, if no other chunk follows;
 * otherwise the file has no samples.
 */
function isStreamed(bytes: Uint8Array, data: Chunk, riffBytes: number, present: number): boolean {
  if (data.size !== 0) return isPlaceholder(data.size, present)
  const isLast = 8 + riffBytes <= data.offset || isPlaceholder(riffBytes, bytes.byteLength)
  return isLast || !isChunkId(bytes, data.offset)
}

function wholeBlocks(byteCount: number, blockAlign: number): number {
  return byteCount - (byteCount % blockAlign)
}
