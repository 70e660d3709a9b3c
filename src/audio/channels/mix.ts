/**
 * Decoded channels → mono, the same way for every format.
 *
 * Channels that carry the same sound (stereo, an array of microphones) are averaged, as `signal/downmix.ts` says. Where
 * they differ, speech is looked for in each: the mean is still right if every talker is in it nearly as clear and loud
 * as in the best channel. Otherwise one channel at a time is heard, the one with the clearest speech (`selection.ts`),
 * with all talkers at one loudness: a quiet one would be taken for background talk beside a loud one. Two people who
 * talk at once cannot be transcribed as one, so the second one is left out, and it is counted for how long.
 */
import type { ChannelChoice, Mixing } from '../../domain/audio.js'
import { areChannelsEqual, downmix, framesOf, meanOf, pick, type Block } from '../signal/downmix.js'
import { fadeBetween } from './crossfade.js'
import { envelopeOf, envelopesOf, hopOf, type Envelope } from './envelopes.js'
import { isMeanClear } from './mean-clarity.js'
import { yieldsToEvents, type YieldIfDue } from '../event-loop.js'
import { heardLevelDb, selectTurns, type Turn } from './selection.js'
import { isSameSound, mayHaveSpeech, spokenChannels, type DetectSpeech } from './spoken-channels.js'
import { unusedSpeechSeconds } from './unused-speech.js'

export interface MixOptions {
  readonly sampleRate: number
  readonly choice: ChannelChoice
  /** Throws when the result is no longer needed. */
  readonly interrupt: () => void
  /** Finds speech in one channel; absent: what is clearly above its noise floor is taken for speech. */
  readonly detectSpeech?: DetectSpeech | undefined
}

export interface Mix {
  readonly samples: Float32Array
  readonly mixing: Mixing
  /** Speech on a channel while another one was heard. */
  readonly unusedSpeechSeconds: number
}

/** In the mean, the voice is this much quieter than in its channels on average, dB; one of two is at most 3. */
const NOTCHED_DB = 4
/** A single channel has no more noise than a recognizer tolerates, dB. In more noise, the mean of many is better. */
const CLEAN_DB = 20
const MOST_GAIN_DB = 30

/** Throws REQUEST_INVALID for a channel that the upload does not have; rejects with what `interrupt` throws. */
export async function mixToMono(blocks: readonly Block[], channels: number, options: MixOptions): Promise<Mix> {
  const { choice, sampleRate, interrupt } = options
  const byPower = (): Mix => ({ ...downmix(blocks, channels, choice), unusedSpeechSeconds: 0 })
  if (channels === 1 || choice !== 'mix') return byPower()
  if (areChannelsEqual(blocks)) return { samples: pick(blocks, 0), mixing: 'mean', unusedSpeechSeconds: 0 }
  const yieldIfDue = yieldsToEvents(interrupt)
  const envelopes = await envelopesOf(blocks, channels, sampleRate, yieldIfDue)
  if (carrySameSound(envelopes)) return mixSameSound(blocks, envelopes, byPower(), sampleRate, yieldIfDue)
  const spoken = await spokenChannels(blocks, envelopes, options, yieldIfDue)
  const turns = selectTurns(spoken, envelopes[0]!.levelDb.length)
  if (turns.length === 0) return byPower()
  const mean = meanOf(blocks, channels)
  if (isMeanClear(await envelopeOf([mean], sampleRate, yieldIfDue), envelopes, spoken, turns)) {
    return { samples: mean, mixing: 'mean', unusedSpeechSeconds: 0 }
  }
  return {
    samples: turns.length === 1 ? pick(blocks, turns[0]!.spoken.channel)
      : await blend(blocks, turns, sampleRate, yieldIfDue),
    mixing: 'automatic', unusedSpeechSeconds: unusedSpeechSeconds(turns, spoken),
  }
}

/** Whether every channel is a copy of the loudest one, at another level or a little later. */
function carrySameSound(envelopes: readonly Envelope[]): boolean {
  const reference = envelopes.reduce((loudest, own) => own.loudDb > loudest.loudDb ? own : loudest)
  if (!mayHaveSpeech(reference)) return envelopes.every((own) => !mayHaveSpeech(own))
  return envelopes.every((own) => mayHaveSpeech(own) && isSameSound(own, reference))
}

/** The same sound at different times has notches in its mean: copies of many microphones cancel each other in them. */
async function mixSameSound(
  blocks: readonly Block[], envelopes: readonly Envelope[], mix: Mix, sampleRate: number, yieldIfDue: YieldIfDue,
): Promise<Mix> {
  const loudest = envelopes.reduce((best, { loudDb }, channel) => loudDb > envelopes[best]!.loudDb ? channel : best, 0)
  const { loudDb, floorDb } = envelopes[loudest]!
  if (mix.mixing !== 'mean' || loudDb - floorDb < CLEAN_DB) return mix
  const average = envelopes.reduce((sum, own) => sum + own.loudDb, 0) / envelopes.length
  const mean = await envelopeOf([mix.samples], sampleRate, yieldIfDue)
  return average - mean.loudDb <= NOTCHED_DB ? mix : { ...mix, samples: pick(blocks, loudest), mixing: 'loudest' }
}

/** Every channel is raised to the loudness of the loudest talker. */
async function blend(
  blocks: readonly Block[], turns: readonly Turn[], sampleRate: number, yieldIfDue: YieldIfDue,
): Promise<Float32Array> {
  const levels = new Map(turns.map(({ spoken }) => [spoken.channel, heardLevelDb(turns, spoken)]))
  const highest = Math.max(...levels.values())
  const hop = hopOf(sampleRate)
  const length = framesOf(blocks)
  const parts = turns.map(({ start, end, spoken: { channel } }, index) => ({
    channel,
    gain: 10 ** (Math.min(MOST_GAIN_DB, highest - levels.get(channel)!) / 20),
    start: start * hop,
    end: index === turns.length - 1 ? length : end * hop,
  }))
  return fadeBetween(blocks, parts, { sampleRate, length, yieldIfDue })
}
