/**
 * How much memory uploads may use, and how it is shared.
 *
 * - A client gets a fair share (`serving/shared-capacity.ts`). Its only upload may use whatever is free, up to the
 *   limit of one upload.
 * - A part is reserved for small bodies, so that short clips are accepted while large uploads hold all the rest.
 * - A declared length is checked before the body is read, where a refusal is cheap, but it reserves nothing: a body
 *   that never arrives must not block others. The bytes that have arrived reserve as much again, up to the declared
 *   length. So a body may be refused in its first half, while little was sent in vain, and not later.
 */
import { SharedCapacity } from '../../shared-capacity.js'

/** Bodies that may use the reserve: five seconds of stereo at 48 kHz, uncompressed, or 30 s of mono at 16 kHz. */
export const SMALL_BYTES = 1_048_576
/** Part of the memory that is reserved for small bodies, as far as the largest upload still fits beside it. */
const RESERVED_PART = 1 / 8

export interface MemoryLimits {
  /** The largest upload. */
  readonly maxUploadBytes: number
  /** Sum of all uploads that are held at a time. */
  readonly maxUploadsBytes: number
  /** Part that is reserved for small bodies; an eighth by default. */
  readonly reservedPart?: number
}

export class UploadMemory {
  readonly #general: SharedCapacity
  readonly #reserve: SharedCapacity
  #bytesHeld = 0

  constructor({ maxUploadBytes, maxUploadsBytes, reservedPart = RESERVED_PART }: MemoryLimits) {
    const reserve = Math.max(0, Math.min(Math.floor(maxUploadsBytes * reservedPart), maxUploadsBytes - maxUploadBytes))
    this.#general = new SharedCapacity(maxUploadsBytes - reserve)
    this.#reserve = new SharedCapacity(reserve)
  }

  /** Bytes that have arrived and are still held. */
  get bytesHeld(): number { return this.#bytesHeld }

  /** Bytes that are reserved, also for the parts of bodies that have not arrived yet. */
  get bytesReserved(): number { return this.#general.held + this.#reserve.held }

  /** Whether a body of this length could be accepted now. */
  fits(client: string, declaredBytes: number): boolean {
    const bytes = Math.max(1, declaredBytes)
    return this.#poolFor(client, bytes, bytes) !== undefined
  }

  /** A reservation for one body; it reserves nothing yet. */
  reserve(client: string, declaredBytes: number): Reservation {
    let pool: SharedCapacity | undefined
    let reserved = 0
    let bytes = 0
    let released = false
    return {
      grow: (more) => {
        if (released) return false
        bytes += more
        this.#bytesHeld += more
        const wanted = Math.max(bytes, Math.min(declaredBytes, 2 * bytes))
        if (wanted <= reserved) return true
        pool?.release(client, reserved)
        const found = this.#poolFor(client, wanted, Math.max(wanted, declaredBytes))
        if (found === undefined) {
          pool?.acquire(client, reserved)
          return false
        }
        found.acquire(client, wanted)
        pool = found
        reserved = wanted
        return true
      },
      release: () => {
        if (released) return
        released = true
        this.#bytesHeld -= bytes
        pool?.release(client, reserved)
      },
    }
  }

  /** `expectedBytes`: length of the whole body, as far as it is known. */
  #poolFor(client: string, bytes: number, expectedBytes: number): SharedCapacity | undefined {
    const pools = expectedBytes <= SMALL_BYTES ? [this.#general, this.#reserve] : [this.#general]
    return pools.find((pool) => pool.fits(client, bytes))
  }
}

/** The memory of one body. */
export interface Reservation {
  /** Counts bytes that have arrived. False: there is no memory for them, and the body has to be refused. */
  grow(bytes: number): boolean
  /** Releases everything; may be called more than once. */
  release(): void
}
