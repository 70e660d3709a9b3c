/**
 * The newest uploads, so that one which its user corrects can still be stored: held in memory, the newest up to a limit
 * of bytes and for a limited time. Whether a clip is held depends on its size and age alone, not on what was drawn for
 * it, so that being held is a fact of the clip.
 */
import type { CollectedClip, CollectionReason } from './collected-clip.js'

/** What its record is made of: no audio, so that a write of the record alone does not hold one. */
export interface RecordSource {
  readonly audioBytes: number
  readonly mediaType: string
  /** Without what depends on a draw or on a correction. */
  readonly clip: Omit<CollectedClip, 'audio' | 'reasons' | 'samplingProbability' | 'correction'>
  /** Bytes that the report takes in memory, about. */
  readonly reportBytes: number
  /** Policies that apply to it, and those of them that were drawn. */
  applying: readonly CollectionReason[]
  drawn: readonly CollectionReason[]
  /** Reasons for which it was counted as stored. */
  counted: readonly CollectionReason[]
  correction: string | null
  /** A write waits that makes the record from what is known by then. */
  isWaiting: boolean
  /** SHA-256 of the audio, hexadecimal, once it is known. */
  sha256: string | undefined
}

/** A clip that may be stored, and what happened to it. */
export interface RecentClip {
  readonly audio: Uint8Array
  /** Bytes that it takes in memory, about. */
  readonly bytes: number
  readonly source: RecordSource
  /** Its audio is stored, or waits to be. */
  isTaken: boolean
}

/** A correction rarely comes later, and a deployment with several processes may send it to another one. */
const HELD_SECONDS = 600

export class RecentClips {
  readonly #maxBytes: number
  readonly #now: () => number
  /** By the id of the request, the oldest first. */
  readonly #clips = new Map<string, { readonly recent: RecentClip; readonly since: number }>()
  #bytes = 0

  /** `now`: milliseconds, as Date.now. */
  constructor(maxBytes: number, now: () => number) {
    this.#maxBytes = maxBytes
    this.#now = now
  }

  get bytes(): number { return this.#bytes }

  add(recent: RecentClip): void {
    const { id } = recent.source.clip
    this.delete(id)
    this.#clips.set(id, { recent, since: this.#now() })
    this.#bytes += recent.bytes
    this.#letGo()
  }

  get(id: string): RecentClip | undefined {
    this.#letGo()
    return this.#clips.get(id)?.recent
  }

  /** Returns whether it was there. */
  delete(id: string): boolean {
    const found = this.#clips.get(id)
    if (found === undefined) return false
    this.#clips.delete(id)
    this.#bytes -= found.recent.bytes
    return true
  }

  deleteSession(session: string): void {
    for (const [id, { recent: { source } }] of this.#clips) if (source.clip.session === session) this.delete(id)
  }

  #letGo(): void {
    const oldest = this.#now() - 1_000 * HELD_SECONDS
    for (const [id, { since }] of this.#clips) {
      if (this.#bytes <= this.#maxBytes && since > oldest) return
      this.delete(id)
    }
  }
}
