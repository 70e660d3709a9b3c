/**
 * MP4, M4A, 3GP and QuickTime files, whole or in fragments, with AAC, ALAC, Opus, AMR, MP3, FLAC or PCM.
 *
 * The decoder gets a new file: one track, its frames in sequence, tables of checked values, the index first. So a file
 * with its index at the end is decoded piece by piece like any other, a fragmented one needs no other code, and no
 * count of the upload reaches a parser that would trust it. FLAC is decoded without a container, and PCM is read here.
 */
import { checkAlacFrame } from './alac.js'
import { BoxReader, makeBox, type Box } from './boxes.js'
import { textAt, u32be, u64be } from './bytes.js'
import { flacPieces, flacStream, STREAM_INFO_BYTES } from './flac.js'
import { measureTrack, OVERLAP } from './iso-length.js'
import type { IsoPcm } from './iso-pcm.js'
import { runsOf, type Sample } from './iso-samples.js'
import { readIsoTrack, type IsoTrack } from './iso-track.js'
import { clockBox, isoPieces, mpeg4Entry, type IsoParts } from './iso-writer.js'
import { checkPacket } from './packets.js'
import { bytesPerFrame, readPcm } from './pcm.js'
import { unreadable, type AudioProbe } from '../probe.js'
import { decodeStream, type Decoded, type StreamLimits } from '../stream.js'
import { SpeechError } from '../../domain/errors.js'

/** The shortest frames of all codecs are those of Opus, 2.5 ms. */
const MAX_FRAMES_PER_SECOND = 400
/** Frames beyond the limit, for those that an encoder adds at both ends. */
const SPARE_FRAMES = 1_000
/** Limit of a box that is copied unchanged; usual ones have a few dozen bytes. */
const MAX_COPIED_BYTES = 64 * 1024
/** Of uncompressed samples, each somewhere else in the file. */
const MAX_CHUNKS = 200_000

export function matchesIsoMedia(bytes: Uint8Array): boolean {
  if (textAt(bytes, 4, 'ftyp')) return true
  return u32be(bytes, 0) >= 8 && ['moov', 'mdat', 'wide', 'free', 'skip'].some((type) => textAt(bytes, 4, type))
}

export function probeIsoMedia(bytes: Uint8Array): AudioProbe {
  const file = new BoxReader(bytes)
  const { moov, truncated } = topLevel(file)
  const track = readIsoTrack(file, moov)
  const { codec, sampleRate, channels, timescale } = track
  const { seconds, isComplete, isTruncated } = measureTrack(file, moov, track)
  const edit = readEdit(file, track.trak)
  const rest = edit === undefined ? seconds : seconds - edit.start / timescale
  const presented = edit === undefined
    ? seconds
    : Math.min(rest, edit.duration / movieTimescale(file, moov) || Infinity)
  return {
    container: 'mp4', codec, sampleRate, channels, seconds: Math.max(0, presented), declared: isComplete,
    truncated: truncated || isTruncated,
  }
}

/** Throws AUDIO_TOO_LONG, also when the tables have more frames than `limits.maxSeconds` can have. */
export async function readIsoMedia(bytes: Uint8Array, limits: StreamLimits): Promise<Decoded> {
  const file = new BoxReader(bytes)
  const { moov } = topLevel(file)
  const track = readIsoTrack(file, moov)
  if (track.pcm !== undefined) {
    return readUncompressed(file, track, track.pcm, collectChunks(file, moov, track), limits.maxSeconds)
  }
  const { samples, duration } = collectSamples(file, moov, track, limits.maxSeconds)
  if (track.codec === 'flac') {
    const info = file.bytes.subarray(track.headerAt, track.headerAt + STREAM_INFO_BYTES)
    const frames = samples.map(({ offset, bytes: size }) => bytes.subarray(offset, offset + size))
    return decodeStream('flac', flacPieces(flacStream(info, frames)), limits)
  }
  const ratio = track.aac?.rateRatio ?? 1
  const decoded = await decodeStream('m4a', isoPieces(bytes, partsOf(file, moov, track, duration), samples), limits)
  return { ...decoded, sampleRate: Math.round(decoded.sampleRate * ratio) }
}

