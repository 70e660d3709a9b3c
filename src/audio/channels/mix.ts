/**
 * Decoded channels → mono, the same way for every format.
 *
 * Channels that carry the same sound (stereo, an array of microphones) are averaged, as `signal/downmix.ts` says. Where
 * they differ, speech is looked for in each: the mean is still right if every talker is in it nearly as clear and loud
 * as in the best channel. Otherwise one channel at a time is heard, the one with the clearest speech (`selection.ts`),
 * with all talkers at one loudness: a quiet one would be taken for background talk beside a loud one. Two people who
 * talk at once cannot be transcribed as one, so the second one is left out, and it is counted for how long.
 */
import type { ChannelChoice, Mixing, SpeechActivity, Waveform } from '../../domain/audio.js'
import { downmix, framesOf, meanOf, pick, type Block } from '../signal/downmix.js'
import { fadeBetween } from './crossfade.js'
import { envelopeOf, envelopesOf, FRAME_SECONDS, hopOf, type Envelope, type Interrupt } from './envelopes.js'
import { isMeanClear } from './mean-clarity.js'
import { clarityDb, heardLevelDb, selectTurns, type SpokenChannel, type Turn } from './selection.js'
import { unusedSpeechSeconds } from './unused-speech.js'

export interface MixOptions {
  readonly sampleRate: number
  readonly choice: ChannelChoice
  readonly interrupt: Interrupt
  /** Finds speech in one channel; absent: what is clearly above its noise floor is taken for speech. */
  readonly detectSpeech?: ((channel: Waveform) => Promise<SpeechActivity>) | undefined
}

export interface Mix {
  readonly samples: Float32Array
  readonly mixing: Mixing
  /** Speech on a channel while another one was heard. */
  readonly unusedSpeechSeconds: number
}

/** A channel without louder frames has no speech. */
const SILENT_DB = -75
/** Nor has one with less than this between its noise floor and its loud frames: steady noise, hum. */
const STEADY_DB = 6
/** Speech of a detector is extended by this on both sides, since its decisions are late. */
const MARGIN_FRAMES = 4
const CLEARLY_SPEECH_DB = 10
/** The same sound in two channels: where it is clear, their levels differ by the same, within this range. */
const SAME_SOUND = { clearDb: 10, rangeDb: 6 }
const MOST_GAIN_DB = 30

/** Throws REQUEST_INVALID for a channel that the upload does not have; rejects with what `interrupt` throws. */
export async function mixToMono(blocks: readonly Block[], channels: number, options: MixOptions): Promise<Mix> {
  const { choice, sampleRate, interrupt } = options
  const byPower = (): Mix => ({ ...downmix(blocks, channels, choice), unusedSpeechSeconds: 0 })
  if (channels === 1 || choice !== 'mix') return byPower()
  const envelopes = await envelopesOf(blocks, channels, sampleRate, interrupt)
  if (carrySameSound(envelopes)) return byPower()
  const spoken = await spokenChannels(blocks, envelopes, options)
  const turns = selectTurns(spoken, envelopes[0]!.levelDb.length)
  if (turns.length === 0) return byPower()
  const mean = meanOf(blocks, channels)
  if (isMeanClear(await envelopeOf([mean], sampleRate, interrupt), envelopes, spoken, turns)) {
    return { samples: mean, mixing: 'mean', unusedSpeechSeconds: 0 }
  }
  return {
    samples: turns.length === 1 ? pick(blocks, turns[0]!.spoken.channel) : await blend(blocks, turns, options),
    mixing: 'automatic', unusedSpeechSeconds: unusedSpeechSeconds(turns, spoken),
  }
}

/** Whether every channel is a copy of the loudest one, at another level or a little later. */
function carrySameSound(envelopes: readonly Envelope[]): boolean {
  const reference = envelopes.reduce((loudest, own) => own.loudDb > loudest.loudDb ? own : loudest)
  if (!mayHaveSpeech(reference)) return envelopes.every((own) => !mayHaveSpeech(own))
  return envelopes.every((own) => {
    const differences = own.levelDb.map((level, frame) => level - reference.levelDb[frame]!).filter((_, frame) =>
      clarityDb(own, frame) > SAME_SOUND.clearDb || clarityDb(reference, frame) > SAME_SOUND.clearDb).sort()
    const at = (share: number): number => differences[Math.floor(share * (differences.length - 1))] ?? 0
    return mayHaveSpeech(own) && at(0.95) - at(0.05) <= SAME_SOUND.rangeDb
  })
}

function mayHaveSpeech({ loudDb, floorDb }: Envelope): boolean {
  return loudDb > SILENT_DB && loudDb - floorDb > STEADY_DB
}

async function spokenChannels(
  blocks: readonly Block[], envelopes: readonly Envelope[], { sampleRate, detectSpeech, interrupt }: MixOptions,
): Promise<SpokenChannel[]> {
  const spoken: SpokenChannel[] = []
  for (const [channel, envelope] of envelopes.entries()) {
    if (!mayHaveSpeech(envelope)) continue
    interrupt()
    const activity = await detectSpeech?.({ samples: pick(blocks, channel), sampleRate })
    const speech = activity === undefined
      ? Uint8Array.from(envelope.levelDb, (_, frame) => clarityDb(envelope, frame) > CLEARLY_SPEECH_DB ? 1 : 0)
      : speechFrames(activity, envelope.levelDb.length)
    if (speech.includes(1)) spoken.push({ channel, envelope, speech })
  }
  return spoken
}

function speechFrames({ spans }: SpeechActivity, frames: number): Uint8Array {
  const speech = new Uint8Array(frames)
  for (const { startSeconds, endSeconds } of spans) {
    const first = Math.floor(startSeconds / FRAME_SECONDS) - MARGIN_FRAMES
    speech.fill(1, Math.max(0, first), Math.ceil(endSeconds / FRAME_SECONDS) + MARGIN_FRAMES)
  }
  return speech
}

/** Every channel is raised to the loudness of the loudest talker. */
async function blend(
  blocks: readonly Block[], turns: readonly Turn[], { sampleRate, interrupt }: MixOptions,
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
  return fadeBetween(blocks, parts, { sampleRate, length, interrupt })
}
