/** Reads a binary file from front to back; every length is compared with the bytes that are left. */
import { SpeechError } from '../../domain/errors.js'

export class ByteReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #format: string
  #offset = 0

  /** `format` is named in errors. */
  constructor(bytes: Uint8Array, format: string) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#format = format
  }

  get remaining(): number { return this.#bytes.byteLength - this.#offset }

  uint32(what: string): number {
    this.need(4, what)
    this.#offset += 4
    return this.#view.getUint32(this.#offset - 4, true)
  }

  /** A number of things, int32, at least 1. */
  count(what: string): number {
    this.need(4, `the number of ${what}`)
    const count = this.#view.getInt32(this.#offset, true)
    if (count < 1) throw this.fault(`the number of ${what} is ${count}`)
    this.#offset += 4
    return count
  }

  /** A view of the next bytes. */
  take(length: number, what: string): Uint8Array {
    this.skip(length, what)
    return this.#bytes.subarray(this.#offset - length, this.#offset)
  }

  skip(length: number, what: string): void {
    this.need(length, what)
    this.#offset += length
  }

  /** Throws MODEL_INVALID when fewer bytes are left. */
  need(length: number, what: string): void {
    if (length > this.remaining) {
      throw this.fault(`${what} would take ${length} bytes, and ${this.remaining} are left`)
    }
  }

  /** MODEL_INVALID, with the place. */
  fault(problem: string): SpeechError {
    return new SpeechError('MODEL_INVALID', `the ${this.#format} file is broken at byte ${this.#offset}: ${problem}`)
  }
}
