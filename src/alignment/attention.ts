/**
 * Attention of some heads → how badly each token fits each moment.
 *
 * As in OpenAI's whisper/timing.py: a moment is worth to a token what it is worth beyond the mean over all tokens (so
 * that moments every token looks at, the first and the last, count for nothing), a median over neighbouring moments
 * takes away single spikes, and the mean over the heads is what they agree on.
 */
import type { Attention } from '../runtime/alignment-graph.js'
import type { Grid } from './time-warping.js'

/** Frames of the median, odd. */
const MEDIAN_FRAMES = 7

/** [tokens, frames], the less the better. */
export function misfit(attention: Attention): Grid {
  const { heads, tokens, frames } = attention
  const cost = new Float32Array(tokens * frames)
  for (let head = 0; head < heads; head++) {
    const worth = standardized(attention, head)
    for (let token = 0; token < tokens; token++) addMedians(cost.subarray(token * frames, (token + 1) * frames), worth.subarray(token * frames, (token + 1) * frames), -1 / heads)
  }
  return { values: cost, rows: tokens, columns: frames }
}

/** Of each frame, over the tokens: mean 0 and variance 1. */
function standardized({ weights, tokens, frames }: Attention, head: number): Float32Array {
  const own = weights.slice(head * tokens * frames, (head + 1) * tokens * frames)
  for (let frame = 0; frame < frames; frame++) {
    let sum = 0
    let squares = 0
    for (let at = frame; at < own.length; at += frames) { sum += own[at]!; squares += own[at]! ** 2 }
    const mean = sum / tokens
    const deviation = Math.sqrt(Math.max(0, squares / tokens - mean ** 2))
    for (let at = frame; at < own.length; at += frames) own[at] = deviation === 0 ? 0 : (own[at]! - mean) / deviation
  }
  return own
}

/** total += factor · the medians of `values` around each place; at the ends the row is mirrored. */
function addMedians(total: Float32Array, values: Float32Array, factor: number): void {
  const reach = Math.min(MEDIAN_FRAMES >> 1, values.length - 1)
  const sorted = new Float32Array(2 * reach + 1)
  for (let at = 0; at < values.length; at++) {
    for (let k = -reach; k <= reach; k++) {
      const from = Math.abs(at + k)
      const value = values[from < values.length ? from : 2 * (values.length - 1) - from]!
      let place = k + reach
      while (place > 0 && sorted[place - 1]! > value) { sorted[place] = sorted[place - 1]!; place-- }
      sorted[place] = value
    }
    total[at]! += factor * sorted[reach]!
  }
}
