/**
 * How long somebody talks on a channel while another one is heard.
 *
 * A voice is also in the microphones of others, and a channel may have all others mixed into it. Such a copy is weaker
 * by about the same at all times; what is much louder than that is somebody else.
 */
import { FRAME_SECONDS } from './envelopes.js'
import { clarityDb, type SpokenChannel, type Turn } from './selection.js'

/** Speech of a second talker is this far above its noise, above the copy of the first, and below its loudest, dB. */
const ABOVE_NOISE_DB = 10
const ABOVE_COPY_DB = 8
const BELOW_LOUD_DB = 15
/** A copy may be this much earlier or later, in a loop-back or through the air, and its filter smears it. */
const DELAY_FRAMES = 2
/** Share of the frames of a turn in which nobody else talks, even where two talk at once. */
const ALONE_SHARE = 0.2
/** Shorter stretches are echoes of the voice that is heard; the gaps between syllables are part of a stretch. */
const LEAST_SECONDS = 0.3
const GAP_SECONDS = 0.12

export function unusedSpeechSeconds(turns: readonly Turn[], spoken: readonly SpokenChannel[]): number {
  const frames = spoken[0]?.speech.length ?? 0
  const unused = new Uint8Array(frames)
  for (const other of spoken) {
    const copies = copyLevels(turns, other)
    for (const { start, end, spoken: heard } of turns) {
      if (heard.channel === other.channel) continue
      const copyDb = copies.get(heard.channel)!
      markLongRuns(unused, start, end, (frame) => isSomebodyElse(other, heard, copyDb, frame))
    }
  }
  return unused.reduce((sum, frame) => sum + frame, 0) * FRAME_SECONDS
}

/** Level of each heard channel's voice in another channel, relative to its own, dB. */
function copyLevels(turns: readonly Turn[], { channel, envelope }: SpokenChannel): Map<number, number> {
  const differences = new Map<number, number[]>()
  for (const { start, end, spoken: heard } of turns) {
    if (heard.channel === channel) continue
    const own = differences.get(heard.channel) ?? []
    differences.set(heard.channel, own)
    for (let frame = start; frame < end; frame++) {
      if (heard.speech[frame] === 1) own.push(envelope.levelDb[frame]! - heard.envelope.levelDb[frame]!)
    }
  }
  return new Map([...differences].map(([heard, values]) =>
    [heard, values.sort((a, b) => a - b)[Math.floor(ALONE_SHARE * values.length)] ?? -Infinity]))
}

function isSomebodyElse(
  { speech, envelope }: SpokenChannel, heard: SpokenChannel, copyDb: number, frame: number,
): boolean {
  const level = envelope.levelDb[frame]!
  return speech[frame] === 1
    && clarityDb(envelope, frame) > ABOVE_NOISE_DB
    && level > envelope.loudDb - BELOW_LOUD_DB
    && level > highestNear(heard.envelope.levelDb, frame) + copyDb + ABOVE_COPY_DB
}

function highestNear(levelDb: Float32Array, frame: number): number {
  const near = levelDb.subarray(Math.max(0, frame - DELAY_FRAMES), frame + DELAY_FRAMES + 1)
  return near.reduce((highest, level) => Math.max(highest, level), -Infinity)
}

function markLongRuns(marks: Uint8Array, start: number, end: number, holds: (frame: number) => boolean): void {
  const least = Math.round(LEAST_SECONDS / FRAME_SECONDS)
  const gap = Math.round(GAP_SECONDS / FRAME_SECONDS)
  let [first, after] = [start, start]
  for (let frame = start; frame <= end; frame++) {
    const isPart = frame < end && holds(frame)
    if (isPart && after === first) first = frame
    if (isPart) after = frame + 1
    else if (frame === end || frame - after === gap + 1) {
      if (after - first >= least) marks.fill(1, first, after)
      first = after
    }
  }
}
