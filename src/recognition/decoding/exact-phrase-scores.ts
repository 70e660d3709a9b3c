/**
 * Exact scores for a short list: for each phrase the probability that a clip says it and nothing else, summed over its
 * spellings. A beam search follows only what is probable so far; for some dozens of words, scoring each costs no more.
 *
 * The trie is traversed level by level, with the nodes of a level as one batch. The end token, or punctuation before
 * it, ends a phrase.
 */
import { totalLogProbability } from '../../domain/log-probability.js'
import { endOfPrompt, type BeamStep, type Extension, type NextTokens } from './beam-search.js'
import type { TokenShapes } from './phrase-bias.js'
import { ROOT, type PhraseTrie } from './phrase-trie.js'

export interface ExactPhraseScore {
  readonly phrase: number
  /** The most probable spelling, and its log-probabilities, that of the end included. */
  readonly tokens: readonly number[]
  readonly logProbabilities: readonly number[]
  /** Natural logarithm of the summed probability of all spellings. */
  readonly logProbability: number
}

export interface ExactOptions {
  readonly prompt: readonly number[]
  readonly endToken: number
  readonly shapes: TokenShapes
  readonly interrupt: () => void
  /** A path this far below the best of its level is pruned, natural logarithm. */
  readonly pruneBelow?: number
}

/** Larger tries are left to the beam search. */
export const MAX_EXACT_NODES = 400
const PRUNE_BELOW = 14
/** Raises the tokens of the trie to the top of the candidates, whatever their probability. */
const CANDIDATE_BIAS = 1e4
/** Candidates beyond those of the trie: the end token and punctuation are among them. */
const SPARE_CANDIDATES = 8

interface Path {
  readonly node: number
  readonly tokens: readonly number[]
  readonly logProbabilities: readonly number[]
  readonly sum: number
  readonly extension: Extension
}

/** Every phrase that was not pruned, the most probable first. */
export async function scorePhrases(
  step: BeamStep, trie: PhraseTrie, options: ExactOptions,
): Promise<ExactPhraseScore[]> {
  const { prompt, endToken, shapes, interrupt, pruneBelow = PRUNE_BELOW } = options
  const isEnd = (token: number): boolean => token === endToken || shapes.isPunctuation(token)
  const root = { node: ROOT, tokens: [], logProbabilities: [], sum: 0, extension: endOfPrompt(prompt) }
  let level: Path[] = [root]
  const scores = new Map<number, ExactPhraseScore>()
  while (level.length > 0) {
    interrupt()
    const biases = level.flatMap(({ node }, hypothesis) =>
      [...trie.childTokens(node), endToken].map((token) => ({ hypothesis, token, amount: CANDIDATE_BIAS })))
    const top = Math.max(...level.map(({ node }) => trie.childCount(node))) + 1 + SPARE_CANDIDATES
    const next = await step(level.map(({ extension }) => extension), biases, top)
    const extended: Path[] = []
    for (const [index, path] of level.entries()) {
      const endLogProbability = extendPath(path, index, next, { trie, isEnd, extended })
      const phrase = trie.phraseAt(path.node)
      if (phrase !== -1) add(scores, phrase, path, endLogProbability)
    }
    const known = Array.from(scores.values(), ({ logProbability }) => logProbability)
    const best = Math.max(...extended.map(({ sum }) => sum), ...known)
    level = extended.filter(({ sum }) => sum > best - pruneBelow)
  }
  return [...scores.values()].sort((a, b) => b.logProbability - a.logProbability)
}

interface Extending {
  readonly trie: PhraseTrie
  readonly isEnd: (token: number) => boolean
  /** Gets the extensions that lie in the trie. */
  readonly extended: Path[]
}

/** Returns the log-probability that the text ends after this path. */
function extendPath(path: Path, index: number, next: NextTokens, { trie, isEnd, extended }: Extending): number {
  let endLogProbability = -Infinity
  for (let rank = index * next.top; rank < (index + 1) * next.top; rank++) {
    const [token, logProbability] = [next.tokens[rank]!, next.logProbabilities[rank]!]
    if (isEnd(token)) endLogProbability = logSumExp(endLogProbability, logProbability)
    const node = trie.step(path.node, token)
    if (node === -1) continue
    extended.push({
      node,
      tokens: [...path.tokens, token],
      logProbabilities: [...path.logProbabilities, logProbability],
      sum: path.sum + logProbability,
      extension: { parent: index, token },
    })
  }
  return endLogProbability
}

/** Probabilities of the spellings of one phrase add up; the tokens are those of the most probable one. */
function add(scores: Map<number, ExactPhraseScore>, phrase: number, path: Path, endLogProbability: number): void {
  const { tokens, sum } = path
  const logProbabilities = [...path.logProbabilities, endLogProbability]
  const one = { phrase, tokens, logProbabilities, logProbability: sum + endLogProbability }
  const known = scores.get(phrase)
  if (known === undefined) {
    scores.set(phrase, one)
    return
  }
  const best = totalLogProbability(one.logProbabilities) > totalLogProbability(known.logProbabilities) ? one : known
  scores.set(phrase, { ...best, logProbability: logSumExp(known.logProbability, one.logProbability) })
}

function logSumExp(a: number, b: number): number {
  const high = Math.max(a, b)
  return high === -Infinity ? high : high + Math.log(Math.exp(a - high) + Math.exp(b - high))
}
