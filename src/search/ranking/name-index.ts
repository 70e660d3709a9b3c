/**
 * An index of names: from a hundred thousand, it retrieves the few dozen candidates of an utterance in well under
 * a millisecond. Ranking compares the candidates alone.
 *
 * A candidate is a name that equals a span of the utterance, sounds like one, or shares much with the utterance. The
 * last uses an inverted index of words, and of trigrams over consonants, since a word may be recognized as two or two
 * as one. A full-text library (minisearch 7.2) took 34 ms for a query and at worst 250 ms with as many names, because
 * it scores every document that shares a word; this index counts the rarest keys first, up to a budget.
 */
import { SpeechError } from '../../domain/errors.js'
import { normalizeForSearch } from '../../domain/scoring/normalize.js'
import type { InterruptibleWork } from '../../domain/interruptible-work.js'
import { Postings } from './postings.js'
import { joinPhoneticKeys, phoneticKeyOf, type PhoneticKey } from './phonetic-key.js'

/** A name or an alias of an entry. */
export interface Name {
  /** Index of the entry. */
  readonly entry: number
  /** Normalized, with single spaces. */
  readonly words: string
  readonly sound: PhoneticKey
}

/** Consecutive words of an utterance. */
export interface WordSpan {
  readonly length: number
  /** With single spaces. */
  readonly words: string
  /** Without spaces. */
  readonly letters: string
  readonly sound: PhoneticKey
  /** Share of the letters of the utterance. */
  readonly coverage: number
}

/** The whole utterance first, then all spans up to a maximum length. Empty without words. */
export type Utterance = readonly WordSpan[]

const MAX_CHARACTERS = 1_000
/** Of an utterance; voice queries have four on average. */
const MAX_WORDS = 32
/** Longest span that is looked up. */
const MAX_SPAN_WORDS = 8
/** Names that equal a span, or sound like it. */
const MAX_NAMES_PER_SPAN = 8
/** Names that share pieces. */
const MAX_ALIKE = 40
/** Budget of postings that are counted for one utterance. */
const MAX_POSTINGS = 10_000
/** Minimum score of shared pieces; equal names have 1 + PART_WEIGHT. */
const MIN_SHARED = 0.5
/** Distinct words and trigrams of an index; 100,000 names in Chinese have a million. */
const MAX_PIECES = 4_000_000
/** Weight of the overlap relative to the shorter one, so that parts are found. */
const PART_WEIGHT = 0.9

/** Utterances and names are normalized by the rules of English: numbers as digits, spellings, contractions. */
export function toUtterance(text: string): Utterance {
  const words = normalizeForSearch(text.slice(0, MAX_CHARACTERS)).slice(0, MAX_WORDS)
  if (words.length === 0) return []
  const sounds = words.map((word) => phoneticKeyOf([word]))
  const all = words.join('').length
  const span = (start: number, end: number): WordSpan => {
    const letters = words.slice(start, end).join('')
    const sound = joinPhoneticKeys(sounds.slice(start, end))
    return {
      length: end - start, words: words.slice(start, end).join(' '), letters, sound, coverage: letters.length / all,
    }
  }
  const spans = [span(0, words.length)]
  for (let start = 0; start < words.length; start++) {
    for (let end = start + 1; end <= Math.min(words.length, start + MAX_SPAN_WORDS); end++) {
      if (end - start < words.length) spans.push(span(start, end))
    }
  }
  return spans
}

/** Words beyond the maximum length of an utterance are dropped. */
export function toName(entry: number, text: string): Name {
  let characters = -1
  const words = normalizeForSearch(text).filter((word) => (characters += 1 + word.length) <= MAX_CHARACTERS)
  return { entry, words: words.join(' '), sound: phoneticKeyOf(words) }
}

export class NameIndex {
  readonly names: readonly Name[]
  readonly #byWords = new Postings({ most: MAX_NAMES_PER_SPAN, beyond: 'cut' })
  readonly #byConsonants = new Postings({ most: MAX_NAMES_PER_SPAN, beyond: 'cut' })
  /** Lists longer than the budget of an utterance are never read. */
  readonly #byPiece = new Postings({ most: MAX_POSTINGS, beyond: 'drop' })
  /** Number of pieces of each name. */
  readonly #pieces: Uint16Array
  /** Scratch: pieces that each name shares with the utterance; all zero between two calls. */
  readonly #shared: Uint16Array

