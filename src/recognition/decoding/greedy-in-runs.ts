/**
 * Greedy decoding with the loop inside the compiled graph: one run chooses many tokens, and deadlines and repetitions
 * are checked between runs. The result is that of `greedy`, token by token.
 *
 * Where a transcript of the same words is known already, it is a draft (speculative decoding; Leviathan et al. 2023,
 * arXiv:2211.17192): the decoder reads all of its tokens in one run and keeps those that it would have chosen itself.
 * So a pass over a clip that was decoded before costs a fraction of the first one.
 */
import { rewind, type Chosen, type GreedyTokens, type Sequence } from '../../engine/runtime/greedy-graph.js'
import type { DecodedTokens } from './greedy.js'
import { repeatedTail } from './limits.js'

/** Feeds the next tokens of the sequence, and chooses at least one and at most `maxTokens` more. */
export type GraphRun = (maxTokens: number) => Promise<Chosen>

/** Five seconds of fast speech at 6.5 tokens a second. A cancelled decode continues for at most this many tokens. */
const TOKENS_PER_RUN = 32

export interface GreedyRunsOptions {
  /** With the prompt as its next tokens. */
  readonly sequence: Sequence
  /** Tokens that are expected; none when empty. */
  readonly draft?: readonly number[]
  readonly endToken: number
  readonly budget: number
  /** Most tokens of one run. */
  readonly tokensPerRun?: number
  /** Called before every run; throws to end the decode. */
  readonly interrupt: () => void
}

export async function greedyInRuns(run: GraphRun, options: GreedyRunsOptions): Promise<DecodedTokens> {
  const { sequence, draft = [], endToken, budget, tokensPerRun = TOKENS_PER_RUN, interrupt } = options
  const transcript = new GrowingTranscript(endToken, budget)
  if (draft.length > 0) {
    interrupt()
    const ended = transcript.add(await acceptDraft(run, sequence, draft.slice(0, budget)))
    if (ended !== undefined) return ended
  }
  for (;;) {
    interrupt()
    const ended = transcript.add(await run(Math.min(tokensPerRun, budget - transcript.length)))
    if (ended !== undefined) return ended
  }
}

/** The choices up to the first that differs from the draft, which is the last of them. */
async function acceptDraft(run: GraphRun, sequence: Sequence, draft: readonly number[]): Promise<GreedyTokens> {
  const prompt = sequence.next.length
  sequence.next = [...sequence.next, ...draft]
  sequence.checked = draft.length + 1
  const { checked: { tokens, logProbabilities } } = await run(1)
  const different = tokens.findIndex((token, index) => token !== draft[index])
  const count = different < 0 ? tokens.length : different + 1
  rewind(sequence, prompt + count - 1)
  sequence.next = tokens.slice(count - 1, count)
  return { tokens: tokens.slice(0, count), logProbabilities: logProbabilities.slice(0, count) }
}

/** Tokens in the order in which they are chosen, and why they end. */
class GrowingTranscript {
  readonly #endToken: number
  readonly #budget: number
  readonly #tokens: number[] = []
  readonly #logProbabilities: number[] = []

  constructor(endToken: number, budget: number) {
    this.#endToken = endToken
    this.#budget = budget
  }

  get length(): number { return this.#tokens.length }

  /** The whole transcript where it ends with these, else undefined. */
  add({ tokens, logProbabilities }: GreedyTokens): DecodedTokens | undefined {
    for (const [index, token] of tokens.entries()) {
      this.#logProbabilities.push(logProbabilities[index]!)
      if (token === this.#endToken) return this.#ended('end_of_text', 0)
      this.#tokens.push(token)
      const repeated = repeatedTail(this.#tokens)
      if (repeated > 0) return this.#ended('repetition', repeated)
      if (this.length === this.#budget) return this.#ended('token_limit', 0)
    }
    return undefined
  }

  /** Without the repeated tokens at the end. */
  #ended(stopped: DecodedTokens['stopped'], repeated: number): DecodedTokens {
    const [tokens, logProbabilities] = [this.#tokens, this.#logProbabilities]
    if (repeated === 0) return { tokens, logProbabilities, stopped }
    const kept = tokens.length - repeated
    return { tokens: tokens.slice(0, kept), logProbabilities: logProbabilities.slice(0, kept), stopped }
  }
}
