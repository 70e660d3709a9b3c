/**
 * Pairs of clips that are the same recording, among all clips of a set, by their fingerprints.
 *
 * As in Haitsma & Kalker (2002, §5), candidates come from an index of the frames: the same 32 bits in two clips, or
 * the same but for the bits that are the least certain, give a candidate of two clips and a shift. A candidate is then
 * compared frame by frame: the bit error rate over the sound that both have. Without the index, 10,000 clips would be
 * 50 million pairs at hundreds of shifts each.
 *
 * The catch: a clip that is mixed with other sound at the same level keeps too few bits, and is not found.
 */
import type { Fingerprint } from './fingerprint.js'
import { WEAK_BITS } from './fingerprint.js'

export interface SamePair {
  /** Indexes of the clips, `first` < `second`. */
  readonly first: number
  readonly second: number
  /** Frames by which the second is later. */
  readonly shift: number
  /** Share of bits that differ: 0 for equal signals, 0.5 for unrelated ones. */
  readonly bitErrorRate: number
  /** Frames with sound in both. */
  readonly frames: number
}

/**
 * Largest bit error rate of a copy, lower for short clips: errors of unrelated frames average to a half over many, but
 * the best of many shifts of a few frames is lower. Chosen on the development clips (docs/verify-data.md), where
 * unrelated clips reach 0.28 over 22 frames among 99,000 pairs, and 0.20 among 49 million.
 */
const MOST_ERRORS = 0.35
const LESS_BY_FRAMES = 0.65
const LIMIT_ERRORS = 0.3
/** Of a clip that would be a part of another one: a word can be anywhere in a sentence, so there are more chances. */
const MOST_ERRORS_OF_PART = 0.15
/** Of the sound of the shorter clip; the rest may be cut off or masked. */
const MIN_OVERLAP = 0.7
/** A quarter of a second of sound. */
const MIN_FRAMES = 16
/** Bits that occur in more frames of the set say nothing, such as those of a steady tone. */
const MOST_OCCURRENCES = 200
const PREFIX_BITS = 16
const SHIFT_OFFSET = 2 ** 20

/** Each pair once, with its best shift. */
export function findSameAudio(prints: readonly Fingerprint[]): SamePair[] {
  const index = buildIndex(prints)
  const activeCounts = prints.map(({ active }) => active.reduce((sum, one) => sum + one, 0))
  const pairs: SamePair[] = []
  for (const [second, print] of prints.entries()) {
    if (activeCounts[second]! < MIN_FRAMES) continue
    const best = new Map<number, SamePair>()
    for (const candidate of candidatesOf(print, second, index)) {
      const first = Math.floor(candidate / (2 * SHIFT_OFFSET))
      const shift = candidate % (2 * SHIFT_OFFSET) - SHIFT_OFFSET
      const { frames, bitErrorRate } = compare(prints[first]!, print, shift)
      const counts = [activeCounts[first]!, activeCounts[second]!]
      if (frames < Math.max(MIN_FRAMES, MIN_OVERLAP * Math.min(...counts))) continue
      if (bitErrorRate > mostErrorsOf(frames, frames >= MIN_OVERLAP * Math.max(...counts))) continue
      if (bitErrorRate >= (best.get(first)?.bitErrorRate ?? 1)) continue
      best.set(first, { first, second, shift, bitErrorRate, frames })
    }
    pairs.push(...best.values())
  }
  return pairs
}

function mostErrorsOf(frames: number, isWhole: boolean): number {
  return Math.min(isWhole ? LIMIT_ERRORS : MOST_ERRORS_OF_PART, MOST_ERRORS - LESS_BY_FRAMES / Math.sqrt(frames))
}

/** Sorted by the 32 bits; `starts` is where each value of the highest 16 bits begins. */
interface Index {
  readonly keys: Uint32Array
  readonly clips: Uint32Array
  readonly frames: Uint32Array
  readonly starts: Uint32Array
}

