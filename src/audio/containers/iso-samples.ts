/**
 * Offsets and sizes of the frames of an MP4 track: from its sample tables (ISO/IEC 14496-12, 8.6 and 8.7), or from the
 * headers of its fragments (8.8), which recorders write. Every count is checked against the size of its box: a table of
 * a few bytes may declare billions of rows.
 */
import type { Box, BoxReader } from './boxes.js'
import { u32be, u64be } from './bytes.js'
import type { IsoTrack } from './iso-track.js'
import { bytesPerFrame } from './pcm.js'
import { unreadable } from '../probe.js'

/** A frame of a codec, a "sample" in the standard. The offset is that in the file; it may be after its end. */
export interface Sample { readonly offset: number; readonly bytes: number }

export interface Run {
  readonly count: number
  /** In units of the track's clock. */
  readonly duration: number
  /** Start time, where a fragment declares it: the durations that recorders write do not add up to it. */
  readonly decodeTime?: number
  samples(): Generator<Sample>
}

/** Runs in order of time: the sample tables are one run, and each run of a fragment is one. */
export function* runsOf(file: BoxReader, moov: Box, track: IsoTrack): Generator<Run> {
  const { bytes } = file
  const table = file.find(track.trak, 'mdia', 'minf', 'stbl')
  const sizes = table && file.find(table, 'stsz')
  if (table !== undefined && sizes !== undefined && u32be(bytes, sizes.bodyAt + 8) > 0) {
    yield readTable(file, table, sizes, track)
  }
  const fragments = file.find(moov, 'mvex')
  const defaults = fragments && file.childrenOf(fragments, 'trex')
    .find(({ bodyAt }) => u32be(bytes, bodyAt + 4) === track.id)
  if (defaults === undefined) return
  for (const moof of file.boxesIn(0, bytes.byteLength)) {
    if (moof.type !== 'moof' || moof.end > bytes.byteLength) continue
    for (const traf of file.childrenOf(moof, 'traf')) yield* readFragment(file, moof, traf, track, defaults)
  }
}

function readTable(file: BoxReader, table: Box, sizes: Box, track: IsoTrack): Run {
  const { bytes } = file
  const count = u32be(bytes, sizes.bodyAt + 8)
  const fixedBytes = u32be(bytes, sizes.bodyAt + 4)
  if (fixedBytes === 0) checkRows(sizes, 12, count, 4)
  const times = file.find(table, 'stts')
  return {
    count,
    duration: times === undefined ? 0 : sumOfTimes(bytes, times),
    samples: () => samplesOfTable(file, table, sizes, { count, fixedBytes, pcm: track.pcm }),
  }
}

function sumOfTimes(bytes: Uint8Array, { bodyAt, ...box }: Box): number {
  const rows = u32be(bytes, bodyAt + 4)
  checkRows({ bodyAt, ...box }, 8, rows, 8)
  let sum = 0
  for (let row = 0, at = bodyAt + 8; row < rows; row++, at += 8) sum += u32be(bytes, at) * u32be(bytes, at + 4)
  return sum
}

/**
 * Of PCM, a chunk is one sample, as long as its number of frames makes it: QuickTime writes sizes of 1 for samples of
 * any width.
 */
function* samplesOfTable(
  file: BoxReader, table: Box, sizes: Box,
  { count, fixedBytes, pcm }: { readonly count: number; readonly fixedBytes: number; readonly pcm: IsoTrack['pcm'] },
): Generator<Sample> {
  const { bytes } = file
  const chunks = file.find(table, 'stco') ?? file.find(table, 'co64')
  const perChunk = file.find(table, 'stsc')
  if (chunks === undefined || perChunk === undefined) throw unreadable('the track has no table of chunks')
  const width = chunks.type === 'co64' ? 8 : 4
  const chunkCount = u32be(bytes, chunks.bodyAt + 4)
  const ruleCount = u32be(bytes, perChunk.bodyAt + 4)
  checkRows(chunks, 8, chunkCount, width)
  checkRows(perChunk, 8, ruleCount, 12)
  const ruleAt = (rule: number): number => perChunk.bodyAt + 8 + rule * 12
  let sample = 0
  for (let chunk = 0, rule = 0; chunk < chunkCount && sample < count; chunk++) {
    while (rule + 1 < ruleCount && u32be(bytes, ruleAt(rule + 1)) <= chunk + 1) rule++
    const at = chunks.bodyAt + 8 + chunk * width
    let offset = width === 8 ? u64be(bytes, at) : u32be(bytes, at)
    const end = Math.min(count, sample + (ruleCount === 0 ? 1 : u32be(bytes, ruleAt(rule) + 4)))
    if (pcm !== undefined) {
      yield { offset, bytes: (end - sample) * bytesPerFrame(pcm) }
      sample = end
    }
    for (; sample < end; sample++) {
      const size = fixedBytes || u32be(bytes, sizes.bodyAt + 12 + sample * 4)
      yield { offset, bytes: size }
      offset += size
    }
  }
}

