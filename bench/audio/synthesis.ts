/**
 * Sounds without a word: noises, hum, tones, clicks, breaths. The same seed gives the same samples. Levels are RMS in
 * dB of full scale unless a function says otherwise.
 *
 * Pink noise is white noise through the filter of Paul Kellet (musicdsp.org, "Pink noise filter": −3 dB per octave
 * within 0.05 dB above 9.2 Hz at 44.1 kHz), brown noise a leaky sum of white noise. DTMF: ITU-T Q.23.
 */
import { gaussian, seededRandom } from '../statistics.js'

export const NOISE_COLOURS = ['white', 'pink', 'brown'] as const
export type NoiseColour = (typeof NOISE_COLOURS)[number]

export interface Sound { readonly seconds: number; readonly sampleRate: number }

export function noise(colour: NoiseColour, length: number, seed: number): Float32Array {
  const white = whiteNoise(length, seed)
  return colour === 'white' ? white : colour === 'pink' ? pink(white) : brown(white)
}

/** Scaled to this power; what is all zero stays so. */
export function atLevel(samples: Float32Array, levelDbfs: number): Float32Array {
  const own = meanPower(samples)
  return own === 0 ? samples : scaled(samples, Math.sqrt(10 ** (levelDbfs / 10) / own))
}

export function scaled(samples: Float32Array, factor: number): Float32Array {
  return samples.map((sample) => sample * factor)
}

export function meanPower(samples: Float32Array): number {
  return samples.length === 0 ? 0 : samples.reduce((total, sample) => total + sample * sample, 0) / samples.length
}

export function toDb(power: number): number {
  return 10 * Math.log10(power)
}

/** Of the mains: the fundamental and nine harmonics, each 4 dB below the one before, in phases of their own. */
export function hum(fundamentalHz: number, sound: Sound): Float32Array {
  const harmonics = Array.from({ length: 10 }, (_, index) => ({ hz: fundamentalHz * (index + 1), amplitude: 10 ** (-4 * index / 20), phase: index * 1.7 }))
  return filled(sound, (second) => harmonics.reduce((sum, { hz, amplitude, phase }) => sum + amplitude * Math.sin(2 * Math.PI * hz * second + phase), 0))
}

/** Tones at once, for `onSeconds` of every `everySeconds`, faded over 5 ms so that they do not click. */
export function tones(frequenciesHz: readonly number[], rhythm: { readonly onSeconds: number; readonly everySeconds: number }, sound: Sound): Float32Array {
  return filled(sound, (second) => {
    const within = second % rhythm.everySeconds
    const fade = Math.min(1, Math.max(0, within / 0.005), Math.max(0, (rhythm.onSeconds - within) / 0.005))
    return fade * frequenciesHz.reduce((sum, hz) => sum + Math.sin(2 * Math.PI * hz * second), 0)
  })
}

const KEYPAD_ROWS_HZ = [697, 770, 852, 941]
const KEYPAD_COLUMNS_HZ = [1209, 1336, 1477]

/** Keys of a telephone, 100 ms each and 100 ms apart. */
export function keypad(sound: Sound, seed: number): Float32Array {
  const random = seededRandom(seed)
  const keys = Array.from({ length: Math.ceil(sound.seconds / 0.2) }, () => [KEYPAD_ROWS_HZ[Math.floor(random() * 4)]!, KEYPAD_COLUMNS_HZ[Math.floor(random() * 3)]!])
  return filled(sound, (second) => second % 0.2 < 0.1 ? keys[Math.floor(second / 0.2)]!.reduce((sum, hz) => sum + Math.sin(2 * Math.PI * hz * second), 0) : 0)
}

/** Bursts of noise that die within 5 ms, at random moments; the loudest sample at `peak`. */
export function clicks(perSecond: number, peak: number, sound: Sound, seed: number): Float32Array {
  const random = seededRandom(seed)
  const samples = new Float32Array(Math.round(sound.seconds * sound.sampleRate))
  const decaySamples = 0.001 * sound.sampleRate
  for (let click = 0; click < perSecond * sound.seconds; click++) {
    const at = Math.floor(random() * samples.length)
    for (let i = 0; i < 5 * decaySamples && at + i < samples.length; i++) samples[at + i]! += (2 * random() - 1) * Math.exp(-i / decaySamples)
  }
  return scaled(samples, peak / samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 1e-9))
}

/** Like breathing: noise of about 400 to 2500 Hz that swells and fades for 0.8 s, every 1.5 s. */
export function breaths(sound: Sound, seed: number): Float32Array {
  const source = whiteNoise(Math.round(sound.seconds * sound.sampleRate), seed)
  const shaped = lowPass(highPass(source, 400, sound.sampleRate), 2500, sound.sampleRate)
  return shaped.map((sample, index) => {
    const within = (index / sound.sampleRate) % 1.5
    return within < 0.8 ? sample * Math.sin(Math.PI * within / 0.8) ** 2 : 0
  })
}

function filled({ seconds, sampleRate }: Sound, at: (second: number) => number): Float32Array {
  return Float32Array.from({ length: Math.round(seconds * sampleRate) }, (_, index) => at(index / sampleRate))
}

function whiteNoise(length: number, seed: number): Float32Array {
  const random = seededRandom(seed)
  return Float32Array.from({ length }, () => gaussian(random))
}

/** Poles and gains of Kellet's parallel first-order filters. */
const KELLET: readonly (readonly [number, number])[] = [
  [0.99886, 0.0555179], [0.99332, 0.0750759], [0.969, 0.153852], [0.8665, 0.3104856], [0.55, 0.5329522], [-0.7616, -0.016898],
]

function pink(white: Float32Array): Float32Array {
  const state = new Float64Array(KELLET.length)
  let delayed = 0
  return white.map((sample) => {
    let sum = sample * 0.5362 + delayed
    for (const [index, [pole, gain]] of KELLET.entries()) sum += state[index] = pole * state[index]! + gain * sample
    delayed = sample * 0.115926
    return sum
  })
}

function brown(white: Float32Array): Float32Array {
  let sum = 0
  return white.map((sample) => sum = 0.998 * sum + sample)
}

/** First order. */
function lowPass(samples: Float32Array, cornerHz: number, sampleRate: number): Float32Array {
  const share = 1 - Math.exp(-2 * Math.PI * cornerHz / sampleRate)
  let state = 0
  return samples.map((sample) => state += share * (sample - state))
}

function highPass(samples: Float32Array, cornerHz: number, sampleRate: number): Float32Array {
  const low = lowPass(samples, cornerHz, sampleRate)
  return samples.map((sample, index) => sample - low[index]!)
}
