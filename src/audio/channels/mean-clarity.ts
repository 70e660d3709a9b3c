/**
 * Whether the mean of all channels keeps every talker: as clear above the noise as in the channel where the talker is
 * clearest, not much quieter than there, and not much quieter than the loudest talker.
 */
import type { Envelope } from './envelopes.js'
import type { SpokenChannel, Turn } from './selection.js'

/** Loss of signal-to-noise ratio against the best channel. Two channels with the same noise, one talker: 3 dB. */
const MOST_LOSS_DB = 4
/** Above this ratio noise costs no words. */
const CLEAN_DB = 25
/** Below the best channel; one of three channels has 9.5 dB less in the mean. */
const MOST_QUIETER_DB = 10
/** Between talkers: quieter ones are near to what counts as background talk. */
const MOST_APART_DB = 8
/** A lower ratio is no speech, dB. */
const LOWEST_DB = -20

interface Heard { readonly losses: number[]; readonly quieter: number[]; power: number; frames: number }

export function isMeanClear(
  mean: Envelope, envelopes: readonly Envelope[], spoken: readonly SpokenChannel[], turns: readonly Turn[],
): boolean {
  const talkers = [...heardInMean(mean, envelopes, spoken, turns).values()].filter(({ frames }) => frames > 0)
  const levels = talkers.map(({ power, frames }) => 10 * Math.log10(power / frames))
  return talkers.every(({ losses, quieter }) =>
    medianOf(losses) <= MOST_LOSS_DB && medianOf(quieter) <= MOST_QUIETER_DB)
    && Math.max(...levels) - Math.min(...levels) <= MOST_APART_DB
}

/** By the channel in which a talker is clearest. */
function heardInMean(
  mean: Envelope, envelopes: readonly Envelope[], spoken: readonly SpokenChannel[], turns: readonly Turn[],
): Map<number, Heard> {
  const speechOf = envelopes.map((_, channel) => spoken.find((own) => own.channel === channel)?.speech)
  const talkers = new Map<number, Heard>()
  for (const { start, end, spoken: { channel, envelope, speech } } of turns) {
    const heard = talkers.get(channel) ?? { losses: [], quieter: [], power: 0, frames: 0 }
    talkers.set(channel, heard)
    for (let frame = start; frame < end; frame++) {
      if (speech[frame] !== 1 || envelope.levelDb[frame]! <= envelope.floorDb) continue
      const noise = envelopes.reduce((sum, own, other) =>
        sum + powerOf(speechOf[other]?.[frame] === 1 ? own.floorDb : own.levelDb[frame]!), 0) / envelopes.length ** 2
      const best = ratioDb(envelope.levelDb[frame]!, powerOf(envelope.floorDb))
      heard.losses.push(best - ratioDb(mean.levelDb[frame]!, noise))
      heard.quieter.push(envelope.levelDb[frame]! - mean.levelDb[frame]!)
      heard.power += powerOf(mean.levelDb[frame]!)
      heard.frames++
    }
  }
  return talkers
}

/** Of what is above the noise to the noise. */
function ratioDb(levelDb: number, noise: number): number {
  const signal = powerOf(levelDb) - noise
  return signal <= 0 ? LOWEST_DB : Math.min(CLEAN_DB, Math.max(LOWEST_DB, 10 * Math.log10(signal / noise)))
}

function powerOf(db: number): number {
  return 10 ** (db / 10)
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}
