/**
 * Attention of some heads → how badly each token fits each frame.
 *
 * As in OpenAI's whisper/timing.py, a frame is worth to a token what it is worth beyond the mean over all tokens, so
 * that frames which every token looks at, the first and the last, count for nothing; and the mean over the heads is
 * what they agree on. The median over neighbouring frames that follows there changed nothing here, and is left out.
 */
import type { Attention } from '../../engine/runtime/alignment-graph.js'

/** Row-major [tokens, frames], the less the better: 0 is as good as any, in standard deviations. */
export function alignmentCosts(attention: Attention): Float32Array {
  const { weights, heads, tokens, frames } = attention
  const result = new Float32Array(tokens * frames)
  for (let head = 0; head < heads; head++) {
    const own = weights.subarray(head * tokens * frames, (head + 1) * tokens * frames)
    for (let frame = 0; frame < frames; frame++) addMisfit(result, own, { frame, frames, factor: 1 / heads })
  }
  return result
}

interface Place { readonly frame: number; readonly frames: number; readonly factor: number }

/** Of one frame over the tokens: mean 0 and variance 1, turned around. */
function addMisfit(total: Float32Array, weights: Float32Array, { frame, frames, factor }: Place): void {
  const tokens = weights.length / frames
  let sum = 0
  let squares = 0
  for (let at = frame; at < weights.length; at += frames) {
    sum += weights[at]!
    squares += weights[at]! ** 2
  }
  const mean = sum / tokens
  const deviation = Math.sqrt(Math.max(0, squares / tokens - mean ** 2))
  if (deviation === 0) return
  for (let at = frame; at < weights.length; at += frames) total[at]! -= factor * (weights[at]! - mean) / deviation
}
