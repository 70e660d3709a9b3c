/**
 * Beam search: several hypotheses side by side, ranked by their probability and the bias score of their phrases.
 *
 * One beam search serves all encoder-decoder families; a family supplies the step. Hypotheses of equal length are
 * compared by their sums of log-probabilities. Finished ones of different lengths are compared by the sum divided by a
 * power of the length (Wu et al. 2016, arXiv:1609.08144), because each token costs probability and a plain sum favours
 * short transcripts.
 */
import { repeatedTail } from './limits.js'
import { UNBIASED, type BiasState, type PhraseBias } from './phrase-bias.js'
import { ROOT } from './phrase-trie.js'

export interface Extension { readonly parent: number; readonly token: number }
export interface TokenBias { readonly hypothesis: number; readonly token: number; readonly amount: number }

/** The best next tokens of each hypothesis, best first; row-major [hypotheses, top]. */
export interface NextTokens {
  readonly top: number
  readonly tokens: readonly number[]
  readonly logProbabilities: Float32Array
}

/** One step: each hypothesis extends `parent`, a hypothesis of the previous step, by one token. */
export type BeamStep =
  (hypotheses: readonly Extension[], biases: readonly TokenBias[], top: number) => Promise<NextTokens>

export interface BeamOptions {
  /** That of `StartBeamSearch`. */
  readonly prompt: readonly number[]
  readonly endToken: number
  /** Most tokens of a hypothesis. */
  readonly budget: number
  /** Beam width. */
  readonly beams: number
  /** Transcripts that the caller uses; with 1, hypotheses far behind the best one are pruned. */
  readonly nBest: number
  /** Never chosen. */
  readonly forbidden: ReadonlySet<number>
  /** Not chosen as the first token, in addition. */
  readonly forbiddenFirst: ReadonlySet<number>
  /** The phrases to bias to; undefined: none. */
  readonly bias: PhraseBias | undefined
  readonly interrupt: () => void
}

/** Starts a beam search over the encoder states of one clip. The first step feeds the whole prompt. */
export type StartBeamSearch = (prompt: readonly number[]) => Promise<BeamStep>

/** A hypothesis that reached the end token. */
export interface BeamHypothesis {
  readonly tokens: readonly number[]
  /** Without bias score; one more than tokens: the last is that of the end token. */
  readonly logProbabilities: readonly number[]
  /** Sum of the log-probabilities and the bias score, divided by the power of the length. */
  readonly score: number
  /** The same with the score of the search (phrase-bias.ts). */
  readonly searchScore: number
  /** Bias score of its phrases, natural logarithm. */
  readonly biasScore: number
  readonly phrases: readonly number[]
  /** Whether it is the hypothesis of greedy decoding. */
  readonly isGreedy: boolean
  /**
   * Of the greedy hypothesis: the smallest difference in log-probability between a chosen token and the second best,
   * natural logarithm.
   */
  readonly smallestGap: number
}

/** A hypothesis this far below the best is pruned, natural logarithm; inside a phrase later, as it may complete it. */
const PRUNE_BELOW = 2
const PRUNE_BELOW_IN_PHRASE = 8
const LENGTH_POWER = 0.6
/** Candidates beyond the beam width: some are forbidden, and some are probable only because of a phrase. */
const SPARE_CANDIDATES = 12
/** A state with more continuations than this biases none of them in the graph. */
const MAX_BIASED_TOKENS = 256

interface ActiveHypothesis {
  readonly tokens: readonly number[]
  readonly logProbabilities: readonly number[]
  readonly logProbability: number
  readonly state: BiasState
  readonly extension: Extension
  /** Every token of it was the most probable one. */
  readonly isGreedy: boolean
  readonly smallestGap: number
}

/**
 * All hypotheses that reach the end token within the budget, best first. Hypotheses that differ only in punctuation or
 * capitals are separate ones.
 */
export async function beamSearch(step: BeamStep, options: BeamOptions): Promise<BeamHypothesis[]> {
  const { prompt, beams, budget, endToken, interrupt } = options
  let active: ActiveHypothesis[] = [{
    tokens: [], logProbabilities: [], logProbability: 0, state: UNBIASED,
    extension: endOfPrompt(prompt), isGreedy: true, smallestGap: Infinity,
  }]
  const finished: BeamHypothesis[] = []
  for (let length = 0; length <= budget && active.length > 0; length++) {
    interrupt()
    const extensions = active.map(({ extension }) => extension)
    const next = await step(extensions, biasesOf(active, options), beams + SPARE_CANDIDATES)
    const extended = active.flatMap((hypothesis, index) => extend(hypothesis, index, next, options))
    for (const one of extended) if (one.extension.token === endToken) finished.push(finish(one, options))
    const unfinished = extended
      .filter(({ extension, tokens }) => extension.token !== endToken && repeatedTail(tokens) === 0)
      .sort((a, b) => scoreOf(b, options) - scoreOf(a, options))
    active = prune(unfinished, options)
    if (isDecided(finished, active, options)) break
  }
  return finished.sort((a, b) => b.score - a.score)
}

