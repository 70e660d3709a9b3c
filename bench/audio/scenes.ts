/**
 * Three utterances by different talkers → recordings of several channels, as conference recorders, telephone systems,
 * microphone arrays and films make them. Each scene is the same in every run.
 *
 * Levels are those of the utterance over the time it lasts, in dB of full scale. Every channel has noise of its own.
 */
import { gaussian, seededRandom } from '../../fixtures/kit/statistics.js'
import { atLevel, clicks, hum, noise, scaled } from '../../fixtures/kit/synthesis.js'
import { nonSpeechSounds } from '../../fixtures/kit/non-speech.js'

export interface Scene {
  readonly name: string
  /** How many of the utterances are heard; what is heard later is not part of the reference. */
  readonly utterances: number
  /** Shape [channels, samples]. */
  make(utterances: readonly Float32Array[], seed: number): Float32Array[]
}

export const SCENE_RATE = 16_000
const SPEECH_DBFS = -26
const NOISE_DBFS = -66
/** From the end of an utterance to the next one. */
const TURN_SECONDS = 0.5
const CROSSTALK_DB = -20

/** Mono: the least word errors that a scene of turns can have. */
export const ONE_CHANNEL: Scene = {
  name: 'one-channel', utterances: 3, make: (said, seed) => withNoise([summed(turns(said, [0, 0, 0]))], seed),
}

export const SCENES: readonly Scene[] = [
  { name: 'stereo', utterances: 3, make: (said, seed) => {
    const [one, two, three] = turns(said, [0, 0, 0])
    return withNoise([summed([one!, scaled(two!, 0.6), scaled(three!, 0.8)]),
      summed([scaled(one!, 0.6), two!, scaled(three!, 0.8)].map((voice) => delayed(voice, 3)))], seed)
  } },
  { name: 'call', utterances: 2, make: (said, seed) =>
    withNoise(turns(said.slice(0, 2), [0, -20]), seed) },
  { name: 'noise', utterances: 3, make: (said, seed) => {
    const voice = summed(turns(said, [0, 0, 0]))
    return withNoise([atLevel(noise('pink', voice.length, seed), -20), voice], seed)
  } },
  { name: 'music', utterances: 3, make: (said, seed) => {
    const voice = summed(turns(said, [0, 0, 0]))
    return withNoise([atLevel(musicOf(voice.length, seed), -22), voice], seed)
  } },
  { name: 'lapels-4', utterances: 3, make: (said, seed) =>
    withNoise(crosstalk([...turns(said, [0, 0, 0]), silenceLike(said)]), seed) },
  { name: 'lapels-6', utterances: 3, make: (said, seed) => {
    const voices = turns(said, [0, -10, -20])
    const { length } = voices[0]!
    const sound = { seconds: length / SCENE_RATE, sampleRate: SCENE_RATE }
    return withNoise([...crosstalk(voices), atLevel(noise('white', length, seed), -20),
      atLevel(hum(50, sound), -15), clicks(3, 0.9, sound, seed)].map((channel) => channel.subarray(0, length)), seed)
  } },
  ...[16, 32].map((channels): Scene => ({ name: `lapels-${channels}`, utterances: 3, make: (said, seed) => {
    const voices = crosstalk(turns(said, [0, -10, 0]))
    return withNoise(Array.from({ length: channels }, (_, channel) =>
      voices[[2, 7, channels - 1].indexOf(channel)] ?? scaled(voices[channel % 3]!, 0.03 + 0.002 * channel)), seed)
  } })),
  { name: 'gated-8', utterances: 3, make: (said) => {
    const voices = turns(said, [-6, 0, -12])
    return Array.from({ length: 8 }, (_, channel) =>
      voices[[1, 4, 6].indexOf(channel)] ?? new Float32Array(voices[0]!.length))
  } },
  { name: 'overlap', utterances: 2, make: (said, seed) => {
    // The third talker, who is not part of the reference, talks while the first two do.
    const [one, two] = turns(said, [0, 0, 0])
    const meanwhile = summed(turns([said[2]!], [-12]).map((voice) => fitted(voice, one!.length)))
    return withNoise(crosstalk([one!, two!, meanwhile]), seed)
  } },
  { name: 'array-4', utterances: 3, make: (said, seed) => arrayOf(4, 14, summed(turns(said, [0, 0, 0])), seed) },
  { name: 'array-8', utterances: 3, make: (said, seed) =>
    arrayOf(8, 4, summed(turns(said, [0, 0, 0])), seed).map((samples, channel) =>
      channel === 2 ? scaled(samples, -1) : samples) },
  { name: 'surround', utterances: 3, make: (said, seed) => {
    const centre = summed(turns(said, [0, 0, 0]))
    const [left, right] = [musicOf(centre.length, seed), musicOf(centre.length, seed + 50)]
    const rumble = atLevel(noise('brown', centre.length, seed), -18)
    return withNoise([atLevel(left, -28), atLevel(right, -28), centre, rumble,
      atLevel(left, -36), atLevel(right, -36)], seed)
  } },
  { name: 'loop-back', utterances: 3, make: (said, seed) => {
    const [one, two, three] = turns(said, [0, -6, 0])
    const first = summed([one!, three!])
    return withNoise([first, two!, scaled(delayed(summed([first, two!]), 480), 0.7)], seed)
  } },
  { name: 'out-of-phase', utterances: 3, make: (said, seed) => {
    const [one, two, three] = turns(said, [0, 0, 0])
    const first = summed([one!, three!])
    return withNoise(crosstalk([first, two!]).concat(scaled(first, -1)), seed)
  } },
]

