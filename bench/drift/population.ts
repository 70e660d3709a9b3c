/**
 * Traffic out of a few hundred clips: utterances of people who each sit somewhere, with a microphone at some distance.
 *
 * Utterances come in sessions of five: one speaker, one room, one device. Level, noise and its colour vary much
 * between sessions and little within one, as they do where people ask, hear a wrong answer and ask again. Drawn one by
 * one they are independent clips, drawn by sessions they are not, and both kinds of traffic have the same mixture.
 * Silence around the voice is gamma distributed; a room, which is heard in it, is noise at a signal-to-noise ratio.
 */
import { measureLoudness } from '../../src/audio/level/loudness.js'
import type { Waveform } from '../../src/domain/audio.js'
import { noise, NOISE_COLOURS, type NoiseColour } from '../../fixtures/kit/synthesis.js'
import { amplified, padded } from '../audio/variants.js'
import type { SpeechClip } from '../harness/clips.js'
import { mix } from '../../fixtures/kit/mixtures.js'
import { gaussian, groupBy, seededRandom } from '../../fixtures/kit/statistics.js'

export const SESSION_UTTERANCES = 5
/** Mean, and standard deviation between sessions and within one: 4 LU and 7 dB in all. */
const LEVEL_LUFS = { mean: -26, between: 3.5, within: 1.9 }
const SNR_DB = { mean: 28, between: 6.3, within: 3 }
/** Of a gamma distribution of shape 2: the mean is twice as much, seconds. */
const LEAD_SCALE_SECONDS = 0.15
const TAIL_SCALE_SECONDS = 0.25

export interface Utterance {
  readonly clip: SpeechClip
  readonly session: number
  /** Of everything about it that is random and not told here. */
  readonly seed: number
  readonly levelLufs: number
  readonly snrDb: number
  readonly colour: NoiseColour
  readonly leadSeconds: number
  readonly tailSeconds: number
}

type Random = () => number

/** The same in every run. A speaker has as many sessions as clips, on average. */
export function planUtterances(clips: readonly SpeechClip[], sessions: number): Utterance[] {
  const random = seededRandom(11)
  const bySpeaker = groupBy(clips, ({ speaker }) => speaker)
  return Array.from({ length: sessions }, (_, session) => {
    const speakersClips = bySpeaker.get(clips[Math.floor(random() * clips.length)]!.speaker)!
    return planSession(speakersClips, session, random)
  }).flat()
}

function planSession(clips: readonly SpeechClip[], session: number, random: Random): Utterance[] {
  const level = LEVEL_LUFS.mean + LEVEL_LUFS.between * gaussian(random)
  const snr = SNR_DB.mean + SNR_DB.between * gaussian(random)
  const colour = NOISE_COLOURS[Math.floor(random() * NOISE_COLOURS.length)]!
  const first = Math.floor(random() * clips.length)
  return Array.from({ length: SESSION_UTTERANCES }, (_, index) => ({
    clip: clips[(first + index) % clips.length]!, session, colour, seed: session * SESSION_UTTERANCES + index,
    levelLufs: level + LEVEL_LUFS.within * gaussian(random), snrDb: snr + SNR_DB.within * gaussian(random),
    leadSeconds: LEAD_SCALE_SECONDS * gammaOfTwo(random), tailSeconds: TAIL_SCALE_SECONDS * gammaOfTwo(random),
  }))
}

/**
 * What the device hears, with what else `surround` puts around it; the peaks of a loud one may lie above full scale,
 * and are cut off when it is written.
 */
export function record(
  { levelLufs, snrDb, colour, leadSeconds, tailSeconds, seed }: Utterance, speech: Waveform,
  surround = (heard: Waveform) => heard,
): Waveform {
  const quiet = padded(speech, { beforeSeconds: leadSeconds, afterSeconds: tailSeconds, noisy: false })
  const heard = surround(mix(quiet, noise(colour, quiet.samples.length, seed + 1), snrDb))
  return amplified(heard, levelLufs - (measureLoudness(heard).loudnessLufs ?? levelLufs))
}

/** Gamma distributed with shape 2 and scale 1. */
export function gammaOfTwo(random: Random): number {
  return -Math.log(1 - random()) - Math.log(1 - random())
}