  private constructor(names: readonly Name[]) {
    this.names = names
    this.#pieces = new Uint16Array(names.length)
    this.#shared = new Uint16Array(names.length)
  }

  /**
   * One step per name and round. Names must be in the order of their entries; names of equal similarity keep that
   * order, so it should not depend on the order of a file. Throws CATALOGUE_TOO_LARGE.
   */
  static* build(names: readonly Name[]): InterruptibleWork<NameIndex> {
    const index = new NameIndex(names)
    for (let at = 0; at < names.length; at++) {
      index.#countName(at)
      yield
    }
    for (const postings of [index.#byWords, index.#byConsonants, index.#byPiece]) yield* postings.allocate()
    for (let at = 0; at < names.length; at++) {
      index.#fillName(at)
      yield
    }
    return index
  }

  #countName(at: number): void {
    const { words, sound } = this.names[at]!
    if (words === '') return
    this.#byWords.count(words)
    this.#byConsonants.count(sound.consonants)
    const pieces = piecesOf(words, sound.consonants)
    this.#pieces[at] = pieces.size
    for (const piece of pieces) this.#byPiece.count(piece)
    if (this.#byPiece.size <= MAX_PIECES) return
    const detail = `its names have more than ${MAX_PIECES} different words and sounds`
    throw new SpeechError('CATALOGUE_TOO_LARGE', detail)
  }

  #fillName(at: number): void {
    const { words, sound } = this.names[at]!
    if (words === '') return
    this.#byWords.fill(words, at)
    this.#byConsonants.fill(sound.consonants, at)
    for (const piece of piecesOf(words, sound.consonants)) this.#byPiece.fill(piece, at)
  }

  /** Indices of the names of an entry, which are adjacent. */
  namesOf(entry: number): number[] {
    let first = 0
    for (let end = this.names.length; first < end;) {
      const middle = (first + end) >> 1
      if (this.names[middle]!.entry < entry) first = middle + 1
      else end = middle
    }
    let past = first
    while (this.names[past]?.entry === entry) past++
    return Array.from({ length: past - first }, (_, offset) => first + offset)
  }

  /** Unique indices of names, ascending. */
  candidates(utterance: Utterance): number[] {
    const found = new Set<number>()
    for (const { words, sound } of utterance) {
      for (const at of this.#byWords.valuesOf(this.#byWords.find(words))) found.add(at)
      for (const at of this.#byConsonants.valuesOf(this.#byConsonants.find(sound.consonants))) found.add(at)
    }
    const [whole] = utterance
    if (whole !== undefined) for (const at of this.#similar(whole)) found.add(at)
    return [...found].sort((a, b) => a - b)
  }

  /**
   * By shared pieces, relative to the mean size of both (Dice), and to the smaller one (overlap), so that parts are
   * found.
   */
  #similar({ words, sound }: WordSpan): number[] {
    const pieces = piecesOf(words, sound.consonants)
    const similar: { readonly at: number; readonly share: number }[] = []
    for (const at of this.#count(pieces)) {
      const [shared, own] = [this.#shared[at]!, this.#pieces[at]!]
      const share = 2 * shared / (own + pieces.size) + PART_WEIGHT * shared / Math.min(own, pieces.size)
      if (share >= MIN_SHARED) similar.push({ at, share })
      this.#shared[at] = 0
    }
    return similar.sort((a, b) => b.share - a.share || a.at - b.at).slice(0, MAX_ALIKE).map(({ at }) => at)
  }

  /** Counts shared pieces, rarest first, and returns the indices of names that share any. */
  #count(pieces: ReadonlySet<string>): number[] {
    const touched: number[] = []
    let budget = MAX_POSTINGS
    const known = [...pieces].map((piece) => this.#byPiece.find(piece)).filter((number) => number !== -1)
    for (const number of known.sort((a, b) => this.#byPiece.countOf(a) - this.#byPiece.countOf(b))) {
      budget -= this.#byPiece.countOf(number)
      if (budget < 0) break
      for (const at of this.#byPiece.valuesOf(number)) if (this.#shared[at]!++ === 0) touched.push(at)
    }
    return touched
  }
}

/** Words, and trigrams of consonants with markers at both ends, so that short names have trigrams. */
function piecesOf(words: string, consonants: string): Set<string> {
  const framed = `<${consonants}>`
  const pieces = new Set(words.split(' '))
  for (let at = 0; at + 3 <= framed.length; at++) pieces.add(`~${framed.slice(at, at + 3)}`)
  return pieces
}
