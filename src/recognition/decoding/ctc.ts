/**
 * Best-path decoding of connectionist temporal classification (Graves et al. 2006, "Connectionist temporal
 * classification", section 3.2): the most probable token of each frame, repeats merged, blanks removed.
 */
import type { DecodedTokens } from './greedy.js'

export interface CtcOptions {
  readonly blankToken: number
  /** Returns at least one token: where all frames are blank, the most probable other token of all frames. */
  readonly atLeastOne: boolean
}

/** A token and the frames in which it was the most probable one, `endFrame` excluded. */
export interface CtcToken {
  readonly token: number
  readonly startFrame: number
  readonly endFrame: number
  /** Natural logarithm of its highest posterior among these frames. */
  readonly logProbability: number
}

export interface CtcResult extends DecodedTokens {
  readonly path: readonly CtcToken[]
}

/**
 * `logits` has the shape [frames, vocabulary], row-major. After the log-probabilities of the tokens comes one for the
 * blanks, the mean of their frames, so that the list is never empty.
 */
export function ctcBestPath(logits: Float32Array, vocabulary: number, options: CtcOptions): CtcResult {
  const { blankToken, atLeastOne } = options
  const frames = Math.floor(logits.length / vocabulary)
  const path: CtcToken[] = []
  let previous = blankToken
  let best: CtcToken | undefined // the most probable token of all frames that is not blank
  const blanks: number[] = []
  for (let frame = 0; frame < frames; frame++) {
    const row = logits.subarray(frame * vocabulary, (frame + 1) * vocabulary)
    const logSum = logSumExp(row)
    const token = argmax(row)
    const at = (chosen: number): CtcToken =>
      ({ token: chosen, startFrame: frame, endFrame: frame + 1, logProbability: row[chosen]! - logSum })
    const last = path.at(-1)
    if (token === blankToken) blanks.push(at(token).logProbability)
    else if (token === previous && last !== undefined) path[path.length - 1] = merge(last, at(token))
    else path.push(at(token))
    previous = token
    const other = at(argmax(row, blankToken))
    if (best === undefined || other.logProbability > best.logProbability) best = other
  }
  if (path.length === 0 && atLeastOne && best !== undefined) path.push(best)
  const meanBlank = blanks.length === 0 ? 0 : blanks.reduce((sum, one) => sum + one, 0) / blanks.length
  return {
    tokens: path.map(({ token }) => token),
    logProbabilities: [...path.map(({ logProbability }) => logProbability), meanBlank],
    stopped: 'end_of_text',
    path,
  }
}

function merge(first: CtcToken, second: CtcToken): CtcToken {
  const logProbability = Math.max(first.logProbability, second.logProbability)
  return { ...first, endFrame: second.endFrame, logProbability }
}

function argmax(row: Float32Array, except?: number): number {
  let best = except === 0 ? 1 : 0
  for (let token = 0; token < row.length; token++) {
    if (token !== except && row[token]! > row[best]!) best = token
  }
  return best
}

function logSumExp(row: Float32Array): number {
  const highest = row.reduce((most, value) => Math.max(most, value), -Infinity)
  return highest + Math.log(row.reduce((sum, value) => sum + Math.exp(value - highest), 0))
}
