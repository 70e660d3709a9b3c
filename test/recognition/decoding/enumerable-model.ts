/** A tiny random language model whose transcripts can all be enumerated, for tests of the beam search. */
import type { BeamOptions, BeamStep } from '../../../src/recognition/decoding/beam-search.js'
import type { TokenShapes } from '../../../src/recognition/decoding/phrase-bias.js'
import { repeatedTail } from '../../../src/recognition/decoding/limits.js'
import { seededRandom } from '../../../src/domain/scoring/seeded-random.js'

export const END = 0
/** Even tokens begin words, odd ones continue them; the last is punctuation. */
const VOCABULARY = 6
export const MARK = 5
export const SHAPES: TokenShapes = { beginsWord: (token) => token % 2 === 0, isPunctuation: (token) => token === MARK }
export const START = 99
const MOST_TOKENS = 4

/** Log-probabilities after a prefix, the same for the same prefix and seed; more peaked with a larger spread. */
export function after(prefix: readonly number[], seed: number, spread = 3): number[] {
  const random = seededRandom(prefix.reduce((hash, token) => (Math.imul(hash, 31) + token + 7) | 0, seed))
  const logits = Array.from({ length: VOCABULARY }, () => spread * random())
  const total = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0))
  return logits.map((logit) => logit - total)
}

/** As a step graph: it keeps the prefix of each hypothesis of the previous step. */
export function model(seed: number, spread?: number): BeamStep {
  let prefixes: (readonly number[])[] = [[]]
  return async (hypotheses, biases, top) => {
    prefixes = hypotheses.map(({ parent, token }) => token === START ? [] : [...prefixes[parent]!, token])
    const rows = prefixes.map((prefix, index) => {
      const own = after(prefix, seed, spread)
      const biased = own.map(
        (value, token) =>
          value +
          biases
            .filter((bias) => bias.hypothesis === index && bias.token === token)
            .reduce((sum, { amount }) => sum + amount, 0),
      )
      return own
        .map((value, token) => ({ token, value, biased: biased[token]! }))
        .sort((a, b) => b.biased - a.biased)
        .slice(0, top)
    })
    const width = rows[0]!.length
    return {
      top: width, tokens: rows.flat().map(({ token }) => token),
      logProbabilities: Float32Array.from(rows.flat(), ({ value }) => value),
    }
  }
}

export const options = (changes: Partial<BeamOptions> = {}): BeamOptions => ({
  prompt: [START], endToken: END, budget: MOST_TOKENS, beams: 500, nBest: 500, forbidden: new Set(),
  forbiddenFirst: new Set(), bias: undefined, interrupt: () => undefined, ...changes,
})

/** Every transcript of up to `most` tokens, with its log-probability, that of the end token included. */
export function allTranscripts(
  seed: number,
  most: number,
  prefix: readonly number[] = [],
  sum = 0,
): { tokens: readonly number[]; sum: number }[] {
  const next = after(prefix, seed)
  const ended = { tokens: prefix, sum: sum + next[END]! }
  if (prefix.length === most) return [ended]
  return [
    ended,
    ...Array.from({ length: VOCABULARY - 1 }, (_, index) =>
      allTranscripts(seed, most, [...prefix, index + 1], sum + next[index + 1]!),
    ).flat(),
  ]
}

/** The greedy transcript. */
export function greedyTokens(seed: number): readonly number[] {
  const tokens: number[] = []
  for (;;) {
    const own = after(tokens, seed)
    const token = own.indexOf(Math.max(...own))
    if (token === END || tokens.length === MOST_TOKENS) return tokens
    tokens.push(token)
  }
}

/** Seeds whose greedy transcript reaches the end token. */
export function endingSeeds(): number[] {
  return Array.from({ length: 60 }, (_, seed) => seed).filter(
    (seed) => greedyTokens(seed).length < MOST_TOKENS && repeatedTail(greedyTokens(seed)) === 0,
  )
}