/** One after the other, each as long as all of them together. */
function turns(utterances: readonly Float32Array[], gainsDb: readonly number[]): Float32Array[] {
  const gap = TURN_SECONDS * SCENE_RATE
  const total = utterances.reduce((sum, { length }) => sum + length + gap, gap)
  let start = gap
  return utterances.map((samples, index) => {
    const alone = new Float32Array(total)
    alone.set(atLevel(samples, SPEECH_DBFS + gainsDb[index]!), start)
    start += samples.length + gap
    return alone
  })
}

function crosstalk(voices: readonly Float32Array[]): Float32Array[] {
  const factor = 10 ** (CROSSTALK_DB / 20)
  return voices.map((own, channel) => summed([own, ...voices.filter((voice) => voice !== own).map((voice, other) =>
    scaled(delayed(voice, 20 + 9 * Math.abs(channel - other)), factor))]))
}

/** Copies that arrive up to `spread` samples later, each with noise of its own 30 dB below the speech. */
function arrayOf(channels: number, spread: number, voice: Float32Array, seed: number): Float32Array[] {
  return Array.from({ length: channels }, (_, channel) => {
    const later = Math.round((spread * channel) / (channels - 1))
    return summed([delayed(voice, later), atLevel(noise('white', voice.length, seed + channel), SPEECH_DBFS - 30)])
  })
}

function withNoise(channels: readonly Float32Array[], seed: number): Float32Array[] {
  return channels.map((samples, channel) => {
    const random = seededRandom(seed * 100 + channel)
    const level = 10 ** (NOISE_DBFS / 20)
    return samples.map((sample) => sample + level * gaussian(random))
  })
}

function musicOf(length: number, seed: number): Float32Array {
  const pieces = nonSpeechSounds(12, seed).filter(({ kind }) => kind === 'music')
  const whole = new Float32Array(length)
  for (let start = 0, piece = 0; start < length; piece++) {
    const samples = atLevel(pieces[piece % pieces.length]!.samples, SPEECH_DBFS)
    whole.set(samples.subarray(0, length - start), start)
    start += samples.length
  }
  return whole
}

function silenceLike(utterances: readonly Float32Array[]): Float32Array {
  return new Float32Array(turns(utterances, utterances.map(() => 0))[0]!.length)
}

function fitted(samples: Float32Array, length: number): Float32Array {
  const whole = new Float32Array(length)
  whole.set(samples.subarray(0, length))
  return whole
}

function summed(parts: readonly Float32Array[]): Float32Array {
  return parts[0]!.map((_, n) => parts.reduce((sum, part) => sum + part[n]!, 0))
}

function delayed(samples: Float32Array, later: number): Float32Array {
  const whole = new Float32Array(samples.length)
  whole.set(samples.subarray(0, samples.length - later), later)
  return whole
}
