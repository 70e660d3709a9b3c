/**
 * Speech whose place is known: the words of a clean clip, cut out where they begin and end (frames.ts) and laid
 * between pads of 0.2 to 2 s, in digital silence or with a noise over all of it. SNR: mean power of the words to mean
 * power of the noise. Brought down where the sum would clip.
 */
import type { TimeSpan, Waveform } from '../../src/domain/audio.js'
import { seededRandom } from '../../fixtures/kit/statistics.js'
import { atLevel, meanPower, noise, scaled, toDb } from '../../fixtures/kit/synthesis.js'

/** How one case of a clip is made. */
export interface Surroundings {
  /** `clean`, `white`, `pink`, or the name of a recorded noise. */
  readonly background: string
  /** Undefined when clean. */
  readonly snrDb: number | undefined
  /** A recording of noise, at the rate of the speech. */
  readonly recorded?: Float32Array
  readonly seed: number
}

export interface Embedded {
  readonly waveform: Waveform
  /** Where the words are now. */
  readonly speech: TimeSpan
}

const SHORTEST_PAD_SECONDS = 0.2
const LONGEST_PAD_SECONDS = 2
const HIGHEST_PEAK = 0.9

export function embed({ samples, sampleRate }: Waveform, words: TimeSpan, surroundings: Surroundings): Embedded {
  const random = seededRandom(surroundings.seed)
  const pad = (): number =>
    Math.round((SHORTEST_PAD_SECONDS + random() * (LONGEST_PAD_SECONDS - SHORTEST_PAD_SECONDS)) * sampleRate)
  const spoken = samples.subarray(
    Math.round(words.startSeconds * sampleRate), Math.round(words.endSeconds * sampleRate),
  )
  const before = pad()
  const whole = new Float32Array(before + spoken.length + pad())
  whole.set(spoken, before)
  const background = backgroundOf(whole.length, toDb(meanPower(spoken)), surroundings)
  const mixed = background === undefined ? whole : whole.map((sample, index) => sample + background[index]!)
  return {
    waveform: { samples: withoutClipping(mixed), sampleRate },
    speech: { startSeconds: before / sampleRate, endSeconds: (before + spoken.length) / sampleRate },
  }
}

function backgroundOf(
  length: number, speechDb: number, { background, snrDb, recorded, seed }: Surroundings,
): Float32Array | undefined {
  if (snrDb === undefined) return undefined
  const source = recorded === undefined ? noise(background === 'pink' ? 'pink' : 'white', length, seed)
    : thereAndBack(recorded, length, seed)
  return atLevel(source, speechDb - snrDb)
}

/** As long as wanted, played forwards and backwards in turn, so that no seam clicks. */
export function thereAndBack(recorded: Float32Array, length: number, seed: number): Float32Array {
  const period = 2 * recorded.length
  const from = Math.floor(seededRandom(seed)() * period)
  return Float32Array.from({ length }, (_, index) => {
    const at = (from + index) % period
    return recorded[at < recorded.length ? at : period - 1 - at]!
  })
}

function withoutClipping(samples: Float32Array): Float32Array {
  const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0)
  return peak <= HIGHEST_PEAK ? samples : scaled(samples, HIGHEST_PEAK / peak)
}
