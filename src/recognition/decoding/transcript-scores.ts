/**
 * The log-probability of given transcripts of a clip, by forced decoding (teacher forcing): the decoder reads all
 * tokens of a transcript in one run, and the probabilities that it gives to each of them are multiplied.
 */
import { totalLogProbability } from '../../domain/log-probability.js'
import { comparableText } from '../../domain/words.js'
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

/** What the model decoded itself, and how it scores other transcripts. */
export interface ScoringModel {
  readonly tokens: readonly number[]
  readonly logProbabilities: readonly number[]
  readonly tokenizer: Pick<Tokenizer, 'encode' | 'decode'>
  readonly score: ScoreTokens
  readonly interrupt: () => void
}

/**
 * In the order of `texts`; −Infinity where a text has no tokens. A text with the words of the decoded one has the score
 * of that.
 */
export async function scoreTranscripts(
  texts: readonly string[], { tokens, logProbabilities, tokenizer, score, interrupt }: ScoringModel,
): Promise<number[]> {
  const decoded = texts.length === 0 ? '' : comparableText(tokenizer.decode(tokens))
  const scores: number[] = []
  for (const text of texts) {
    interrupt()
    if (comparableText(text) === decoded) {
      scores.push(totalLogProbability(logProbabilities))
      continue
    }
    const given = encodeText(text.replace(FINAL_FULL_STOPS, ''), tokenizer)
    scores.push(given.length === 0 ? -Infinity : totalLogProbability(await score(given)))
  }
  return scores
}
