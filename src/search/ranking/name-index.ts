/**
 * Names by what they are made of: from a hundred thousand, the few dozen that an utterance can mean, in well under a
 * millisecond. Ranking looks at those alone.
 *
 * Three ways in: a stretch of the utterance is a name; it sounds like one; or it shares much with one. The last is an
 * inverted index of words, and of trigrams over consonants, since words may be heard as one or apart. A full-text library
 * (minisearch 7.2) took 34 ms for a query and at worst 250 ms with as many names, because it scores every document
 * that shares a word; here what is rarest is counted first, and no more than a budget of it.
 */
import { SpeechError } from '../../domain/errors.js'
import { normalizeText } from '../../domain/scoring/normalize.js'
import type { InterruptibleWork } from '../../domain/interruptible-work.js'
import { Postings } from './postings.js'
import { joinPhoneticKeys, phoneticKeyOf, type PhoneticKey } from './phonetic-key.js'

/** One way in which one entry may be called. */
export interface Name {
  /** Index of the entry. */
  readonly entry: number
  /** Normalized, with single blanks. */
  readonly words: string
  readonly sound: PhoneticKey
}

/** Words of an utterance in a row, as they are looked up and compared. */
export interface WordSpan {
  readonly length: number
  /** With single blanks. */
  readonly words: string
  /** Without blanks. */
  readonly letters: string
  readonly sound: PhoneticKey
  /** Its share of the letters of the utterance. */
  readonly coverage: number
}

/** All stretches of some length, and the whole first. Empty when there are no words. */
export type Utterance = readonly WordSpan[]

const MOST_CHARACTERS = 1_000
/** Of an utterance; voice search has four. */
const MOST_WORDS = 32
/** Longest stretch that is looked up as a whole. */
const MOST_WORDS_OF_A_STRETCH = 8
/** Names that a stretch may be, or sound like. */
const MOST_OF_A_STRETCH = 8
/** Names by shared pieces. */
const MOST_ALIKE = 40
/** Entries of the inverted index that are counted for one utterance. */
const MOST_POSTINGS = 10_000
/** Of what they share, against what each has: below, nothing is alike. Equal names come to 1 + PART_WEIGHS. */
const LEAST_SHARED = 0.5
/** Different words and trigrams of an index; 100,000 names in Chinese have a million. */
const MOST_PIECES = 4_000_000
/** One that lies wholly inside the other, against two that are as long. */
const PART_WEIGHS = 0.9

/** Utterances and names are made alike by the rules of English: numbers as digits, spellings, contractions. */
export function toUtterance(text: string): Utterance {
  const words = normalizeText(text.slice(0, MOST_CHARACTERS), 'en').slice(0, MOST_WORDS)
  if (words.length === 0) return []
  const sounds = words.map((word) => phoneticKeyOf([word]))
  const all = words.join('').length
  const stretch = (start: number, end: number): WordSpan => {
    const letters = words.slice(start, end).join('')
    const sound = joinPhoneticKeys(sounds.slice(start, end))
    return { length: end - start, words: words.slice(start, end).join(' '), letters, sound, coverage: letters.length / all }
  }
  const stretches = [stretch(0, words.length)]
  for (let start = 0; start < words.length; start++) {
    for (let end = start + 1; end <= Math.min(words.length, start + MOST_WORDS_OF_A_STRETCH); end++) {
      if (end - start < words.length) stretches.push(stretch(start, end))
    }
  }
  return stretches
}

/** A name that normalization makes longer than an utterance can be is cut. */
export function toName(entry: number, text: string): Name {
  let characters = -1
  const words = normalizeText(text, 'en').filter((word) => (characters += 1 + word.length) <= MOST_CHARACTERS)
  return { entry, words: words.join(' '), sound: phoneticKeyOf(words) }
}