/** Flags of `tfhd` and `trun` determine which of their fields are present. */
function* readFragment(
  file: BoxReader, moof: Box, traf: Box, track: IsoTrack, trex: Box,
): Generator<Run> {
  const { bytes } = file
  const boxes = file.childrenOf(traf)
  const header = boxes.find(({ type }) => type === 'tfhd')
  if (header === undefined || u32be(bytes, header.bodyAt + 4) !== track.id) return
  const flags = u32be(bytes, header.bodyAt) & 0xff_ffff
  let at = header.bodyAt + 8
  const next = (flag: number, fallback: number): number => {
    if ((flags & flag) === 0) return fallback
    at += 4
    return u32be(bytes, at - 4)
  }
  const base = (flags & 1) !== 0 ? u64be(bytes, at) : moof.start
  if ((flags & 1) !== 0) at += 8
  next(2, 0)
  const duration = next(8, u32be(bytes, trex.bodyAt + 12))
  const size = next(16, u32be(bytes, trex.bodyAt + 16))
  const clock = boxes.find(({ type }) => type === 'tfdt')
  const timeAt = clock && clock.bodyAt + 4
  let decodeTime = timeAt && (bytes[timeAt - 4] === 1 ? u64be(bytes, timeAt) : u32be(bytes, timeAt))
  let dataAt = base
  for (const box of boxes.filter(({ type }) => type === 'trun')) {
    const run = readRun(bytes, box, { base, dataAt, duration, size, isPcm: track.pcm !== undefined })
    yield decodeTime === undefined ? run : { ...run, decodeTime }
    dataAt = run.end
    decodeTime = undefined
  }
}

interface RunDefaults {
  readonly base: number
  readonly dataAt: number
  readonly duration: number
  readonly size: number
  /** A run of frames of one size is one sample then. */
  readonly isPcm: boolean
}

function readRun(
  bytes: Uint8Array, box: Box, { base, dataAt, duration, size, isPcm }: RunDefaults,
): Run & { readonly end: number } {
  const flags = u32be(bytes, box.bodyAt) & 0xff_ffff
  const count = u32be(bytes, box.bodyAt + 4)
  const start = (flags & 1) === 0 ? dataAt : base + (u32be(bytes, box.bodyAt + 8) | 0)
  const rowsAt = box.bodyAt + 8 + ((flags & 1) === 0 ? 0 : 4) + ((flags & 4) === 0 ? 0 : 4)
  const fields = [0x100, 0x200, 0x400, 0x800].filter((flag) => (flags & flag) !== 0)
  const rowBytes = fields.length * 4
  checkRows(box, rowsAt - box.bodyAt, count, rowBytes)
  const column = (flag: number, fallback: number) => {
    const index = fields.indexOf(flag)
    return (row: number): number => index < 0 ? fallback : u32be(bytes, rowsAt + row * rowBytes + index * 4)
  }
  const [durationOf, sizeOf] = [column(0x100, duration), column(0x200, size)]
  const sum = (of: (row: number) => number, isFixed: boolean): number => {
    if (isFixed) return count * of(0)
    let total = 0
    for (let row = 0; row < count; row++) total += of(row)
    return total
  }
  return {
    count,
    duration: sum(durationOf, !fields.includes(0x100)),
    end: start + sum(sizeOf, !fields.includes(0x200)),
    *samples() {
      const isWhole = isPcm && !fields.includes(0x200)
      if (isWhole) yield { offset: start, bytes: count * size }
      for (let row = 0, offset = start; row < count && !isWhole; row++) {
        yield { offset, bytes: sizeOf(row) }
        offset += sizeOf(row)
      }
    },
  }
}

function checkRows({ type, bodyAt, end }: Box, headBytes: number, rows: number, rowBytes: number): void {
  const room = rowBytes === 0 ? Infinity : Math.floor((end - bodyAt - headBytes) / rowBytes)
  if (rows > room) throw unreadable(`the table "${type}" declares ${rows} rows and has room for ${Math.max(0, room)}`)
}
