/**
 * The greedy loop where it lives in the graph: one run chooses many tokens, so what can only be looked at from outside
 * (deadlines, loops of the text) is looked at between runs. The answer is that of `greedy`, token by token.
 */
import type { Decoded } from './greedy.js'
import { repeatedTail } from './limits.js'

/** What one run chose, the end token included. */
export interface Chosen {
  readonly tokens: readonly number[]
  readonly logProbabilities: readonly number[]
}

/** Feeds tokens and chooses up to `most` more. The first run of a decode hears the audio, the others go on from there. */
export type Run = (tokens: readonly number[], most: number) => Promise<Chosen>

/** With 6.5 tokens a second, five seconds of quick speech. A decode that was called off goes on for so many at most. */
const TOKENS_PER_RUN = 32

export interface RunsOptions {
  /** Fed before the first choice. */
  readonly prompt: readonly number[]
  readonly endToken: number
  readonly budget: number
  /** Tokens of one run at most. */
  readonly tokensPerRun?: number
  /** Called before every run; throws to end the decode. */
  readonly interrupt: () => void
}

export async function greedyInRuns(run: Run, { prompt, endToken, budget, tokensPerRun = TOKENS_PER_RUN, interrupt }: RunsOptions): Promise<Decoded> {
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
        const kept = tokens.length - repeated
        return { tokens: tokens.slice(0, kept), logProbabilities: logProbabilities.slice(0, kept), stopped: 'repetition' }
      }
    }
    next = chosen.tokens.slice(-1)
  }
  return { tokens, logProbabilities, stopped: 'token_limit' }
}
