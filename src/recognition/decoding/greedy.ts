/**
 * Greedy decoding, step by step: the most probable token each time, until the end token, the budget or a repetition.
 * Graphs and caches are behind `Step`.
 */
import type { StopReason } from '../../domain/transcript.js'
import { repeatedTail } from './limits.js'
import { bestToken } from './logits.js'

/** Feeds tokens and returns the logits of the next one, shape [vocabulary]. */
export type Step = (tokens: readonly number[]) => Promise<Float32Array>

export interface GreedyOptions {
  /** Fed in one step before the first choice. */
  readonly prompt: readonly number[]
  readonly endToken: number
  /** Most tokens. */
  readonly budget: number
  /** Never chosen. */
  readonly forbidden: ReadonlySet<number>
  /** Not chosen as the first token, in addition. */
  readonly forbiddenFirst: ReadonlySet<number>
  /** Called before every step; throws to end the decode. */
  readonly interrupt: () => void
}

export interface DecodedTokens {
  /** Without prompt and end token. */
  readonly tokens: readonly number[]
  /** Natural logarithms, one for each token, and one more for the end token when it was reached. */
  readonly logProbabilities: readonly number[]
  readonly stopped: StopReason
}

export async function greedy(step: Step, options: GreedyOptions): Promise<DecodedTokens> {
  const { endToken, budget, interrupt } = options
  const tokens: number[] = []
  const logProbabilities: number[] = []
  let next: readonly number[] = options.prompt
  let forbidden: ReadonlySet<number> = new Set([...options.forbidden, ...options.forbiddenFirst])
  while (tokens.length < budget) {
    interrupt()
    const choice = bestToken(await step(next), forbidden)
    logProbabilities.push(choice.logProbability)
    if (choice.token === endToken) return { tokens, logProbabilities, stopped: 'end_of_text' }
    tokens.push(choice.token)
    const repeated = repeatedTail(tokens)
    if (repeated > 0) {
      const kept = tokens.length - repeated
      return { tokens: tokens.slice(0, kept), logProbabilities: logProbabilities.slice(0, kept), stopped: 'repetition' }
    }
    next = [choice.token]
    forbidden = options.forbidden
  }
  return { tokens, logProbabilities, stopped: 'token_limit' }
}
