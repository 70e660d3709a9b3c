/**
 * Beam search: several transcripts side by side, the best by probability and by what phrases are expected.
 *
 * One search for all encoder-decoder families; a family says what a step is. Hypotheses of equal length are compared
 * by their sums; finished ones of different lengths by the sum over a power of the length (Wu et al. 2016,
 * arXiv:1609.08144), since each token costs probability and a plain sum prefers to say less.
 */
import { PhraseBias, UNBIASED, type BiasState } from './bias.js'
import { repeatedTail } from './limits.js'
import { ROOT } from './phrase-trie.js'

export interface Extension { readonly parent: number; readonly token: number }
export interface TokenBias { readonly hypothesis: number; readonly token: number; readonly amount: number }

/** The best next tokens of each hypothesis, best first; row-major [hypotheses, top]. */
export interface NextTokens {
  readonly top: number
  readonly tokens: readonly number[]
  readonly logProbabilities: Float32Array
}

/** One step: hypotheses go on from `parent` of the step before with one token each. */
export type BeamStep = (hypotheses: readonly Extension[], biases: readonly TokenBias[], top: number) => Promise<NextTokens>

export interface BeamOptions {
  /** Fed one by one before the first choice. */
  readonly prompt: readonly number[]
  readonly endToken: number
  readonly budget: number
  readonly beams: number
  /** Transcripts that are of use: where it is the best alone, what is far behind is given up. */
  readonly wanted: number
  /** Never chosen. */
  readonly forbidden: ReadonlySet<number>
  /** Never chosen first, in addition. */
  readonly forbiddenFirst: ReadonlySet<number>
  /** What is expected to be said; undefined: nothing. */
  readonly bias: PhraseBias | undefined
  readonly interrupt: () => void
}

/** Begins a search over what the encoder heard. */
export type StartSearch = () => Promise<BeamStep>

/** A transcript that came to its end. */
export interface BeamHypothesis {
  readonly tokens: readonly number[]
  /** Without any bias score; one more than tokens, that of the end. */
  readonly logProbabilities: readonly number[]
  /** Sum of the log-probabilities over the power of the length, bias score included. */
  readonly score: number
  /** Of its phrases, natural logarithms. */
  readonly biasScore: number
  readonly phrases: readonly number[]
  /** What a greedy decoder would have found. */
  readonly isGreedy: boolean
  /** How much likelier a token of the greedy one was than the next one, at the closest choice; natural logarithms. */
  readonly lead: number
}

/** Worth so much less than the best one, a hypothesis is given up, natural logarithms; later where it may yet earn a phrase. */
const HOPELESS = 2
const HOPELESS_IN_PHRASE = 8
const LENGTH_POWER = 0.6
/** Tokens looked at beyond the beams: forbidden ones are among them, and those that only a phrase makes likely. */
const SPARE_CANDIDATES = 12
/** More continuations than this are looked for among the candidates and not brought up. */
const MOST_RAISED = 256

interface Live {
  readonly tokens: readonly number[]
  readonly logProbabilities: readonly number[]
  readonly logProbability: number
  readonly state: BiasState
  readonly extension: Extension
  /** Every token of it was the likeliest. */
  readonly isGreedy: boolean
  /** How much likelier a token was than the next one, at the closest choice of the greedy one; natural logarithms. */
  readonly lead: number
}

/** All transcripts that came to their end within the budget, best first; those that differ in a mark or a capital are several. */
export async function beamSearch(step: BeamStep, options: BeamOptions): Promise<BeamHypothesis[]> {
  const { prompt, beams, budget, interrupt } = options
  let live: Live[] = [{ tokens: [], logProbabilities: [], logProbability: 0, state: UNBIASED, extension: await feedPrompt(step, prompt), isGreedy: true, lead: Infinity }]
  const finished: BeamHypothesis[] = []
  for (let length = 0; length <= budget && live.length > 0; length++) {
    interrupt()
    const next = await step(live.map(({ extension }) => extension), raised(live, options), beams + SPARE_CANDIDATES)
    const grown = live.flatMap((one, index) => extensionsOf(one, index, next, options))
    for (const one of grown) if (one.extension.token === options.endToken) finished.push(finish(one, options))
    const going = grown.filter(({ extension, tokens }) => extension.token !== options.endToken && repeatedTail(tokens) === 0)
    live = selectLive(going.sort((a, b) => worthOf(b, options) - worthOf(a, options)), options)
    if (isDecided(finished, live, options)) break
  }
  return finished.sort((a, b) => b.score - a.score)
}

