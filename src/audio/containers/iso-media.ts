/**
 * MP4, M4A, 3GP and QuickTime files, whole or in fragments, with AAC, ALAC, Opus, AMR or MP3.
 *
 * The decoder gets a new file: one track, its frames in sequence, tables of checked values, the index first. So a file
 * with its index at the end is decoded piece by piece like any other, a fragmented one needs no other code, and no
 * count of the upload reaches a parser that would trust it.
 */
import { checkAlacFrame } from './alac.js'
import { BoxReader, makeBox, type Box } from './boxes.js'
import { bytesOf32, joined, textAt, u32be, u64be } from './bytes.js'
import { runsOf, type Sample } from './iso-samples.js'
import { readIsoTrack, type IsoTrack } from './iso-track.js'
import { checkPacket } from './packets.js'
import { unreadable, type AudioProbe } from '../probe.js'
import { SpeechError } from '../../domain/errors.js'

/** The shortest frames of all codecs are those of Opus, 2.5 ms. */
const MAX_FRAMES_PER_SECOND = 400
/** Frames beyond the limit, for those that an encoder adds at both ends. */
const SPARE_FRAMES = 1_000
const PIECE_BYTES = 1_024
/** Limit of a box that is copied unchanged; usual ones have a few dozen bytes. */
const MAX_COPIED_BYTES = 64 * 1024

export function matchesIsoMedia(bytes: Uint8Array): boolean {
  if (textAt(bytes, 4, 'ftyp')) return true
  return u32be(bytes, 0) >= 8 && ['moov', 'mdat', 'wide', 'free', 'skip'].some((type) => textAt(bytes, 4, type))
}

export function probeIsoMedia(bytes: Uint8Array): AudioProbe {
  const file = new BoxReader(bytes)
  const { moov, truncated } = topLevel(file)
  const track = readIsoTrack(file, moov)
  const { codec, sampleRate, channels, frameSamples, timescale } = track
  let frames = 0
  let duration = 0
  let firstTime: number | undefined
  for (const run of runsOf(file, moov, track)) {
    if (run.decodeTime !== undefined) {
      firstTime ??= run.decodeTime
      duration = Math.max(duration, run.decodeTime - firstTime)
    }
    frames += run.count
    duration += run.duration
  }
  // Frames without durations still have sound, so their shortest length is assumed.
  const timed = duration > 0 ? duration / timescale : frames / MAX_FRAMES_PER_SECOND
  const seconds = frameSamples > 0 ? frames * frameSamples / sampleRate : timed
  const edit = readEdit(file, track.trak)
  const presented = edit === undefined ? seconds
    : Math.min(seconds - edit.start / timescale, edit.duration / movieTimescale(file, moov) || Infinity)
  return { container: 'mp4', codec, sampleRate, channels, seconds: Math.max(0, presented), declared: true, truncated }
}

/** Throws AUDIO_TOO_LONG when the tables have more frames than `maxSeconds` can have. */
export function* isoMediaPieces(bytes: Uint8Array, maxSeconds: number): Generator<Uint8Array> {
  const file = new BoxReader(bytes)
  const { moov } = topLevel(file)
  const track = readIsoTrack(file, moov)
  const samples: Sample[] = []
  const maxFrames = maxSeconds * MAX_FRAMES_PER_SECOND + SPARE_FRAMES
  let duration = 0
  let count = 0
  let total = 0
  for (const run of runsOf(file, moov, track)) {
    duration += run.duration
    for (const sample of run.samples()) {
      if (count++ > maxFrames) throw new SpeechError('AUDIO_TOO_LONG', `more frames than ${maxSeconds} s can have`)
      if (sample.offset + sample.bytes > bytes.byteLength) break // cut off, as are all later frames of this run
      checkPacket(track.codec, sample.bytes)
      total += sample.bytes
      if (total > bytes.byteLength) throw unreadable('the frames of the track overlap: they are longer than the file')
      if (sample.bytes === 0) continue
      if (track.codec === 'alac') checkAlacFrame(bytes, sample.offset, track)
      samples.push(sample)
    }
  }
  yield header(file, moov, track, samples, duration)
  let parts: Uint8Array[] = []
  let size = 0
  for (const sample of samples) {
    parts.push(bytes.subarray(sample.offset, sample.offset + sample.bytes))
    size += sample.bytes
    if (size < PIECE_BYTES) continue
    yield joined(...parts)
    parts = []
    size = 0
  }
  if (size > 0) yield joined(...parts)
}

