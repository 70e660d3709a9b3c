/** Between words and tokens, for a search: phrases made ready, what tokens do to words, and transcripts as text. */
import { meanLogProbability, totalLogProbability } from '../../domain/log-probability.js'
import type { Alternative, PhraseList, BeamSearchResult } from '../../domain/phrases.js'
import type { InterruptibleWork } from '../../domain/interruptible-work.js'
import { comparableText } from '../../domain/words.js'
import type { TokenShapes } from './bias.js'
import type { Decoded } from './greedy.js'
import { PhraseTrie, type TokenSequence } from './phrase-trie.js'
import type { CompiledPhrases, BeamDecoded } from './search-contract.js'

/** As much of a tokenizer as is needed here. */
interface Spelling {
  encode(text: string): readonly number[]
  decode(tokens: readonly number[]): string
  piece(token: number): string
}

/** A phrase of more tokens is no phrase; spellings beyond are left out. */
const MOST_TOKENS = 48
const PHRASES_OF_A_STEP = 64

/** In steps of some milliseconds. */
export function* compilePhrases({ phrases }: PhraseList, { encode }: Pick<Spelling, 'encode'>): InterruptibleWork<CompiledPhrases> {
  const sequences: TokenSequence[] = []
  const unspellable: number[] = []
  // No token reaches over a space, so words are spelled one by one, and each once: catalogues repeat their words.
  const words = new Map<string, readonly number[]>()
  const spell = (text: string): readonly number[] => text.split(' ').filter((word) => word !== '').flatMap((word) => {
    const known = words.get(word) ?? encode(word)
    words.set(word, known)
    return known
  })
  for (const [phrase, { spellings }] of phrases.entries()) {
    if (phrase % PHRASES_OF_A_STEP === 0) yield
    const written = spellings.map(spell).filter(({ length }) => length > 0 && length <= MOST_TOKENS)
    if (written.length === 0) unspellable.push(phrase)
    for (const tokens of written) sequences.push({ phrase, tokens })
  }
  return { trie: yield* PhraseTrie.buildInSteps(sequences), weights: phrases.map(({ weight }) => weight), unspellable }
}

/** Remembered by token: the same few thousand are asked about again and again. */
export function shapesOf({ piece }: Pick<Spelling, 'piece'>): TokenShapes {
  const known = new Map<number, { readonly begins: boolean; readonly punctuation: boolean }>()
  const shapeOf = (token: number): { readonly begins: boolean; readonly punctuation: boolean } => {
    const text = piece(token)
    const shape = known.get(token) ?? { begins: /^[▁Ġ]/.test(text), punctuation: !/[\p{Letter}\p{Number}]/u.test(text.replace(/^[▁Ġ]/, '')) && !/^<0x/.test(text) }
    known.set(token, shape)
    return shape
  }
  return { beginsWord: (token) => shapeOf(token).begins, isPunctuation: (token) => shapeOf(token).punctuation }
}

type Worded = Decoded & { readonly text: string } & Partial<BeamSearchResult>

/** Readings are of different words: of those that differ in capitals and marks alone the best stands, with the phrases heard in any. */
export function asHypothesis(decoded: Decoded | BeamDecoded, { decode }: Pick<Spelling, 'decode'>): Worded {
  const { tokens, logProbabilities, stopped } = decoded
  const plain = { tokens, logProbabilities, stopped, text: decode(tokens) }
  if (!('found' in decoded)) return plain
  const alternatives = decoded.found.map(({ tokens: own, logProbabilities: each, phrases }): Alternative => (
    { text: decode(own), confidence: Math.exp(meanLogProbability(each)), logProbability: totalLogProbability(each), phrases }
  ))
  return { ...plain, phraseScores: decoded.phraseScores, biasScore: decoded.biasScore, unbiasedMeanLogProbability: decoded.unbiasedMeanLogProbability, changedByBiasing: decoded.changedByBiasing, alternatives: ofDifferentWords(alternatives).slice(0, decoded.nBest) }
}

function ofDifferentWords(alternatives: readonly Alternative[]): Alternative[] {
  const best = new Map<string, Alternative>()
  for (const one of alternatives) {
    const words = comparableText(one.text)
    const better = best.get(words)
    best.set(words, better === undefined ? one : { ...better, phrases: better.phrases.length > 0 ? better.phrases : one.phrases })
  }
  return [...best.values()]
}
