/**
 * Greedy decoding with the loop inside the compiled graph: one run chooses many tokens, and deadlines and repetitions
 * are checked between runs. The result is that of `greedy`, token by token.
 */
import type { DecodedTokens } from './greedy.js'
import { repeatedTail } from './limits.js'

/** What one run chose, the end token included. */
export interface ChosenTokens {
  readonly tokens: readonly number[]
  /** One for each token. */
  readonly logProbabilities: readonly number[]
}

/** Feeds tokens and chooses up to `most` more. The first run of a decode encodes the audio, the others continue it. */
export type GraphRun = (tokens: readonly number[], most: number) => Promise<ChosenTokens>

/** Five seconds of fast speech at 6.5 tokens a second. A cancelled decode continues for at most this many tokens. */
const TOKENS_PER_RUN = 32

export interface GreedyRunsOptions {
  /** Fed before the first choice. */
  readonly prompt: readonly number[]
  readonly endToken: number
  readonly budget: number
  /** Most tokens of one run. */
  readonly tokensPerRun?: number
  /** Called before every run; throws to end the decode. */
  readonly interrupt: () => void
}

export async function greedyInRuns(run: GraphRun, options: GreedyRunsOptions): Promise<DecodedTokens> {
  const { prompt, endToken, budget, tokensPerRun = TOKENS_PER_RUN, interrupt } = options
  const tokens: number[] = []
  const logProbabilities: number[] = []
  let next = prompt
  while (tokens.length < budget) {
    interrupt()
    const most = Math.min(tokensPerRun, budget - tokens.length)
    const chosen = await run(next, most)
    for (const [index, token] of chosen.tokens.entries()) {
      logProbabilities.push(chosen.logProbabilities[index]!)
      if (token === endToken) return { tokens, logProbabilities, stopped: 'end_of_text' }
      tokens.push(token)
      const repeated = repeatedTail(tokens)
      if (repeated > 0) {
        const kept = logProbabilities.slice(0, tokens.length - repeated)
        return { tokens: tokens.slice(0, kept.length), logProbabilities: kept, stopped: 'repetition' }
      }
    }
    next = chosen.tokens.slice(-1)
  }
  return { tokens, logProbabilities, stopped: 'token_limit' }
}