/** The best, and in any case the greedy one: phrases that come to nothing must not cost the transcript. */
function selectLive(sorted: readonly Live[], options: BeamOptions): Live[] {
  const { beams, wanted } = options
  const greedy = sorted.findIndex(({ isGreedy }) => isGreedy)
  const best = greedy < beams ? sorted.slice(0, beams) : [...sorted.slice(0, beams - 1), sorted[greedy]!]
  if (wanted > 1) return best
  return best.filter((one) => one.isGreedy || worthOf(one, options) >= worthOf(best[0]!, options) - (one.state.node === ROOT ? HOPELESS : HOPELESS_IN_PHRASE))
}

/** Feeds all tokens of a prompt but the last, which is the first extension. */
export async function feedPrompt(step: BeamStep, prompt: readonly number[]): Promise<Extension> {
  for (const token of prompt.slice(0, -1)) await step([{ parent: 0, token }], [], 1)
  return { parent: 0, token: prompt.at(-1)! }
}

/** Lifts the tokens that go on along a phrase, so that they are among the candidates. */
function raised(live: readonly Live[], { bias }: BeamOptions): TokenBias[] {
  if (bias === undefined) return []
  return live.flatMap(({ state }, hypothesis) => {
    const tokens = bias.continuations(state)
    return tokens.length > MOST_RAISED ? [] : Array.from(tokens, (token) => ({ hypothesis, token, amount: bias.strength }))
  })
}

function extensionsOf(one: Live, index: number, { top, tokens, logProbabilities }: NextTokens, options: BeamOptions): Live[] {
  const { forbidden, forbiddenFirst, bias, endToken } = options
  const found: Live[] = []
  for (let rank = 0; rank < top; rank++) {
    const token = tokens[index * top + rank]!
    const logProbability = logProbabilities[index * top + rank]!
    if (forbidden.has(token) || (one.tokens.length === 0 && forbiddenFirst.has(token)) || !Number.isFinite(logProbability)) continue
    const isEnd = token === endToken
    found.push({
      tokens: isEnd ? one.tokens : [...one.tokens, token],
      logProbabilities: [...one.logProbabilities, logProbability],
      logProbability: one.logProbability + logProbability,
      state: bias === undefined ? UNBIASED : isEnd ? bias.atEnd(one.state) : bias.after(one.state, token),
      extension: { parent: index, token },
      isGreedy: false,
      lead: Infinity,
    })
  }
  return one.isGreedy ? withGreedy(found, one) : found
}

/** The likeliest goes on greedily, whatever phrases promise. */
function withGreedy(found: readonly Live[], { lead }: Live): Live[] {
  const [first, second] = found.toSorted((a, b) => b.logProbability - a.logProbability)
  return found.map((next) => next === first ? { ...next, isGreedy: true, lead: Math.min(lead, first.logProbability - (second?.logProbability ?? -Infinity)) } : next)
}

function worthOf({ logProbability, state }: Live, { bias }: BeamOptions): number {
  return logProbability + (bias?.worth(state) ?? 0)
}

function finish(one: Live, options: BeamOptions): BeamHypothesis {
  const { tokens, logProbabilities, state, isGreedy, lead } = one
  return { tokens, logProbabilities, score: byLength(worthOf(one, options), logProbabilities.length), biasScore: options.bias?.worth(state) ?? 0, phrases: state.phrases, isGreedy, lead }
}

/** A sum over so many tokens, as it is compared with sums over fewer or more. */
export function byLength(sum: number, tokens: number): number {
  return sum / tokens ** LENGTH_POWER
}

/** Whether the greedy one has ended, and no live one can beat the best finished one: it would have to go on without any cost. */
function isDecided(finished: readonly BeamHypothesis[], live: readonly Live[], options: BeamOptions): boolean {
  if (finished.length < options.beams || live.some(({ isGreedy }) => isGreedy)) return false
  const best = finished.reduce((highest, { score }) => Math.max(highest, score), -Infinity)
  return live.every((one) => byLength(worthOf(one, options), one.logProbabilities.length + 1) < best)
}
