/**
 * Which channel is heard at each moment: a gated automatic microphone mixer with one open microphone (Dugan 1975,
 * "Automatic Microphone Mixing", JAES 23 (6), compares each input with its own background in the same way), decided
 * over the whole recording instead of with attack and hold times.
 *
 * The score of a channel in a frame is how far its speech is above its own noise floor. The path of the highest total
 * score, less a price for each switch, is found by dynamic programming (Viterbi 1967). So a talker keeps the channel
 * through the pauses between words and while somebody else says a syllable, and the one who is nearest to a microphone
 * is heard in it, however differently the microphones are set.
 */
import { FRAME_SECONDS, type Envelope } from './envelopes.js'

/** A channel with speech. */
export interface SpokenChannel {
  /** Counted from 0. */
  readonly channel: number
  readonly envelope: Envelope
  /** 1 where the channel has speech, whoever talks. Shape [frames]. */
  readonly speech: Uint8Array
}

/** Frames from `start` to `end` in which one channel is heard. */
export interface Turn { readonly start: number; readonly end: number; readonly spoken: SpokenChannel }

/** A channel that is this much clearer than another is not preferred even more, dB. */
const CLEAR_DB = 40
/**
 * Of two channels that are equally clear, a talker is nearer to the one that is as loud as its own talker usually is,
 * and then to the louder one: weights of the level below both.
 */
const WEIGHTS = { belowOwn: 0.5, belowLoudest: 0.25 }
/** Price of a switch, dB · frames: another channel must be 20 dB clearer for a tenth of a second. */
const SWITCH_PRICE = 100
/** A channel that is heard with less speech than this is noise or crosstalk, s. */
const LEAST_SPEECH_SECONDS = 0.2

/** Consecutive turns that cover all frames; empty without a channel. */
export function selectTurns(spoken: readonly SpokenChannel[], frames: number): Turn[] {
  if (spoken.length === 0) return []
  const turns = settled(turnsOf(bestPath(spoken, frames), spoken))
  const lasting = spoken.filter((own) => speechFrames(turns, own) * FRAME_SECONDS >= LEAST_SPEECH_SECONDS)
  return lasting.length === 0 || lasting.length === spoken.length ? turns : selectTurns(lasting, frames)
}

/** Level of the speech of a channel while it is heard: the mean of its powers, dB. */
export function heardLevelDb(
  turns: readonly Turn[], { channel, speech, envelope: { levelDb } }: SpokenChannel,
): number {
  let [power, frames] = [0, 0]
  for (const { start, end, spoken } of turns) {
    if (spoken.channel !== channel) continue
    for (let frame = start; frame < end; frame++) {
      if (speech[frame] !== 1) continue
      power += 10 ** (levelDb[frame]! / 10)
      frames++
    }
  }
  return 10 * Math.log10(power / frames)
}

export function clarityDb({ levelDb, floorDb }: Envelope, frame: number): number {
  return Math.max(0, levelDb[frame]! - floorDb)
}

function speechFrames(turns: readonly Turn[], { channel, speech }: SpokenChannel): number {
  return turns.reduce((sum, { start, end, spoken }) => spoken.channel !== channel
    ? sum
    : sum + speech.subarray(start, end).reduce((count, value) => count + value, 0), 0)
}

function scoreOf({ envelope, speech }: SpokenChannel, loudestDb: number, frame: number): number {
  if (speech[frame] !== 1) return 0
  const clarity = Math.min(CLEAR_DB, clarityDb(envelope, frame))
  const level = envelope.levelDb[frame]!
  const belowDb = WEIGHTS.belowOwn * (envelope.loudDb - level) + WEIGHTS.belowLoudest * (loudestDb - level)
  return clarity * Math.max(0, 1 - belowDb / CLEAR_DB)
}

/** Index of the channel heard in each frame. Takes frames · channels steps, and as many bytes. */
function bestPath(spoken: readonly SpokenChannel[], frames: number): Uint8Array {
  const cameFrom = new Uint8Array(frames * spoken.length)
  const loudestDb = spoken.reduce((loudest, { envelope: { loudDb } }) => Math.max(loudest, loudDb), -Infinity)
  let totals = new Float64Array(spoken.length)
  for (let frame = 0; frame < frames; frame++) {
    const best = indexOfHighest(totals)
    const next = new Float64Array(spoken.length)
    for (let own = 0; own < spoken.length; own++) {
      const stays = totals[own]! >= totals[best]! - SWITCH_PRICE
      cameFrom[frame * spoken.length + own] = stays ? own : best
      next[own] = (stays ? totals[own]! : totals[best]! - SWITCH_PRICE) + scoreOf(spoken[own]!, loudestDb, frame)
    }
    totals = next
  }
  const path = new Uint8Array(frames)
  for (let frame = frames - 1, own = indexOfHighest(totals); frame >= 0; frame--) {
    path[frame] = own
    own = cameFrom[frame * spoken.length + own]!
  }
  return path
}

function indexOfHighest(values: Float64Array): number {
  return values.reduce((best, value, index) => value > values[best]! ? index : best, 0)
}

function turnsOf(path: Uint8Array, spoken: readonly SpokenChannel[]): Turn[] {
  const turns: Turn[] = []
  for (let start = 0; start < path.length;) {
    const own = path[start]!
    let end = start
    while (end < path.length && path[end] === own) end++
    turns.push({ start, end, spoken: spoken[own]! })
    start = end
  }
  return turns
}

/** Switches are moved to the middle of the pause around them, away from the words on both sides. */
function settled(turns: readonly Turn[]): Turn[] {
  const ends = turns.map((turn, index) => {
    const next = turns[index + 1]
    if (next === undefined) return turn.end
    let before = turn.end
    while (before > turn.start && turn.spoken.speech[before - 1] !== 1) before--
    let after = turn.end
    while (after < next.end && next.spoken.speech[after] !== 1) after++
    return Math.floor((before + after) / 2)
  })
  return turns.map((turn, index) => ({ ...turn, start: index === 0 ? 0 : ends[index - 1]!, end: ends[index]! }))
}
