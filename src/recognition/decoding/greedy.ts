/**
 * The autoregressive loop: always the likeliest token, until the end token, the budget or a loop.
 * It sees neither graphs nor caches; a family closes over those in its `Step`.
 */
import type { StopReason } from '../../domain/transcript.js'
import { repeatedTail } from './limits.js'
import { bestToken } from './logits.js'

/** Feeds tokens and answers the logits of what comes next, shape [vocabulary]. */
export type Step = (tokens: readonly number[]) => Promise<Float32Array>

export interface GreedyOptions {
  /** Fed at once before the first choice. */
  readonly prompt: readonly number[]
  readonly endToken: number
  readonly budget: number
  /** Never chosen. */
  readonly forbidden: ReadonlySet<number>
  /** Never chosen first, in addition. */
  readonly forbiddenFirst: ReadonlySet<number>
  /** Called before every step; throws to end the decode. */
  readonly interrupt: () => void
}

export interface Decoded {
  /** Without prompt and end token. */
  readonly tokens: readonly number[]
  /** One for each token, and one more for the end token when it was reached. */
  readonly logProbabilities: readonly number[]
  readonly stopped: StopReason
}

export async function greedy(step: Step, options: GreedyOptions): Promise<Decoded> {
  const tokens: number[] = []
  const logProbabilities: number[] = []
  let next: readonly number[] = options.prompt
  let forbidden: ReadonlySet<number> = new Set([...options.forbidden, ...options.forbiddenFirst])
  while (tokens.length < options.budget) {
    options.interrupt()
    const choice = bestToken(await step(next), forbidden)
    logProbabilities.push(choice.logProbability)
    if (choice.token === options.endToken) return { tokens, logProbabilities, stopped: 'end_of_text' }
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
