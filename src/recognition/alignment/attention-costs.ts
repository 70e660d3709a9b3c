/**
 * Cross-attention of some heads → the cost of aligning each token with each frame.
 *
 * As in OpenAI's whisper/timing.py, the attention is standardized over the tokens of each frame, so that frames to
 * which every token attends, the first and the last, count for nothing; then the heads are averaged. The median filter
 * over neighbouring frames that follows there changed nothing here and is left out.
 */
import type { Attention } from '../../engine/runtime/alignment-graph.js'

/** Row-major [tokens, frames], in standard deviations, lower is better: the negative mean of the z-scores. */
export function alignmentCosts(attention: Attention): Float32Array {
  const { weights, heads, tokens, frames } = attention
  const costs = new Float32Array(tokens * frames)
  for (let head = 0; head < heads; head++) {
    const ofHead = weights.subarray(head * tokens * frames, (head + 1) * tokens * frames)
    for (let frame = 0; frame < frames; frame++) subtractZScores(costs, ofHead, { frame, frames, factor: 1 / heads })
  }
  return costs
}

interface Column { readonly frame: number; readonly frames: number; readonly factor: number }

/** Subtracts the z-scores of one frame over all tokens, times `factor`. */
function subtractZScores(costs: Float32Array, weights: Float32Array, { frame, frames, factor }: Column): void {
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
  for (let at = frame; at < weights.length; at += frames) costs[at]! -= factor * (weights[at]! - mean) / deviation
}
