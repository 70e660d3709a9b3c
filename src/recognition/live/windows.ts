/** Windows of speech detection in a stream of any rate: window k has the samples of [k, k + 1) · 32 ms. */
import { DETECTION_WINDOW_SECONDS, type DetectionRequest, type DetectorState } from '../../domain/stream-detection.js'
import type { HeaderlessFormat } from '../../domain/audio.js'
import type { StreamBuffer } from './stream-buffer.js'

/** Around the windows of a request, for the filter that changes the rate: it reaches 7 ms to both sides at 8 kHz. */
const FILTER_SECONDS = 0.01
const DETECTOR_RATE = 16_000

export class DetectionWindows {
  readonly #buffer: StreamBuffer
  readonly #format: HeaderlessFormat
  readonly #margin: number
  #next = 0

  constructor(buffer: StreamBuffer, format: HeaderlessFormat) {
    this.#buffer = buffer
    this.#format = format
    this.#margin = format.sampleRate === DETECTOR_RATE ? 0 : Math.ceil(FILTER_SECONDS * format.sampleRate)
  }

  /** Start of the next window, seconds. */
  get seconds(): number { return this.#next * DETECTION_WINDOW_SECONDS }

  /** Windows that are complete before this sample, with what the filter needs after them. */
  available(endSample: number): number {
    const seconds = (endSample - this.#margin) / this.#buffer.sampleRate
    return Math.max(0, Math.floor(seconds / DETECTION_WINDOW_SECONDS + 1e-9) - this.#next)
  }

  /** Windows that begin before this sample, complete or not. */
  begun(endSample: number): number {
    return Math.max(0, Math.ceil(endSample / this.#buffer.sampleRate / DETECTION_WINDOW_SECONDS - 1e-9) - this.#next)
  }

  /** The next windows; samples from `endSample` on are not part of them. */
  take(windows: number, state: DetectorState | undefined, endSample: number): DetectionRequest {
    const [first, end] = [this.#sampleAt(this.#next), this.#sampleAt(this.#next + windows)]
    this.#next += windows
    const from = Math.max(this.#buffer.firstSample, first - this.#margin)
    const audio = this.#buffer.read(from, Math.min(end + this.#margin, endSample))
    return { audio, format: this.#format, samplesBefore: first - from, windows, state }
  }

  #sampleAt(window: number): number {
    return Math.round(window * DETECTION_WINDOW_SECONDS * this.#buffer.sampleRate)
  }
}
