/**
 * The log-probability and the bytes of each token of a hypothesis, for clients that ask for them
 * (`include[]=logprobs` of OpenAI's API). Special tokens and the end of the text have no bytes and are left out.
 */
import type { TokenLogProbability } from '../../domain/transcript.js'
import type { Tokenizer } from '../../engine/tokenizer.js'
import type { DecodedTokens } from './greedy.js'

export function tokenLogProbabilitiesOf(
  { tokens, logProbabilities }: Pick<DecodedTokens, 'tokens' | 'logProbabilities'>, tokenizer: Pick<Tokenizer, 'bytes'>,
): TokenLogProbability[] {
  return tokens.flatMap((token, index) => {
    const bytes = tokenizer.bytes(token)
    if (bytes.length === 0) return []
    const text = Buffer.from(bytes).toString('utf8')
    return [{ token: text, logProbability: logProbabilities[index]!, bytes: [...bytes] }]
  })
}
