/**
 * The length of an MP4 track: the sum of its frames that are there, by what each decodes to. Declared durations are not
 * used: those of recorders do not add up, the clock of a fragmented recording starts when its page was opened and
 * leaves gaps, and tables may have more rows than the file has frames.
 */
import { amrSamples } from './amr.js'
import type { Box, BoxReader } from './boxes.js'
import { frameSamples as flacFrameSamples } from './flac.js'
import { runsOf, type Sample } from './iso-samples.js'
import type { IsoTrack } from './iso-track.js'
import { readMp3Frame } from './mpeg-frames.js'
import { OPUS_RATE_HZ, opusPacketSamples } from './opus.js'
import { checkPacket } from './packets.js'
import { bytesPerFrame } from './pcm.js'
import { unreadable } from '../probe.js'

/** Limit of a probe; with frames of 20 ms it is more than an hour. */
const MAX_PROBED_FRAMES = 200_000
/** No codec has shorter ones, so a file with a frame never has a length of 0. */
const SHORTEST_FRAME_SECONDS = 0.0025

export const OVERLAP = 'the frames of the track overlap: they are longer than the file'

export interface IsoLength {
  /** Estimated from the size of the frames where there are more than MAX_PROBED_FRAMES. */
  readonly seconds: number
  readonly isComplete: boolean
  /** Tables or fragments have frames that lie after the end of the file. */
  readonly isTruncated: boolean
}

/** Throws AUDIO_UNREADABLE for frames that overlap, or are longer than those of their codec can be. */
export function measureTrack(file: BoxReader, moov: Box, track: IsoTrack): IsoLength {
  const fileBytes = file.bytes.byteLength
  let [seconds, frames, end, total, isTruncated] = [0, 0, 0, 0, false]
  for (const run of runsOf(file, moov, track)) {
    for (const sample of run.samples()) {
      if (frames++ >= MAX_PROBED_FRAMES) {
        return { seconds: seconds * (end === 0 ? 1 : fileBytes / end), isComplete: false, isTruncated }
      }
      const isCut = sample.offset + sample.bytes > fileBytes
      isTruncated ||= isCut
      if (isCut && track.pcm === undefined) break // as are all later frames of this run
      if (track.pcm === undefined) checkPacket(track.codec, sample.bytes)
      total += isCut ? 0 : sample.bytes
      if (total > fileBytes) throw unreadable(OVERLAP)
      seconds += secondsOf(file.bytes, track, sample)
      end = Math.max(end, Math.min(fileBytes, sample.offset + sample.bytes))
    }
  }
  return { seconds, isComplete: true, isTruncated }
}

function secondsOf(bytes: Uint8Array, track: IsoTrack, { offset, bytes: size }: Sample): number {
  const end = Math.min(bytes.byteLength, offset + size)
  if (end <= offset) return 0
  const { codec, sampleRate, frameSamples, pcm, channels } = track
  if (pcm !== undefined) return Math.floor((end - offset) / bytesPerFrame(pcm)) / pcm.sampleRate
  if (frameSamples > 0) return frameSamples / sampleRate
  if (codec === 'opus') return opusPacketSamples(bytes, offset, end) / OPUS_RATE_HZ
  if (codec === 'amr_nb' || codec === 'amr_wb') return amrSamples(bytes, offset, end, codec === 'amr_wb') / sampleRate
  if (codec === 'flac') return flacFrameSamples(bytes, offset) / channels / sampleRate
  const frame = readMp3Frame(bytes, offset)
  return frame === undefined ? SHORTEST_FRAME_SECONDS : frame.samples / frame.sampleRate
}