/** The best ones, and always the greedy one: phrases that break off must not displace the transcript. */
function prune(sorted: readonly ActiveHypothesis[], options: BeamOptions): ActiveHypothesis[] {
  const { beams, nBest } = options
  const greedy = sorted.findIndex(({ isGreedy }) => isGreedy)
  const kept = greedy < beams
    ? sorted.slice(0, beams)
    : [...sorted.slice(0, beams - 1), ...sorted.slice(greedy, greedy + 1)]
  const [best] = kept
  if (nBest > 1 || best === undefined) return kept
  const highest = scoreOf(best, options)
  const limitOf = ({ node }: BiasState): number => node === ROOT ? PRUNE_BELOW : PRUNE_BELOW_IN_PHRASE
  return kept.filter((one) => one.isGreedy || scoreOf(one, options) >= highest - limitOf(one.state))
}

/** What the first step extends. */
export function endOfPrompt(prompt: readonly number[]): Extension {
  return { parent: 0, token: prompt.at(-1)! }
}

/** Raises the tokens that continue a phrase, so that they are among the candidates. */
function biasesOf(active: readonly ActiveHypothesis[], { bias }: BeamOptions): TokenBias[] {
  if (bias === undefined) return []
  return active.flatMap(({ state }, hypothesis) => {
    const tokens = bias.continuations(state)
    if (tokens.length > MAX_BIASED_TOKENS) return []
    return Array.from(tokens, (token) => ({ hypothesis, token, amount: bias.gainOf(state, token) }))
  })
}

function extend(
  hypothesis: ActiveHypothesis, index: number, { top, tokens, logProbabilities }: NextTokens, options: BeamOptions,
): ActiveHypothesis[] {
  const { forbidden, forbiddenFirst, bias, endToken } = options
  const isFirst = hypothesis.tokens.length === 0
  const extended: ActiveHypothesis[] = []
  for (let rank = 0; rank < top; rank++) {
    const token = tokens[index * top + rank]!
    const logProbability = logProbabilities[index * top + rank]!
    if (forbidden.has(token) || (isFirst && forbiddenFirst.has(token)) || !Number.isFinite(logProbability)) continue
    const isEnd = token === endToken
    extended.push({
      tokens: isEnd ? hypothesis.tokens : [...hypothesis.tokens, token],
      logProbabilities: [...hypothesis.logProbabilities, logProbability],
      logProbability: hypothesis.logProbability + logProbability,
      state: nextState(hypothesis.state, token, isEnd, bias),
      extension: { parent: index, token },
      isGreedy: false,
      smallestGap: Infinity,
    })
  }
  return hypothesis.isGreedy ? markGreedy(extended, hypothesis) : extended
}

function nextState(state: BiasState, token: number, isEnd: boolean, bias: PhraseBias | undefined): BiasState {
  if (bias === undefined) return UNBIASED
  return isEnd ? bias.atEnd(state) : bias.after(state, token)
}

/** The most probable extension is the greedy one, whatever its bias score. */
function markGreedy(extended: readonly ActiveHypothesis[], { smallestGap }: ActiveHypothesis): ActiveHypothesis[] {
  const [first, second] = extended.toSorted((a, b) => b.logProbability - a.logProbability)
  return extended.map((one) => {
    if (one !== first) return one
    const gap = first.logProbability - (second?.logProbability ?? -Infinity)
    return { ...one, isGreedy: true, smallestGap: Math.min(smallestGap, gap) }
  })
}

/** Log-probability, and the bias score of the search. */
function scoreOf({ logProbability, state }: ActiveHypothesis, { bias }: BeamOptions): number {
  return logProbability + (bias?.searchScoreOf(state) ?? 0)
}

function finish(hypothesis: ActiveHypothesis, options: BeamOptions): BeamHypothesis {
  const { tokens, logProbabilities, logProbability, state, isGreedy, smallestGap } = hypothesis
  const biasScore = options.bias?.scoreOf(state) ?? 0
  return {
    tokens, logProbabilities, isGreedy, smallestGap, biasScore,
    score: normalizeByLength(logProbability + biasScore, logProbabilities.length),
    searchScore: normalizeByLength(scoreOf(hypothesis, options), logProbabilities.length),
    phrases: state.phrases,
  }
}

/** A sum over this number of tokens, comparable with sums over fewer or more. */
export function normalizeByLength(sum: number, tokens: number): number {
  return sum / tokens ** LENGTH_POWER
}

/** The greedy hypothesis has ended, and no active one can beat the best finished one even at no further cost. */
function isDecided(
  finished: readonly BeamHypothesis[], active: readonly ActiveHypothesis[], options: BeamOptions,
): boolean {
  if (finished.length < options.beams || active.some(({ isGreedy }) => isGreedy)) return false
  const best = finished.reduce((highest, { searchScore }) => Math.max(highest, searchScore), -Infinity)
  return active.every((one) => normalizeByLength(scoreOf(one, options), one.logProbabilities.length + 1) < best)
}
