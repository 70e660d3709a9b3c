/** Words and tokens: compiles phrases for a tokenizer, finds word boundaries, and turns decoded tokens into text. */
import type { InterruptibleWork } from '../../domain/interruptible-work.js'
import { meanLogProbability, totalLogProbability } from '../../domain/log-probability.js'
import type { BeamSearchResult, Candidate, PhraseList } from '../../domain/phrases.js'
import { comparableText } from '../../domain/words.js'
import type { Tokenizer } from '../../engine/tokenizer.js'
import type { BeamResult, CompiledPhrases } from './beam-contract.js'
import type { DecodedTokens } from './greedy.js'
import type { TokenShapes } from './phrase-bias.js'
import { PhraseTrie, type TokenSequence } from './phrase-trie.js'

/** Spellings with more tokens are ignored. */
const MAX_SPELLING_TOKENS = 48
/** Phrases between two yields: some milliseconds. */
const PHRASES_PER_STEP = 64

/** In steps of some milliseconds. */
export function* compilePhrases(
  { phrases }: PhraseList, { encode }: Pick<Tokenizer, 'encode'>,
): InterruptibleWork<CompiledPhrases> {
  // By the rank of the spelling: "you" is the entry of that name rather than the letter U.
  const byRank: TokenSequence[][] = []
  const unspellable: number[] = []
  // Each word is encoded once: the words of a catalogue repeat.
  const known = new Map<string, readonly number[]>()
  const encodeWord = (word: string): readonly number[] => {
    const tokens = known.get(word) ?? encode(word)
    known.set(word, tokens)
    return tokens
  }
  for (const [phrase, { spellings }] of phrases.entries()) {
    if (phrase % PHRASES_PER_STEP === 0) yield
    const encoded = spellings.map((text) => encodeText(text, { encode: encodeWord }))
      .filter(({ length }) => length > 0 && length <= MAX_SPELLING_TOKENS)
    if (encoded.length === 0) unspellable.push(phrase)
    for (const [rank, tokens] of encoded.entries()) (byRank[rank] ??= []).push({ phrase, tokens })
  }
  const trie = yield* PhraseTrie.buildInSteps(byRank.flat())
  return { trie, weights: phrases.map(({ weight }) => weight), unspellable }
}

/** Words are encoded one by one, since no token spans a space. */
export function encodeText(text: string, { encode }: Pick<Tokenizer, 'encode'>): readonly number[] {
  return text.split(' ').filter((word) => word !== '').flatMap(encode)
}

/** Cached by token: a search asks for the same few thousand tokens. */
export function tokenShapesOf({ piece }: Pick<Tokenizer, 'piece'>): TokenShapes {
  const known = new Map<number, TokenShape>()
  const shapeOf = (token: number): TokenShape => {
    const shape = known.get(token) ?? shapeOfPiece(piece(token))
    known.set(token, shape)
    return shape
  }
  return { beginsWord: (token) => shapeOf(token).beginsWord, isPunctuation: (token) => shapeOf(token).isPunctuation }
}

interface TokenShape { readonly beginsWord: boolean; readonly isPunctuation: boolean }

function shapeOfPiece(piece: string): TokenShape {
  const text = piece.replace(/^[▁Ġ]/, '')
  const isByte = /^<0x/.test(piece)
  return { beginsWord: text !== piece, isPunctuation: !/[\p{Letter}\p{Number}]/u.test(text) && !isByte }
}

type TextHypothesis = DecodedTokens & { readonly text: string } & Partial<BeamSearchResult>

/** Adds the text, and after a beam search the alternatives. */
export function asHypothesis(
  decoded: DecodedTokens | BeamResult, { decode }: Pick<Tokenizer, 'decode'>,
): TextHypothesis {
  const { tokens, logProbabilities, stopped } = decoded
  const plain = { tokens, logProbabilities, stopped, text: decode(tokens) }
  if (!('hypotheses' in decoded)) return plain
  const alternatives = decoded.hypotheses.map((one): Candidate => ({
    text: decode(one.tokens),
    confidence: Math.exp(meanLogProbability(one.logProbabilities)),
    logProbability: totalLogProbability(one.logProbabilities),
    phrases: one.phrases,
    tokens: one.tokens,
    logProbabilities: one.logProbabilities,
    biasScore: one.biasScore,
    wholePhrase: one.wholePhrase,
  }))
  const { phraseScores, phraseScoring, wholePhrase, biasScore, unbiased, nBest } = decoded
  const unbiasedText = decode(unbiased.tokens)
  return {
    ...plain, phraseScores, phraseScoring, wholePhrase, biasScore,
    unbiasedLogProbabilities: unbiased.logProbabilities,
    unbiasedText: unbiasedText === plain.text ? null : unbiasedText,
    alternatives: withDifferentWords(alternatives).slice(0, nBest),
  }
}

/** Of alternatives with the same words, the best one, with the phrases that were found in any of them. */
function withDifferentWords(alternatives: readonly Candidate[]): Candidate[] {
  const byWords = new Map<string, Candidate>()
  for (const one of alternatives) {
    const words = comparableText(one.text)
    const best = byWords.get(words)
    const phrases = best === undefined || best.phrases.length === 0 ? one.phrases : best.phrases
    byWords.set(words, { ...best ?? one, phrases })
  }
  return [...byWords.values()]
}
