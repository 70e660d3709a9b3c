/**
 * The log-probability of given transcripts of a clip, by forced decoding (teacher forcing): the decoder reads all
 * tokens of several transcripts in one run, and the probabilities that it gives to those of each are multiplied.
 */
import { totalLogProbability } from '../../domain/log-probability.js'
import { comparableText } from '../../domain/words.js'
import type { Tokenizer } from '../../engine/tokenizer.js'
import type { DecodedTokens } from './greedy.js'
import { encodeText } from './phrases.js'

/** Of each text: log-probabilities of its tokens, and of the end of the text after them. */
export type ScoreTokens = (texts: readonly (readonly number[])[]) => Promise<readonly (readonly number[])[]>

/**
 * Most tokens of one run, all texts together unless one alone has more: the logits of each take up to 200 kB, several
 * times.
 */
const TOKENS_OF_A_RUN = 96
/** Full stops are no part of a transcript: some models write them and some do not. */
const FINAL_FULL_STOPS = /[.?!]+$/

/** A given transcript as if it had been decoded. It has at least one token. */
export async function asDecoded(tokens: readonly number[], score: ScoreTokens): Promise<DecodedTokens> {
  const [logProbabilities] = await score([tokens])
  return { tokens, logProbabilities: logProbabilities!, stopped: 'end_of_text' }
}

/** The tokens that may stand before the end of a text without being part of it. */
export function fullStopsOf({ encode, piece }: Pick<Tokenizer, 'encode' | 'piece'>): number[] {
  return ['.', '?', '!'].flatMap((mark) => encode(`a${mark}`).slice(-1).filter((token) => piece(token) === mark))
}

/** What the model decoded itself, and how it scores other transcripts. */
export interface ScoringModel {
  readonly decoded: Pick<DecodedTokens, 'tokens' | 'logProbabilities'>
  readonly tokenizer: Pick<Tokenizer, 'encode' | 'decode'>
  readonly score: ScoreTokens
  readonly interrupt: () => void
}

/**
 * In the order of `texts`; −Infinity where a text has no tokens. A text with the words of the decoded one has the score
 * of that.
 */
export async function scoreTranscripts(
  texts: readonly string[], { decoded, tokenizer, score, interrupt }: ScoringModel,
): Promise<number[]> {
  const scores = texts.map(() => -Infinity)
  const decodedWords = texts.length === 0 ? '' : comparableText(tokenizer.decode(decoded.tokens))
  const others: { readonly index: number; readonly tokens: readonly number[] }[] = []
  for (const [index, text] of texts.entries()) {
    if (comparableText(text) === decodedWords) {
      scores[index] = totalLogProbability(decoded.logProbabilities)
      continue
    }
    const given = encodeText(text.replace(FINAL_FULL_STOPS, ''), tokenizer)
    if (given.length > 0) others.push({ index, tokens: given })
  }
  for (const batch of inBatches(others)) {
    interrupt()
    const scored = await score(batch.map((one) => one.tokens))
    for (const [at, { index }] of batch.entries()) scores[index] = totalLogProbability(scored[at]!)
  }
  return scores
}

/** In their order; a batch is as wide as its longest text. */
function inBatches<Text extends { readonly tokens: readonly number[] }>(texts: readonly Text[]): Text[][] {
  const batches: Text[][] = []
  let longest = 0
  for (const text of texts) {
    const batch = batches.at(-1)
    const width = Math.max(longest, text.tokens.length)
    const fits = batch !== undefined && width * (batch.length + 1) <= TOKENS_OF_A_RUN
    longest = fits ? width : text.tokens.length
    if (fits) batch.push(text)
    else batches.push([text])
  }
  return batches
}
