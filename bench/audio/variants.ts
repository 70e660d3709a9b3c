/**
 * Changes to a recording that leave its words alone: level, silence around it, sample rate, channels. Each row makes
 * a WAV file of a clip, the same in every run.
 *
 * Noise around a clip is white and lies 35 dB below the 95th percentile of its 10 ms powers, whatever its level, so
 * that it is equally hard for a loud and a faint recording.
 */
import type { Waveform } from '../../src/domain/audio.js'
import { hasFfmpeg, resampled } from '../harness/ffmpeg.js'
import { speechLevelDb } from './frames.js'
import { writeMono, writePcm } from '../../fixtures/kit/pcm.js'
import { atLevel, noise, scaled } from '../../fixtures/kit/synthesis.js'

export interface Variant {
  readonly name: string
  /** Undefined where the row is only reported. */
  readonly target: 'unchanged' | undefined
  make(speech: Waveform): Buffer
}

const PAD_NOISE_DB = -35
/** The start that is cut off to show what chance alone does. */
const LATER_SECONDS = 0.0025

export const ORIGINAL: Variant = { name: 'original', target: undefined, make: writeMono }

export function variants(): Variant[] {
  return [
    { name: 'later', target: undefined, make: ({ samples, sampleRate }) => writeMono({
      samples: samples.subarray(Math.round(LATER_SECONDS * sampleRate)), sampleRate,
    }) },
    ...[-30, -20, -10, 6].map((gainDb): Variant => ({
      name: `gain${signed(gainDb)}`, target: 'unchanged', make: (speech) => writeMono(amplified(speech, gainDb)),
    })),
    { name: 'clip+12', target: undefined, make: (speech) => writeMono(clippedBy(speech, 12)) },
    ...paddedVariants(),
    ...hasFfmpeg() ? [8_000, 22_050, 44_100, 48_000].map(rateVariant) : [],
    {
      name: 'stereo', target: 'unchanged', make: ({ samples, sampleRate }) => writePcm([samples, samples], sampleRate),
    },
    { name: 'out-of-phase', target: 'unchanged', make: ({ samples, sampleRate }) =>
      writePcm([samples, scaled(samples, -1)], sampleRate) },
    { name: 'dead-channel', target: 'unchanged', make: ({ samples, sampleRate }) =>
      writePcm([new Float32Array(samples.length), samples], sampleRate) },
  ]
}

function rateVariant(sampleRate: number): Variant {
  return { name: `rate-${sampleRate}`, target: 'unchanged', make: (speech) => resampled(writeMono(speech), sampleRate) }
}

function paddedVariants(): Variant[] {
  return (['silence', 'noise'] as const).flatMap((kind) => ([
    ['front', 1, 0], ['behind', 0, 1], ['both', 1, 1],
  ] as const).flatMap(([where, before, after]) => [0.5, 1, 2].map((seconds): Variant => ({
    name: `${kind}-${where}-${seconds}`,
    target: 'unchanged',
    make: (speech) => writeMono(padded(speech, {
      beforeSeconds: before * seconds, afterSeconds: after * seconds, noisy: kind === 'noise',
    })),
  }))))
}

export function amplified({ samples, sampleRate }: Waveform, gainDb: number): Waveform {
  return { samples: scaled(samples, 10 ** (gainDb / 20)), sampleRate }
}

/** First its peak at full scale, then this much more, the rest cut off. */
export function clippedBy({ samples, sampleRate }: Waveform, overDb: number): Waveform {
  const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0)
  if (peak === 0) return { samples, sampleRate }
  const factor = 10 ** (overDb / 20) / peak
  return { samples: samples.map((sample) => Math.max(-1, Math.min(1, sample * factor))), sampleRate }
}

interface Padding { readonly beforeSeconds: number; readonly afterSeconds: number; readonly noisy: boolean }

export function padded(speech: Waveform, { beforeSeconds, afterSeconds, noisy }: Padding): Waveform {
  const { samples, sampleRate } = speech
  const before = Math.round(beforeSeconds * sampleRate)
  const after = Math.round(afterSeconds * sampleRate)
  const whole = new Float32Array(before + samples.length + after)
  whole.set(samples, before)
  if (!noisy) return { samples: whole, sampleRate }
  const hiss = atLevel(noise('white', before + after, 1), speechLevelDb(speech) + PAD_NOISE_DB)
  whole.set(hiss.subarray(0, before), 0)
  whole.set(hiss.subarray(before), before + samples.length)
  return { samples: whole, sampleRate }
}

function signed(value: number): string {
  return value > 0 ? `+${value}` : String(value)
}
