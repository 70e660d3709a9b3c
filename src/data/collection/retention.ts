/**
 * How long clips are kept: until they are too old, and, the oldest first, until all of them fit into the limit of
 * bytes. What interrupted writes and deletions left behind is removed too.
 */
import type { ClipStore, StoredClip } from './clip-store.js'

export interface RetentionLimits {
  readonly retentionDays: number
  readonly maxBytes: number
}

export interface Kept {
  readonly clips: number
  readonly bytes: number
  /** Clips that were deleted because of their age, and because of the limit of bytes. */
  readonly deleted: { readonly age: number; readonly size: number }
}

const DAY_MS = 86_400_000
/** Half of a clip that is older was left behind; a newer one may be about to be completed by another process. */
const LEFTOVER_MS = 3_600_000
/** Deleting a little more than needed, so that not every later clip begins a search for the oldest one. */
const FILLED_SHARE = 0.95

export async function applyRetention(
  store: ClipStore, { retentionDays, maxBytes }: RetentionLimits, now: number,
): Promise<Kept> {
  await store.objects.removeLeftovers(now - LEFTOVER_MS)
  let [clips, bytes, age] = [0, 0, 0]
  for await (const clip of store.stored()) {
    const isOld = clip.name.time < now - retentionDays * DAY_MS
    if (isOld || isLeftover(clip, now)) {
      await store.delete(clip.name)
      if (isOld && clip.parts.has('record')) age++
      continue
    }
    bytes += clip.bytes
    clips += clip.parts.size === 2 ? 1 : 0
  }
  if (bytes <= maxBytes) return { clips, bytes, deleted: { age, size: 0 } }
  let size = 0
  for await (const clip of store.stored()) {
    if (bytes <= FILLED_SHARE * maxBytes) break
    await store.delete(clip.name)
    bytes -= clip.bytes
    size += clip.parts.has('record') ? 1 : 0
  }
  return { clips: clips - size, bytes, deleted: { age, size } }
}

function isLeftover({ parts, modified }: StoredClip, now: number): boolean {
  return parts.size < 2 && modified < now - LEFTOVER_MS
}
