/**
 * The log-probability of given transcripts of a clip, by forced decoding (teacher forcing): the decoder reads all
 * tokens of a transcript in one run, and the probabilities that it gives to each of them are multiplied.
 */
import { totalLogProbability } from '../../domain/log-probability.js'
import type { Tokenizer } from '../../engine/tokenizer.js'
import { encodeText } from './phrases.js'

/** Log-probabilities of the tokens, and of the end of the text after them. */
export type ScoreTokens = (tokens: readonly number[]) => Promise<readonly number[]>

/** Full stops are no part of a transcript: some models write them and some do not. */
const FINAL_FULL_STOPS = /[.?!]+$/

/** The tokens that may stand before the end of a text without being part of it. */
export function fullStopsOf({ encode, piece }: Pick<Tokenizer, 'encode' | 'piece'>): number[] {
  return ['.', '?', '!'].flatMap((mark) => encode(`a${mark}`).slice(-1).filter((token) => piece(token) === mark))
}

/** In the order of `texts`; −Infinity where a text has no tokens. */
export async function scoreTranscripts(
  texts: readonly string[], tokenizer: Pick<Tokenizer, 'encode'>, score: ScoreTokens, interrupt: () => void,
): Promise<number[]> {
  const scores: number[] = []
  for (const text of texts) {
    interrupt()
    const tokens = encodeText(text.replace(FINAL_FULL_STOPS, ''), tokenizer)
    scores.push(tokens.length === 0 ? -Infinity : totalLogProbability(await score(tokens)))
  }
  return scores
}