function collectSamples(
  file: BoxReader, moov: Box, track: IsoTrack, maxSeconds: number,
): { readonly samples: readonly Sample[]; readonly duration: number } {
  const fileBytes = file.bytes.byteLength
  const samples: Sample[] = []
  const maxFrames = maxSeconds * MAX_FRAMES_PER_SECOND + SPARE_FRAMES
  let duration = 0
  let count = 0
  let total = 0
  for (const run of runsOf(file, moov, track)) {
    duration += run.duration
    for (const sample of run.samples()) {
      if (count++ > maxFrames) throw new SpeechError('AUDIO_TOO_LONG', `more frames than ${maxSeconds} s can have`)
      if (sample.offset + sample.bytes > fileBytes) break // cut off, as are all later frames of this run
      checkPacket(track.codec, sample.bytes)
      total += sample.bytes
      if (total > fileBytes) throw unreadable(OVERLAP)
      if (sample.bytes === 0) continue
      if (track.codec === 'alac') checkAlacFrame(file.bytes, sample.offset, track)
      samples.push(sample)
    }
  }
  return { samples, duration }
}

/**
 * Chunks of uncompressed samples, as far as they were sent. Chunks may have a single sample each; those that follow
 * each other in the file are one here. Their length is limited by the size of the file, so their number is not.
 */
function collectChunks(file: BoxReader, moov: Box, track: IsoTrack): readonly Sample[] {
  const fileBytes = file.bytes.byteLength
  const chunks: Sample[] = []
  let total = 0
  for (const run of runsOf(file, moov, track)) {
    for (const { offset, bytes } of run.samples()) {
      const present = Math.min(bytes, Math.max(0, fileBytes - offset))
      total += present
      if (total > fileBytes) throw unreadable(OVERLAP)
      if (present === 0) continue
      const last = chunks.at(-1)
      if (last !== undefined && last.offset + last.bytes === offset) {
        chunks[chunks.length - 1] = { offset: last.offset, bytes: last.bytes + present }
      } else if (chunks.push({ offset, bytes: present }) > MAX_CHUNKS) {
        throw unreadable(`more than ${MAX_CHUNKS} separate chunks`)
      }
    }
  }
  return chunks
}

function readUncompressed(
  file: BoxReader, track: IsoTrack, pcm: IsoPcm, samples: readonly Sample[], maxSeconds: number,
): Decoded {
  const data = Buffer.concat(samples.map(({ offset, bytes: size }) => file.bytes.subarray(offset, offset + size)))
  if (data.byteLength > maxSeconds * pcm.sampleRate * bytesPerFrame(pcm)) {
    throw new SpeechError('AUDIO_TOO_LONG', `more than ${maxSeconds} s`)
  }
  const edit = readEdit(file, track.trak)
  const skipped = edit === undefined ? 0 : Math.round(edit.start / track.timescale * pcm.sampleRate)
  const dataOffset = Math.min(data.byteLength, skipped * bytesPerFrame(pcm))
  const block = readPcm(data, { ...pcm, dataOffset, dataBytes: data.byteLength - dataOffset })
  return { blocks: [block], sampleRate: pcm.sampleRate, broken: false }
}

/** AAC of a rate that the decoder refuses is described anew, with clocks that run at the rate which it gets. */
function partsOf(file: BoxReader, moov: Box, track: IsoTrack, duration: number): IsoParts {
  const { aac, channels, timescale } = track
  const hasEdit = readEdit(file, track.trak) !== undefined
  const edits = hasEdit ? makeBox('edts', copied(file, file.find(track.trak, 'edts', 'elst'))) : new Uint8Array(0)
  const common = { edits, tags: gaplessTag(file, moov), duration }
  if (aac !== undefined && aac.rateRatio !== 1) {
    const coded = Math.round(aac.sampleRate / aac.rateRatio)
    return {
      ...common,
      entry: mpeg4Entry(channels, coded, aac.decoded),
      mediaHeader: clockBox('mdhd', timescale / aac.rateRatio),
      movieHeader: clockBox('mvhd', movieTimescale(file, moov) / aac.rateRatio),
    }
  }
  return {
    ...common,
    entry: copied(file, track.entry),
    mediaHeader: copied(file, file.find(track.trak, 'mdia', 'mdhd')),
    movieHeader: copied(file, file.find(moov, 'mvhd')),
  }
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
