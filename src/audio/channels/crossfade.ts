/** Consecutive stretches of different channels → one signal without clicks: each fades into the next one. */
import { channelOf, finite, framesIn, type Block } from '../signal/downmix.js'
import type { YieldIfDue } from '../event-loop.js'

/** Samples from `start` to `end` of one channel, amplified. */
export interface Stretch {
  readonly channel: number
  readonly gain: number
  readonly start: number
  readonly end: number
}

interface Whole { readonly sampleRate: number; readonly length: number; readonly yieldIfDue: YieldIfDue }

/** Length of a fade: raised cosines that add up to 1, around the border of two stretches. */
const FADE_SECONDS = 0.02

/**
 * `parts` cover the whole length in the order of time. Scaled down where the amplified samples exceed full scale.
 * Rejects with what `yieldIfDue` does.
 */
export async function fadeBetween(
  blocks: readonly Block[], parts: readonly Stretch[], { sampleRate, length, yieldIfDue }: Whole,
): Promise<Float32Array> {
  const half = Math.round((FADE_SECONDS * sampleRate) / 2)
  const mixed = new Float32Array(length)
  let offset = 0
  for (const block of blocks) {
    const end = offset + framesIn(block)
    for (const part of overlapping(parts, offset - half, end + half)) {
      addFaded(mixed, channelOf(block, part.channel), offset, part, half)
      await yieldIfDue()
    }
    offset = end
  }
  return withinFullScale(mixed)
}

/** By bisection, since a stream has thousands of blocks. */
function overlapping(parts: readonly Stretch[], start: number, end: number): readonly Stretch[] {
  let [low, high] = [0, parts.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (parts[middle]!.end <= start) low = middle + 1
    else high = middle
  }
  let last = low
  while (last < parts.length && parts[last]!.start < end) last++
  return parts.slice(low, last)
}

/** The samples of a block that begins at `offset`; the outer ends of the recording do not fade. */
function addFaded(mixed: Float32Array, source: Float32Array, offset: number, part: Stretch, half: number): void {
  const fadesIn = part.start > 0
  const fadesOut = part.end < mixed.length
  const first = Math.max(offset, fadesIn ? part.start - half : 0)
  const end = Math.min(offset + source.length, fadesOut ? part.end + half : mixed.length)
  for (let n = first; n < end; n++) {
    const entering = fadesIn ? risen(n - part.start, half) : 1
    const leaving = fadesOut ? risen(n - part.end, half) : 0
    mixed[n]! += part.gain * (entering - leaving) * finite(source[n - offset]!)
  }
}

/** From 0 to 1 around a border. */
function risen(distance: number, half: number): number {
  if (distance >= half) return 1
  return distance <= -half ? 0 : 0.5 + 0.5 * Math.sin((Math.PI * distance) / (2 * half))
}

function withinFullScale(samples: Float32Array): Float32Array {
  const peak = samples.reduce((highest, sample) => Math.max(highest, Math.abs(sample)), 0)
  return peak <= 1 ? samples : samples.map((sample) => sample / peak)
}