export class NameIndex {
  readonly names: readonly Name[]
  readonly #byWords = new Postings({ most: MOST_OF_A_STRETCH, beyond: 'cut' })
  readonly #byConsonants = new Postings({ most: MOST_OF_A_STRETCH, beyond: 'cut' })
  /** One that is longer than what is counted for an utterance is never read. */
  readonly #byPiece = new Postings({ most: MOST_POSTINGS, beyond: 'drop' })
  /** How many pieces each name has. */
  readonly #pieces: Uint16Array
  /** How many of those of the utterance it shares; all zero between two calls. */
  readonly #shared: Uint16Array

  private constructor(names: readonly Name[]) {
    this.names = names
    this.#pieces = new Uint16Array(names.length)
    this.#shared = new Uint16Array(names.length)
  }

  /**
   * A step for each name and round. Names are in the order of their entries. What is equally alike is taken in that
   * order: let it not depend on how a file was sorted. Throws CATALOGUE_TOO_LARGE.
   */
  static* build(names: readonly Name[]): InterruptibleWork<NameIndex> {
    const index = new NameIndex(names)
    for (let at = 0; at < names.length; at++) {
      index.#countName(at)
      yield
    }
    for (const postings of [index.#byWords, index.#byConsonants, index.#byPiece]) yield* postings.makeRoom()
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
    if (this.#byPiece.size > MOST_PIECES) throw new SpeechError('CATALOGUE_TOO_LARGE', `its names have more than ${MOST_PIECES} different words and sounds`)
  }

  #fillName(at: number): void {
    const { words, sound } = this.names[at]!
    if (words === '') return
    this.#byWords.fill(words, at)
    this.#byConsonants.fill(sound.consonants, at)
    for (const piece of piecesOf(words, sound.consonants)) this.#byPiece.fill(piece, at)
  }

  /** Of one entry: they stand together. */
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

  /** Indices of names, in their order, none twice. */
  candidates(utterance: Utterance): number[] {
    const found = new Set<number>()
    for (const { words, sound } of utterance) {
      for (const at of this.#byWords.valuesOf(this.#byWords.find(words))) found.add(at)
      for (const at of this.#byConsonants.valuesOf(this.#byConsonants.find(sound.consonants))) found.add(at)
    }
    if (utterance.length > 0) for (const at of this.#alike(utterance[0]!)) found.add(at)
    return [...found].sort((a, b) => a - b)
  }

  /** By the pieces that both have: over the mean of how many each has, and over the fewer of both, so that parts are found. */
  #alike({ words, sound }: WordSpan): number[] {
    const pieces = piecesOf(words, sound.consonants)
    const alike: { readonly at: number; readonly share: number }[] = []
    for (const at of this.#count(pieces)) {
      const [shared, own] = [this.#shared[at]!, this.#pieces[at]!]
      const share = 2 * shared / (own + pieces.size) + PART_WEIGHS * shared / Math.min(own, pieces.size)
      if (share >= LEAST_SHARED) alike.push({ at, share })
      this.#shared[at] = 0
    }
    return alike.sort((a, b) => b.share - a.share || a.at - b.at).slice(0, MOST_ALIKE).map(({ at }) => at)
  }

  /** Which names share any, the rarest pieces first. */
  #count(pieces: ReadonlySet<string>): number[] {
    const touched: number[] = []
    let budget = MOST_POSTINGS
    const known = [...pieces].map((piece) => this.#byPiece.find(piece)).filter((number) => number !== -1)
    for (const number of known.sort((a, b) => this.#byPiece.countOf(a) - this.#byPiece.countOf(b))) {
      budget -= this.#byPiece.countOf(number)
      if (budget < 0) break
      for (const at of this.#byPiece.valuesOf(number)) if (this.#shared[at]!++ === 0) touched.push(at)
    }
    return touched
  }
}

/** Words, and trigrams of sounds. Beginning and end are sounds too, so that short names have trigrams. */
function piecesOf(words: string, consonants: string): Set<string> {
  const framed = `<${consonants}>`
  const pieces = new Set(words.split(' '))
  for (let at = 0; at + 3 <= framed.length; at++) pieces.add(`~${framed.slice(at, at + 3)}`)
  return pieces
}
