/**
 * Exact scores for a short list: the probability that a clip says one of its phrases and nothing else, over all
 * spellings. A beam follows what is likely so far; with 35 words it is as cheap to ask about each of them.
 *
 * The trie is walked level by level, the nodes of a level as one batch. What ends the text, the end token or a mark of
 * punctuation before it, ends the phrase.
 */
import { totalLogProbability } from '../../domain/log-probability.js'
import { feedPrompt, type BeamStep, type Extension } from './beam.js'
import type { TokenShapes } from './bias.js'
import { ROOT, type PhraseTrie } from './phrase-trie.js'

export interface ExactPhraseScore {
  readonly phrase: number
  /** Of the likeliest spelling, and its log-probabilities, that of the end among them. */
  readonly tokens: readonly number[]
  readonly logProbabilities: readonly number[]
  /** Natural logarithm of the probability of all spellings together. */
  readonly logProbability: number
}

export interface ExactOptions {
  readonly prompt: readonly number[]
  readonly endToken: number
  readonly shapes: TokenShapes
  readonly interrupt: () => void
  /** A path this much less likely than the best of its level is given up, natural logarithms. */
  readonly hopeless?: number
}

/** Larger lists are left to the beam. */
export const MOST_EXACT_NODES = 400
const HOPELESS = 14
/** Brings the wanted tokens to the top, whatever their probability. */
const WANTED = 1e4
/** Candidates beyond the wanted ones: ends and punctuation are among them. */
const SPARE = 8

interface Path {
  readonly node: number
  readonly tokens: readonly number[]
  readonly logProbabilities: readonly number[]
  readonly sum: number
  readonly extension: Extension
}

/** Every phrase that is not hopeless, likeliest first. */
export async function scorePhrases(step: BeamStep, trie: PhraseTrie, { prompt, endToken, shapes, interrupt, hopeless = HOPELESS }: ExactOptions): Promise<ExactPhraseScore[]> {
  let level: Path[] = [{ node: ROOT, tokens: [], logProbabilities: [], sum: 0, extension: await feedPrompt(step, prompt) }]
  const scores = new Map<number, ExactPhraseScore>()
  while (level.length > 0) {
    interrupt()
    const wanted = level.flatMap(({ node }, hypothesis) => [...trie.childTokens(node), endToken].map((token) => ({ hypothesis, token, amount: WANTED })))
    const most = Math.max(...level.map(({ node }) => trie.childCount(node))) + 1 + SPARE
    const { top, ...next } = await step(level.map(({ extension }) => extension), wanted, most)
    const grown: Path[] = []
    level.forEach((path, index) => {
      let ended = -Infinity
      for (let rank = index * top; rank < (index + 1) * top; rank++) {
        const [token, logProbability] = [next.tokens[rank]!, next.logProbabilities[rank]!]
        if (token === endToken || shapes.isPunctuation(token)) ended = logSum(ended, logProbability)
        const node = trie.step(path.node, token)
        if (node !== -1) grown.push({ node, tokens: [...path.tokens, token], logProbabilities: [...path.logProbabilities, logProbability], sum: path.sum + logProbability, extension: { parent: index, token } })
      }
      const phrase = trie.phraseAt(path.node)
      if (phrase !== -1) add(scores, { phrase, tokens: path.tokens, logProbabilities: [...path.logProbabilities, ended], logProbability: path.sum + ended })
    })
    const best = Math.max(...grown.map(({ sum }) => sum), ...[...scores.values()].map(({ logProbability }) => logProbability))
    level = grown.filter(({ sum }) => sum > best - hopeless)
  }
  return [...scores.values()].sort((a, b) => b.logProbability - a.logProbability)
}

/** Spellings of one phrase add up; the likeliest is how it is written. */
function add(scores: Map<number, ExactPhraseScore>, one: ExactPhraseScore): void {
  const known = scores.get(one.phrase)
  if (known === undefined) return void scores.set(one.phrase, one)
  const likelier = totalLogProbability(one.logProbabilities) > totalLogProbability(known.logProbabilities) ? one : known
  scores.set(one.phrase, { ...likelier, logProbability: logSum(known.logProbability, one.logProbability) })
}

function logSum(a: number, b: number): number {
  const high = Math.max(a, b)
  return high === -Infinity ? high : high + Math.log(Math.exp(a - high) + Math.exp(b - high))
}
