/**
 * In which channels somebody speaks, and when. A neural detector takes a tenth of a second or more for a minute of one
 * channel. So it is asked once for copies of the same sound, and only about the clearest channels where there are many.
 */
import type { SpeechActivity, Waveform } from '../../domain/audio.js'
import { pick, type Block } from '../signal/downmix.js'
import { FRAME_SECONDS, type Envelope } from './envelopes.js'
import type { YieldIfDue } from '../event-loop.js'
import { clarityDb, type SpokenChannel } from './selection.js'

export type DetectSpeech = (channel: Waveform) => Promise<SpeechActivity>

/** A channel without louder frames has no speech. */
const SILENT_DB = -75
/** Nor has one with less than this between its noise floor and its loud frames: steady noise, hum. */
const STEADY_DB = 6
/** Speech of a detector is extended by this on both sides, since its decisions are late. */
const MARGIN_FRAMES = 4
const CLEARLY_SPEECH_DB = 10
/** The same sound in two channels: where it is clear, their levels differ by the same, within this range. */
const SAME_SOUND = { clearDb: 10, rangeDb: 6 }
/** Channels of different sounds in which speech is looked for: those that are most often the clearest. */
const MOST_DETECTED = 16

/** In the order of the channels. Without a detector, what is clearly above the noise floor is taken for speech. */
export async function spokenChannels(
  blocks: readonly Block[], envelopes: readonly Envelope[],
  { sampleRate, detectSpeech }: { readonly sampleRate: number; readonly detectSpeech?: DetectSpeech | undefined },
  yieldIfDue: YieldIfDue,
): Promise<SpokenChannel[]> {
  const found: SpokenChannel[] = []
  let detected = 0
  for (const channel of byClearFrames(envelopes)) {
    await yieldIfDue()
    const envelope = envelopes[channel]!
    const copy = found.find((own) => isSameSound(envelope, own.envelope))
    if (copy === undefined && detected === MOST_DETECTED) continue
    if (copy === undefined) detected++
    const speech = copy?.speech ?? await speechOf(envelope, () => pick(blocks, channel), sampleRate, detectSpeech)
    found.push({ channel, envelope, speech })
  }
  return found.filter(({ speech }) => speech.includes(1)).sort((a, b) => a.channel - b.channel)
}

export function mayHaveSpeech({ loudDb, floorDb }: Envelope): boolean {
  return loudDb > SILENT_DB && loudDb - floorDb > STEADY_DB
}

/** Whether one is a copy of the other, at another level or a little later. */
export function isSameSound(own: Envelope, reference: Envelope): boolean {
  const differences = own.levelDb.map((level, frame) => level - reference.levelDb[frame]!).filter((_, frame) =>
    clarityDb(own, frame) > SAME_SOUND.clearDb || clarityDb(reference, frame) > SAME_SOUND.clearDb).sort()
  const at = (share: number): number => differences[Math.floor(share * (differences.length - 1))] ?? 0
  return at(0.95) - at(0.05) <= SAME_SOUND.rangeDb
}

/** Channels that may have speech; first the one that is the clearest of all in most frames. */
function byClearFrames(envelopes: readonly Envelope[]): number[] {
  const candidates = [...envelopes.keys()].filter((channel) => mayHaveSpeech(envelopes[channel]!))
  const clearest = new Uint32Array(envelopes.length)
  for (let frame = 0; frame < (envelopes[0]?.levelDb.length ?? 0); frame++) {
    let [best, highest] = [-1, CLEARLY_SPEECH_DB]
    for (const channel of candidates) {
      const clarity = clarityDb(envelopes[channel]!, frame)
      if (clarity > highest) [best, highest] = [channel, clarity]
    }
    if (best >= 0) clearest[best]!++
  }
  return candidates.sort((a, b) => clearest[b]! - clearest[a]!)
}

async function speechOf(
  envelope: Envelope, samples: () => Float32Array, sampleRate: number, detectSpeech: DetectSpeech | undefined,
): Promise<Uint8Array> {
  return detectSpeech === undefined
    ? Uint8Array.from(envelope.levelDb, (_, frame) => clarityDb(envelope, frame) > CLEARLY_SPEECH_DB ? 1 : 0)
    : speechFrames(await detectSpeech({ samples: samples(), sampleRate }), envelope.levelDb.length)
}

function speechFrames({ spans }: SpeechActivity, frames: number): Uint8Array {
  const speech = new Uint8Array(frames)
  for (const { startSeconds, endSeconds } of spans) {
    const first = Math.floor(startSeconds / FRAME_SECONDS) - MARGIN_FRAMES
    speech.fill(1, Math.max(0, first), Math.ceil(endSeconds / FRAME_SECONDS) + MARGIN_FRAMES)
  }
  return speech
}