function buildIndex(prints: readonly Fingerprint[]): Index {
  const entries: { readonly clip: Uint32Array; readonly frame: Uint32Array; readonly order: BigUint64Array } = {
    clip: new Uint32Array(countActive(prints)), frame: new Uint32Array(countActive(prints)),
    order: new BigUint64Array(countActive(prints)),
  }
  let next = 0
  prints.forEach(({ bits, active }, clip) => {
    for (let frame = 0; frame < bits.length; frame++) {
      if (active[frame] !== 1) continue
      entries.clip[next] = clip
      entries.frame[next] = frame
      entries.order[next] = (BigInt(bits[frame]!) << 32n) | BigInt(next)
      next++
    }
  })
  entries.order.sort()
  const keys = Uint32Array.from(entries.order, (entry) => Number(entry >> 32n))
  const order = Uint32Array.from(entries.order, (entry) => Number(entry & 0xffff_ffffn))
  const starts = new Uint32Array(2 ** PREFIX_BITS + 1)
  for (const key of keys) starts[(key >>> PREFIX_BITS) + 1]!++
  for (let prefix = 1; prefix < starts.length; prefix++) starts[prefix]! += starts[prefix - 1]!
  return { keys, starts, clips: order.map((at) => entries.clip[at]!), frames: order.map((at) => entries.frame[at]!) }
}

function countActive(prints: readonly Fingerprint[]): number {
  return prints.reduce((sum, { active }) => sum + active.reduce((count, one) => count + one, 0), 0)
}

/** Earlier clips and shifts that share a frame with this one, each once, packed into one number. */
function candidatesOf({ bits, weakest, active }: Fingerprint, clip: number, index: Index): Set<number> {
  const found = new Set<number>()
  for (let frame = 0; frame < bits.length; frame++) {
    if (active[frame] !== 1) continue
    for (let flips = 0; flips < 2 ** WEAK_BITS; flips++) {
      let key = bits[frame]!
      for (let weak = 0; weak < WEAK_BITS; weak++) {
        if (flips & (1 << weak)) key = (key ^ (1 << weakest[frame * WEAK_BITS + weak]!)) >>> 0
      }
      const [start, end] = rangeOf(key, index)
      if (end - start > MOST_OCCURRENCES) continue
      for (let entry = start; entry < end; entry++) {
        const other = index.clips[entry]!
        if (other >= clip) continue
        found.add(other * 2 * SHIFT_OFFSET + frame - index.frames[entry]! + SHIFT_OFFSET)
      }
    }
  }
  return found
}

function rangeOf(key: number, { keys, starts }: Index): [start: number, end: number] {
  let [low, high] = [starts[key >>> PREFIX_BITS]!, starts[(key >>> PREFIX_BITS) + 1]!]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (keys[middle]! < key) low = middle + 1
    else high = middle
  }
  let end = low
  while (keys[end] === key) end++
  return [low, end]
}

function compare(
  first: Fingerprint, second: Fingerprint, shift: number,
): { readonly frames: number; readonly bitErrorRate: number } {
  let [frames, errors] = [0, 0]
  const end = Math.min(second.bits.length, first.bits.length + shift)
  for (let frame = Math.max(0, shift); frame < end; frame++) {
    if (second.active[frame] !== 1 || first.active[frame - shift] !== 1) continue
    frames++
    errors += countOnes(second.bits[frame]! ^ first.bits[frame - shift]!)
  }
  return { frames, bitErrorRate: frames === 0 ? 1 : errors / (32 * frames) }
}

/** Bits that are set, of 32 (Warren, "Hacker's Delight", §5-1). */
function countOnes(value: number): number {
  let ones = value - ((value >>> 1) & 0x5555_5555)
  ones = (ones & 0x3333_3333) + ((ones >>> 2) & 0x3333_3333)
  return Math.imul((ones + (ones >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24
}
