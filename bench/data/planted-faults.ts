/**
 * Faults that are planted in a set of clips whose faults are otherwise few, with a fixed seed: each changes the file,
 * the label or the line of clips that are drawn for it alone, so that what a check finds in a clip has one cause.
 */
import { gaussian } from '../../fixtures/kit/statistics.js'
import { writeMono } from '../../fixtures/kit/pcm.js'
import type { Waveform } from '../../src/domain/audio.js'
import { resample } from '../../src/audio/signal/resample.js'
import type { Kind } from '../../src/data/verification/kinds.js'

/** A line of the manifest that is verified. */
export interface PlantedLine {
  readonly path: string
  readonly text: string
  readonly seconds: number
  readonly speaker: string
  readonly split: string
}

export interface Clean {
  readonly line: PlantedLine
  readonly bytes: Buffer
  readonly waveform: Waveform
  /** Another clip of the set, of the same source. */
  readonly other: { readonly line: PlantedLine; readonly waveform: Waveform }
}

/** What takes the place of a clip: lines with their files; a line without bytes keeps the file of the clean clip. */
export type Planted = readonly { readonly line: PlantedLine; readonly bytes?: Buffer }[]

export interface FaultKind {
  /** Any of these, for a line that took the place of the clip, finds the fault. Empty: no check looks for it. */
  readonly foundBy: readonly Kind[]
  /** Share that is to be found, where it is not that of most kinds. */
  readonly recall?: number
  /** Undefined where the clip does not allow the fault. */
  readonly plant: (clean: Clean, random: () => number) => Planted | undefined
}

const COPIES: readonly Kind[] = ['duplicate_bytes', 'duplicate_audio']

export const FAULTS: Readonly<Record<string, FaultKind>> = {
  'duplicate, same bytes': { foundBy: COPIES, plant: ({ line, bytes }) => [{ line }, copyOf(line, bytes)] },
  'duplicate, other coding': {
    foundBy: COPIES,
    plant: ({ line, waveform }, random) => [{ line }, copyOf(line, recoded(waveform, random))],
  },
  leak: {
    foundBy: ['leak_audio'],
    plant: ({ line, bytes, waveform }, random) => {
      const split = line.split === 'train' ? 'test' : 'train'
      return [{ line }, copyOf({ ...line, split }, random() < 0.5 ? bytes : recoded(waveform, random))]
    },
  },
  clipped: {
    foundBy: ['clipped'],
    plant: ({ line, waveform }, random) => [{ line, bytes: clipped(waveform, random) }],
  },
  'truncated file': {
    foundBy: ['truncated'],
    plant: ({ line, bytes }, random) => [{ line, bytes: bytes.subarray(0, Math.round(part(random) * bytes.length)) }],
  },
  'truncated audio': {
    foundBy: ['length_mismatch'],
    plant: ({ line, waveform: { samples, sampleRate } }, random) => [
      { line, bytes: writeMono({ samples: samples.slice(0, Math.round(part(random) * samples.length)), sampleRate }) },
    ],
  },
  'only noise': {
    foundBy: ['no_speech'],
    plant: ({ line, waveform }, random) => [{ line, bytes: writeMono(noiseLike(waveform, random)) }],
  },
  'long silence': {
    foundBy: ['long_silence'],
    plant: ({ line, waveform }, random) => {
      const padded = withSilence(waveform, 2 + 2 * random(), random)
      return [{ line: { ...line, seconds: lengthOf(padded) }, bytes: writeMono(padded) }]
    },
  },
  'wrong rate': {
    foundBy: ['rate_mismatch'],
    plant: ({ line, waveform: { samples } }, random) => {
      const sampleRate = [8_000, 11_025, 22_050, 24_000, 48_000][Math.floor(5 * random())]!
      return [{ line, bytes: writeMono({ samples, sampleRate }) }]
    },
  },
  'telephone band': {
    foundBy: ['narrowband'],
    plant: ({ line, waveform }) => line.path.includes('8k') ? undefined
      : [{ line, bytes: writeMono(resample(resample(waveform, 8_000), waveform.sampleRate)) }],
  },
  'second talker': {
    foundBy: ['second_talker'], recall: 0.1,
    plant: ({ line, waveform, other }, random) => [
      { line, bytes: writeMono(mixed(waveform, other.waveform, -6 * random())) },
    ],
  },
  'label of another clip': {
    foundBy: ['label_contradicted', 'speaking_rate'],
    plant: ({ line, other }) => line.text === other.line.text ? undefined
      : [{ line: { ...line, text: other.line.text } }],
  },
  'empty label': { foundBy: ['speech_unlabelled'], plant: ({ line }) => [{ line: { ...line, text: '' } }] },
  'wrong word': {
    foundBy: ['label_contradicted'],
    plant: ({ line, other }, random) => changeWord(line, random, () => wordsOf(other.line.text)[0] ?? 'other'),
  },
  'deleted word': {
    foundBy: ['label_contradicted'],
    plant: ({ line }, random) => changeWord(line, random, () => undefined),
  },
  'other convention': {
    foundBy: ['label_convention'],
    plant: ({ line }) => wordsOf(line.text).length < 2 ? undefined
      : [{ line: { ...line, text: `${line.text.toUpperCase().replace(/[.!?]$/, '')}.` } }],
  },
  // What the checks of labels do not see: no other label of the set has the filler.
  'filler and capitals': {
    foundBy: [],
    plant: ({ line }) => [{ line: { ...line, text: `um, ${line.text.toUpperCase()}` } }],
  },
}

