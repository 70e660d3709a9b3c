/** Helpers of tests of decoded audio: the likeness of two signals, whatever their delay. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { resample } from '../../src/audio/signal/resample.js'
import { projectRoot } from '../../src/domain/project-root.js'
import type { Waveform } from '../../src/domain/audio.js'

/** Hz; every codec keeps the band of this rate. */
const COMPARED_RATE_HZ = 8_000
/** Recorders start late, and codecs have a delay. */
const MAX_LAG_SECONDS = 0.12

export function mediaFile(name: string): Uint8Array {
  return readFileSync(path.join(projectRoot, 'fixtures/media', name))
}

/** Highest correlation coefficient over lags up to ±MAX_LAG_SECONDS. Stops at the first that is `enough`. */
export function likeness(a: Waveform, b: Waveform, enough = 1): number {
  const [x, y] = [a, b].map((waveform) => resample(waveform, COMPARED_RATE_HZ).samples) as [Float32Array, Float32Array]
  const maxLag = MAX_LAG_SECONDS * COMPARED_RATE_HZ
  let best = 0
  for (let step = 0; step <= 2 * maxLag && best < enough; step++)
    best = Math.max(best, correlation(x, y, step % 2 === 0 ? step / 2 : -(step + 1) / 2))
  return best
}

function correlation(x: Float32Array, y: Float32Array, lag: number): number {
  let [xy, xx, yy] = [0, 0, 0]
  for (let i = Math.max(0, -lag); i < Math.min(x.length, y.length - lag); i++) {
    const [a, b] = [x[i]!, y[i + lag]!]
    xy += a * b
    xx += a * a
    yy += b * b
  }
  return xy / Math.sqrt(xx * yy || 1)
}

/** Pseudo-random numbers in [0, 1) by a linear congruential generator (Numerical Recipes). */
export function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
