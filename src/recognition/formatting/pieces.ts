/**
 * A text as pieces, so that rules can rewrite it while everything that belongs to its words follows: each piece knows
 * which words of the model it stands for. A piece has no white space at first; a rule may join several into one.
 */
import type { Word } from '../../domain/words.js'

/** A part of the text; `from` to `to` are the words of the model (separated by white space) it stands for. */
export interface Piece {
  readonly text: string
  readonly from: number
  readonly to: number
}

/** A rewriting of `count` pieces, at least one; an empty text removes them. */
export interface Rewriting {
  readonly count: number
  readonly text: string
}

export function piecesOf(text: string): Piece[] {
  return wordsIn(text).map((word, index) => ({ text: word, from: index, to: index + 1 }))
}

export function textOf(pieces: readonly Piece[]): string {
  return pieces.map(({ text }) => text).join(' ')
}

/** Tries `rewriteAt` at each piece from left to right and continues behind what it rewrote. */
export function rewrite(
  pieces: readonly Piece[], rewriteAt: (at: number) => Rewriting | undefined,
): Piece[] {
  const done: Piece[] = []
  for (let at = 0; at < pieces.length;) {
    const { count, text } = rewriteAt(at) ?? { count: 1, text: pieces[at]!.text }
    const [first, last] = [pieces[at]!, pieces[at + count - 1]!]
    done.push({ text, from: first.from, to: last.to })
    at += count
  }
  return withoutEmpty(done)
}

/** What an empty piece stands for goes to the next piece, or to the last one. */
function withoutEmpty(pieces: readonly Piece[]): Piece[] {
  const kept: Piece[] = []
  let from: number | undefined
  for (const piece of pieces) {
    if (piece.text === '') {
      from ??= piece.from
      continue
    }
    kept.push({ ...piece, from: from ?? piece.from })
    from = undefined
  }
  const last = kept.pop()
  if (last !== undefined) kept.push({ ...last, to: pieces.at(-1)!.to })
  return kept
}

/** A piece without the punctuation around it: `lead + core + trail` is its text. */
export interface Token {
  readonly lead: string
  readonly core: string
  readonly trail: string
}

const AROUND = /^([^\p{L}\p{N}$£€#+]*)(.*?)([^\p{L}\p{N}%°]*)$/su

export function tokenOf(text: string): Token {
  const [, lead = '', core = '', trail = ''] = AROUND.exec(text) ?? []
  return { lead, core, trail }
}

/**
 * The words of a text after it was rewritten to pieces. Words that a piece joins become one word: its time is from the
 * first to the last, its log-probability the sum, its confidence that of all their tokens. What was not rewritten keeps
 * its words, also where the script has no spaces and a piece has several.
 *
 * `text` is what the pieces were made of; the letters of the words are those of the text, in order.
 */
export function rewriteWords(words: readonly Word[], text: string, pieces: readonly Piece[]): Word[] {
  const original = wordsIn(text)
  const ends = cumulated(original.map((word) => word.length))
  const wordEnds = cumulated(words.map((word) => word.text.replace(/\s+/g, '').length))
  const done: Word[] = []
  let [begun, next] = [0, 0]
  let written: string[] = []
  let isRewritten = false
  for (const [index, piece] of pieces.entries()) {
    written.push(piece.text)
    isRewritten ||= piece.to - piece.from !== 1 || piece.text !== original[piece.from]
    const isLast = index === pieces.length - 1
    const end = isLast ? Infinity : ends[piece.to - 1]!
    while (next < words.length && wordEnds[next]! <= end) next++
    // A word that ends inside the next piece belongs to both.
    const isWhole = isLast || (next > begun && wordEnds[next - 1] === end)
    if (!isWhole || next === begun) continue
    done.push(...isRewritten ? [joined(words.slice(begun, next), written.join(' '))] : words.slice(begun, next))
    begun = next
    written = []
    isRewritten = false
  }
  return done
}

function joined(words: readonly Word[], text: string): Word {
  const [first, last] = [words[0]!, words.at(-1)!]
  const logProbability = words.reduce((sum, word) => sum + word.logProbability, 0)
  const tokens = words.reduce((sum, word) => sum + tokensOf(word), 0)
  const confidence = Math.exp(logProbability / tokens)
  return { text, startSeconds: first.startSeconds, endSeconds: last.endSeconds, confidence, logProbability }
}

/** Number of tokens, by the sum and the mean of their log-probabilities. */
function tokensOf({ logProbability, confidence }: Word): number {
  const mean = Math.log(confidence)
  return mean < 0 && Number.isFinite(mean) ? Math.max(1, Math.round(logProbability / mean)) : 1
}

function wordsIn(text: string): string[] {
  return text.split(/\s+/u).filter((word) => word !== '')
}

function cumulated(lengths: readonly number[]): number[] {
  let sum = 0
  return lengths.map((length) => sum += length)
}
