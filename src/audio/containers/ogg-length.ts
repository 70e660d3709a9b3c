/**
 * The length of an Ogg stream: the sum of what its pages contain. The position of a page (granule position, RFC 3533)
 * is that of its last sample in the stream. A listener may have joined late, there may be gaps, and each link of a
 * chain starts again. So only the step from page to page counts, and it must fit what the packets on the page can have.
 */
import { textAt, u8 } from './bytes.js'
import { frameSamples } from './flac.js'
import { opusPacketSamples } from './opus.js'

/** The part of a page that is measured; `bodyAt` follows the table of `segments`, `end` may be after the file. */
export interface MeasuredPage {
  readonly start: number
  readonly granule: number
  readonly bodyAt: number
  readonly end: number
}

export interface MeasuredStream {
  readonly codec: 'opus' | 'vorbis' | 'flac'
  readonly channels: number
  readonly preSkip: number
  /** Most samples of one channel in a packet. */
  readonly longestPacket: number
}

const TABLE_AT = 27
const CONTINUED = 1

/** Adds up the pages of one link. */
export class OggLength {
  /** Of one channel, without those to discard at the start. */
  get samples(): number { return Math.max(0, this.#sum - this.#stream.preSkip) }

  /** Number of packets that were measured. */
  packets = 0

  readonly #bytes: Uint8Array
  readonly #stream: MeasuredStream
  #sum = 0
  #position = 0
  /** Samples of packets that have begun and are not counted yet. */
  #pending = 0

  constructor(bytes: Uint8Array, stream: MeasuredStream) {
    this.#bytes = bytes
    this.#stream = stream
  }

  /** `hasPosition`: a packet ends on the page, so that its position is one. */
  add(page: MeasuredPage, hasPosition: boolean): void {
    if (page.end > this.#bytes.byteLength) return
    this.#pending += this.#samplesOf(page)
    if (!hasPosition) return
    const step = page.granule - this.#position
    const counted = step >= 0 && step <= this.#pending ? step : this.#pending
    this.#sum += counted
    // A packet that continues on the next page was counted here, and ends there.
    this.#pending = Math.min(this.#pending - counted, this.#stream.longestPacket)
    this.#position = page.granule
  }

  #samplesOf({ start, bodyAt }: MeasuredPage): number {
    let samples = 0
    let isInside = (u8(this.#bytes, start + 5) & CONTINUED) !== 0
    for (let i = start + TABLE_AT, at = bodyAt; i < bodyAt; i++) {
      const lacing = u8(this.#bytes, i)
      if (!isInside && !this.#isHeader(at)) {
        samples += this.#samplesOfPacket(at, at + lacing)
        this.packets++
      }
      isInside = lacing === 255
      at += lacing
    }
    return samples
  }

  /** Of one channel. A packet of FLAC is one frame (RFC 9639, 10.1). */
  #samplesOfPacket(start: number, end: number): number {
    const { codec, channels, longestPacket } = this.#stream
    if (codec === 'flac') return frameSamples(this.#bytes, start) / channels
    return codec === 'opus' ? opusPacketSamples(this.#bytes, start, end) : longestPacket
  }

  #isHeader(at: number): boolean {
    if (this.#stream.codec === 'vorbis') return (u8(this.#bytes, at) & 1) !== 0
    return textAt(this.#bytes, at, 'OpusHead') || textAt(this.#bytes, at, 'OpusTags')
  }
}
