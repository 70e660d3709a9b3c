/** Test signals, and measurements on them. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { decodeAudio } from '../../src/audio/decode.js'
import { projectRoot } from '../../src/domain/project-root.js'
import type { Waveform } from '../../src/domain/audio.js'

export function tone(hertz: number, seconds: number, sampleRate: number, amplitude = 1, phase = 0): Waveform {
  return {
    sampleRate,
    samples: Float32Array.from(
      { length: Math.round(seconds * sampleRate) },
      (_, n) => amplitude * Math.sin((2 * Math.PI * hertz * n) / sampleRate + phase),
    ),
  }
}

export function silence(seconds: number, sampleRate: number): Waveform {
  return { samples: new Float32Array(Math.round(seconds * sampleRate)), sampleRate }
}

/** White, between -1 and 1. */
export function noise(seconds: number, sampleRate: number, seed = 1): Waveform {
  let state = seed
  return mapped(silence(seconds, sampleRate), () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    return state / 2 ** 31
  })
}

/** One of fixtures/clips, by its name. */
export async function clip(name: string): Promise<Waveform> {
  return (await decodeAudio(readFileSync(path.join(projectRoot, 'fixtures/clips', `${name}.wav`)), { maxSeconds: 60 }))
    .waveform
}

export function mapped({ samples, sampleRate }: Waveform, change: (sample: number, index: number) => number): Waveform {
  return { samples: samples.map(change), sampleRate }
}

export function scaled(waveform: Waveform, gain: number): Waveform { return mapped(waveform, (x) => x * gain) }
export function shifted(waveform: Waveform, offset: number): Waveform { return mapped(waveform, (x) => x + offset) }
/** To steps of 1 / `steps`. */
export function rounded(waveform: Waveform, steps: number): Waveform {
  return mapped(waveform, (x) => Math.round(x * steps) / steps)
}
export function clippedAt(waveform: Waveform, limit: number): Waveform {
  return mapped(waveform, (x) => Math.max(-limit, Math.min(limit, x)))
}

export function joined(...parts: readonly Waveform[]): Waveform {
  const whole = new Float32Array(parts.reduce((sum, { samples }) => sum + samples.length, 0))
  let at = 0
  for (const { samples } of parts) {
    whole.set(samples, at)
    at += samples.length
  }
  return { samples: whole, sampleRate: parts[0]?.sampleRate ?? 0 }
}

/** Without 100 ms at both ends, where a filter reaches beyond the signal. */
export function middle({ samples, sampleRate }: Waveform): Waveform {
  return { samples: samples.subarray(sampleRate / 10, samples.length - sampleRate / 10), sampleRate }
}

export function rmsOf({ samples }: Waveform): number {
  return Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length)
}

/** Level of `a` over that of its difference to `b`, dB. */
export function signalToNoise(a: Waveform, b: Waveform): number {
  return decibels(rmsOf(a) / rmsOf(mapped(a, (x, n) => x - b.samples[n]!)))
}

export function decibels(ratio: number): number { return 20 * Math.log10(ratio) }