function copyOf(line: PlantedLine, bytes: Buffer): { line: PlantedLine; bytes: Buffer } {
  return { line: { ...line, path: line.path.replace(/\.wav$/, '-copy.wav') }, bytes }
}

/** Half to nine tenths. */
function part(random: () => number): number {
  return 0.5 + 0.4 * random()
}

/** As a telephone line would pass it on: 8 kHz, µ-law, other level, other silence. */
function recoded(waveform: Waveform, random: () => number): Buffer {
  const gain = 10 ** (-(3 + 9 * random()) / 20)
  const { samples, sampleRate } = resample(withSilence(waveform, 0.1 + 0.4 * random(), random), 8_000)
  return writeMono({ samples: samples.map((sample) => companded(gain * sample)), sampleRate })
}

/** Quantized to 8 bits on the curve of µ-law (ITU-T G.711). */
function companded(sample: number): number {
  const curve = Math.log1p(255 * Math.min(1, Math.abs(sample))) / Math.log(256)
  return Math.sign(sample) * (256 ** (Math.round(127 * curve) / 127) - 1) / 255
}

/** With so much gain that two to five percent of the samples are beyond full scale. */
function clipped({ samples, sampleRate }: Waveform, random: () => number): Buffer {
  const sorted = samples.map(Math.abs).sort()
  const level = sorted[Math.floor((0.98 - 0.03 * random()) * (sorted.length - 1))] ?? 1
  return writeMono({ samples: samples.map((sample) => sample / Math.max(level, 1e-4)), sampleRate })
}

function noiseLike({ samples, sampleRate }: Waveform, random: () => number): Waveform {
  const level = 10 ** (-(45 + 25 * random()) / 20)
  return { samples: samples.map(() => level * gaussian(random)), sampleRate }
}

/** In front, with noise at −70 dBFS: digital silence would be too easy. */
function withSilence({ samples, sampleRate }: Waveform, seconds: number, random: () => number): Waveform {
  const length = Math.round(seconds * sampleRate)
  const padded = new Float32Array(length + samples.length)
  for (let i = 0; i < length; i++) padded[i] = 0.0003 * gaussian(random)
  padded.set(samples, length)
  return { samples: padded, sampleRate }
}

/** The second at this level relative to the first, repeated as long as the first lasts. */
function mixed({ samples, sampleRate }: Waveform, second: Waveform, relativeDb: number): Waveform {
  const { samples: others } = resample(second, sampleRate)
  const gain = 10 ** (relativeDb / 20) * rms(samples) / Math.max(rms(others), 1e-6)
  return { samples: samples.map((sample, i) => 0.5 * (sample + gain * others[i % others.length]!)), sampleRate }
}

function rms(samples: Float32Array): number {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length)
}

function lengthOf({ samples, sampleRate }: Waveform): number {
  return samples.length / sampleRate
}

function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '')
}

function changeWord(
  line: PlantedLine, random: () => number, change: (word: string) => string | undefined,
): Planted | undefined {
  const words = wordsOf(line.text)
  if (words.length < 3) return undefined
  const at = Math.floor(random() * words.length)
  const changed = words.flatMap((word, index) => index === at ? change(word) ?? [] : word).join(' ')
  return changed === line.text ? undefined : [{ line: { ...line, text: changed } }]
}