function topLevel(file: BoxReader): { moov: Box; truncated: boolean } {
  const { bytes } = file
  let moov: Box | undefined
  let truncated = false
  for (const box of file.boxesIn(0, bytes.byteLength)) {
    if (box.type === 'moov') moov ??= box
    truncated = box.end > bytes.byteLength
  }
  if (moov === undefined) {
    throw unreadable(truncated ? 'the file ends before its index ("moov")' : 'there is no index ("moov")')
  }
  if (moov.end > bytes.byteLength) throw unreadable('the file ends within its index ("moov")')
  return { moov, truncated }
}

/** `ftyp`, `moov` and the start of `mdat`, for frames that follow without gaps. */
function header(
  file: BoxReader, moov: Box, track: IsoTrack, samples: readonly Sample[], duration: number,
): Uint8Array {
  const sizes = new Uint8Array(samples.length * 4)
  const view = new DataView(sizes.buffer)
  for (const [index, sample] of samples.entries()) view.setUint32(index * 4, sample.bytes)
  const total = samples.reduce((sum, sample) => sum + sample.bytes, 0)
  const build = (dataAt: number): Uint8Array => {
    const table = makeBox('stbl',
      makeBox('stsd', [0, 0, 0, 0, 0, 0, 0, 1], copied(file, track.entry)),
      makeBox('stts', [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1], bytesOf32(Math.min(duration, 2 ** 32 - 1))),
      makeBox('stsz', [0, 0, 0, 0, 0, 0, 0, 0], bytesOf32(samples.length), sizes),
      makeBox('stsc', [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1], bytesOf32(samples.length), [0, 0, 0, 1]),
      makeBox('stco', [0, 0, 0, 0, 0, 0, 0, 1], bytesOf32(dataAt)))
    const handler = makeBox('hdlr', new Uint8Array(8), 'soun', new Uint8Array(12))
    const media = makeBox('mdia', copied(file, file.find(track.trak, 'mdia', 'mdhd')), handler, makeBox('minf', table))
    const hasEdit = readEdit(file, track.trak) !== undefined
    const edits = hasEdit ? makeBox('edts', copied(file, file.find(track.trak, 'edts', 'elst'))) : []
    const trak = makeBox('trak', makeBox('tkhd', new Uint8Array(12), bytesOf32(1)), edits, media)
    const index = makeBox('moov', copied(file, file.find(moov, 'mvhd')), gaplessTag(file, moov), trak)
    return joined(makeBox('ftyp', 'M4A ', [0, 0, 0, 0]), index, bytesOf32(8 + total), 'mdat')
  }
  return build(build(0).byteLength)
}

function copied({ bytes }: BoxReader, box: Box | undefined): Uint8Array {
  if (box === undefined) return new Uint8Array(0)
  const size = box.end - box.start
  if (size > MAX_COPIED_BYTES) {
    throw unreadable(`the box "${box.type}" has ${size} bytes, at most ${MAX_COPIED_BYTES} are read`)
  }
  return bytes.subarray(box.start, box.end)
}

/** The presented part of a track, if its edit list has one entry; in units of the track and of the movie. */
function readEdit(file: BoxReader, trak: Box): { start: number; duration: number } | undefined {
  const list = file.find(trak, 'edts', 'elst')
  if (list === undefined) return undefined
  const { bytes } = file
  const wide = bytes[list.bodyAt] === 1
  const rows = u32be(bytes, list.bodyAt + 4)
  if (rows !== 1 || list.bodyAt + 8 + (wide ? 20 : 12) > list.end) return undefined
  const at = list.bodyAt + 8
  const start = wide ? u64be(bytes, at + 8) : u32be(bytes, at + 4)
  if (start >= 2 ** 31) return undefined // −1: an empty edit
  return { start, duration: wide ? u64be(bytes, at) : u32be(bytes, at) }
}

function movieTimescale(file: BoxReader, moov: Box): number {
  const movie = file.find(moov, 'mvhd')
  return movie === undefined ? 0 : u32be(file.bytes, movie.bodyAt + (file.bytes[movie.bodyAt] === 1 ? 20 : 12))
}

/** The tag in which iTunes and Apple's recorders store the delay of the encoder; other metadata is left out. */
function gaplessTag(file: BoxReader, moov: Box): Uint8Array {
  const list = file.find(moov, 'udta', 'meta', 'ilst')
  if (list === undefined) return new Uint8Array(0)
  const tag = file.childrenOf(list, '----').find(({ start, end }) =>
    end - start < 1_024 && Buffer.from(file.bytes.subarray(start, end)).includes('iTunSMPB'))
  return tag === undefined ? new Uint8Array(0) : makeBox('ilst', copied(file, tag))
}
