/**
 * How much memory uploads may take, and who gets it.
 *
 * - A client gets a fair share (`serving/shared-capacity.ts`). Its only upload may take whatever is free, up to the limit of one.
 * - A part is reserved for small bodies, so that short clips come in while large ones hold all the rest.
 * - A declared length is tested at the door, where a refusal costs nobody anything, but it reserves nothing: a body
 *   that never comes must not block others. What came reserves as much again, up to the declared length. So a body
 *   may be refused in its first half, while little was sent in vain, and not later.
 */
import { SharedCapacity } from '../../shared-capacity.js'

/** What may use the reserve: five seconds of stereo at 48 kHz, uncompressed, or half a minute of mono at 16 kHz. */
export const SMALL_BYTES = 1_048_576
/** Part of the whole that is reserved, as far as the largest upload still fits beside it. */
const RESERVED_PART = 1 / 8

export interface MemoryLimits {
  /** The largest upload. */
  readonly maxUploadBytes: number
  /** All that are held at a time. */
  readonly maxUploadsBytes: number
  /** Of the whole, for small bodies; an eighth by default. */
  readonly reservedPart?: number
}

export class UploadMemory {
  readonly #open: SharedCapacity
  readonly #reserve: SharedCapacity
  #bytesHeld = 0

  constructor({ maxUploadBytes, maxUploadsBytes, reservedPart = RESERVED_PART }: MemoryLimits) {
    const reserve = Math.max(0, Math.min(Math.floor(maxUploadsBytes * reservedPart), maxUploadsBytes - maxUploadBytes))
    this.#open = new SharedCapacity(maxUploadsBytes - reserve)
    this.#reserve = new SharedCapacity(reserve)
  }

  /** Bytes that came and are still held. */
  get bytesHeld(): number { return this.#bytesHeld }

  /** Bytes that are reserved for those and for what is still to come of their bodies. */
  get bytesReserved(): number { return this.#open.held + this.#reserve.held }

  /** Whether a body of this length could come in now. */
  fits(client: string, declaredBytes: number): boolean {
    const bytes = Math.max(1, declaredBytes)
    return this.#roomFor(client, bytes, bytes) !== undefined
  }

  /** Room for one body; it holds nothing yet. */
  hold(client: string, declaredBytes: number): Holding {
    let room: SharedCapacity | undefined
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
        room?.give(client, reserved)
        const found = this.#roomFor(client, wanted, Math.max(wanted, declaredBytes))
        if (found === undefined) {
          room?.take(client, reserved)
          return false
        }
        found.take(client, wanted)
        room = found
        reserved = wanted
        return true
      },
      release: () => {
        if (released) return
        released = true
        this.#bytesHeld -= bytes
        room?.give(client, reserved)
      },
    }
  }

  /** `expectedBytes`: what the whole body has, as far as it is known. */
  #roomFor(client: string, bytes: number, expectedBytes: number): SharedCapacity | undefined {
    const rooms = expectedBytes <= SMALL_BYTES ? [this.#open, this.#reserve] : [this.#open]
    return rooms.find((room) => room.fits(client, bytes))
  }
}

/** What one body holds. */
export interface Holding {
  /** Counts bytes that came. False: they have no room, and the body has to be given up. */
  grow(bytes: number): boolean
  /** Gives everything back; more than once does no harm. */
  release(): void
}
