/**
 * The bytes of a stream that may still be needed, addressed by their position in the stream. Samples are mono, without
 * a container. What lies before a given position is let go, so the memory of hours of silence is that of a second.
 */
import type { HeaderlessFormat } from '../../domain/audio.js'
import type { UtteranceAudio } from './ports.js'
import { bytesPerFrame } from '../../audio/containers/pcm.js'

const SMALLEST_BYTES = 16 * 1024

export class StreamBuffer {
  readonly sampleRate: number
  readonly #format: HeaderlessFormat
  readonly #sampleBytes: number
  #bytes = new Uint8Array(SMALLEST_BYTES)
  /** Position of the first byte that is held, in bytes of the stream: always at the start of a sample. */
  #first = 0
  #length = 0

  constructor(format: HeaderlessFormat) {
    this.sampleRate = format.sampleRate
    this.#format = format
    this.#sampleBytes = bytesPerFrame(format)
  }

  /** Whole samples that have arrived since the stream began. */
  get samples(): number { return Math.floor((this.#first + this.#length) / this.#sampleBytes) }
  get seconds(): number { return this.samples / this.sampleRate }
  get firstSample(): number { return this.#first / this.#sampleBytes }
  /** Bytes that are held. */
  get bytesHeld(): number { return this.#length }

  /** A sample may be divided between two pieces. */
  append(piece: Uint8Array): void {
    const needed = this.#length + piece.byteLength
    if (needed > this.#bytes.byteLength) this.#resize(2 ** Math.ceil(Math.log2(needed)))
    this.#bytes.set(piece, this.#length)
    this.#length = needed
  }

  /** A copy of the samples of [from, end); positions that are not held are left out. */
  read(from: number, end: number): Uint8Array {
    const [start, stop] = [from, end].map((sample) => Math.max(0, sample * this.#sampleBytes - this.#first))
    return this.#bytes.slice(start, Math.min(stop!, this.#length))
  }

  /** A copy of a stretch of the stream. */
  stretch(fromSeconds: number, endSeconds: number): UtteranceAudio {
    const [from, end] = [fromSeconds, endSeconds].map((seconds) => Math.round(seconds * this.sampleRate))
    return { audio: this.read(from!, end!), format: this.#format, seconds: endSeconds - fromSeconds }
  }

  /** Nothing before this sample is needed any more. */
  release(before: number): void {
    const bytes = Math.min(Math.max(0, before * this.#sampleBytes - this.#first), this.#length)
    // Moving what is left costs as much as it is long: not for every window.
    if (bytes < SMALLEST_BYTES && bytes < this.#length) return
    this.#bytes.copyWithin(0, bytes, this.#length)
    this.#first += bytes
    this.#length -= bytes
    const enough = Math.max(SMALLEST_BYTES, 2 ** Math.ceil(Math.log2(2 * this.#length + 1)))
    if (enough < this.#bytes.byteLength) this.#resize(enough)
  }

  #resize(bytes: number): void {
    const resized = new Uint8Array(bytes)
    resized.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = resized
  }
}
