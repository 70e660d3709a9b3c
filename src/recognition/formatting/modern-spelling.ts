/**
 * What a model wrote → as people write today: doubled punctuation becomes single, and the table of the language
 * applies. Words are never exchanged for others, only written in another way.
 */
import { numberWordOf } from '../../domain/numbers/parse.js'
import { rewrite, tokenOf, type Piece, type Rewriting, type Token } from './pieces.js'
import { SPELLING_TABLES, type Respelling, type SpellingTable } from './spelling-tables.js'

const MAX_WORDS_OF_ENTRY = 2

export function modernSpelling(pieces: readonly Piece[], language: string): Piece[] {
  const clean = rewrite(pieces, (at) => ({ count: 1, text: cleaned(pieces[at]!.text) }))
  const table = SPELLING_TABLES[language]
  if (table === undefined) return clean
  return [halvesOfDay, initials, rulesOf(table)].reduce(
    (done: Piece[], rule) => {
      const tokens = done.map(({ text }) => tokenOf(text))
      return rewrite(done, (at) => rule(tokens, at))
    }, clean,
  )
}

/** An ellipsis and "?!" stay. */
function cleaned(text: string): string {
  return text
    .replace(/(?<!\.)\.\.(?!\.)/g, '.').replace(/([,;:?!])\1+/g, '$1')
}

type Rule = (tokens: readonly Token[], at: number) => Rewriting | undefined

/** "p. M." → "p.m.", and "p M" behind a number. */
function halvesOfDay(tokens: readonly Token[], at: number): Rewriting | undefined {
  const [half, m] = [tokens[at]!, tokens[at + 1]]
  if (m === undefined || !/^[ap]$/i.test(half.core) || !/^m$/i.test(m.core) || m.lead !== '') return undefined
  const isDotted = half.trail === '.' && m.trail.startsWith('.')
  if (!isDotted && !(/^\.?$/.test(half.trail) && isNumber(tokens[at - 1]))) return undefined
  return { count: 2, text: `${half.lead}${half.core.toLowerCase()}.m.${m.trail.replace(/^\./, '')}` }
}

function isNumber(token: Token | undefined): boolean {
  if (token === undefined || token.trail !== '') return false
  const last = token.core.toLowerCase().split('-').at(-1)
  return numberWordOf(last) !== undefined || /^\d+(:\d\d)?$/.test(token.core) || /^o['’]clock$/i.test(token.core)
}

/**
 * "U. S." → "U.S.", "J. R. R. Tolkien" → "J.R.R. Tolkien", "N. B. S." → "NBS". Without periods, "I" and "A" may be
 * words: "plan B I think"; then the letters after them stay as they are too ("A B S").
 */
function initials(tokens: readonly Token[], at: number): Rewriting | undefined {
  const before = tokens[at - 1]
  const isSpelledOn = before !== undefined && /^[AI]$/.test(before.core) && before.trail === ''
  if (isSpelledOn && tokens[at]!.lead === '') return undefined
  let count = 0
  for (let token = tokens[at]; token !== undefined && /^[A-Z]$/.test(token.core); token = tokens[at + count]) {
    if (count > 0 && token.lead !== '') break
    count++
    if (!/^\.?$/.test(token.trail)) break
  }
  if (count < 2) return undefined
  const letters = tokens.slice(at, at + count)
  const { trail } = letters.at(-1)!
  const isSpelled = trail.startsWith('.')
  if (!isSpelled && letters.some((letter) => letter.trail.startsWith('.'))) return undefined
  if (!isSpelled && letters.some(({ core }) => core === 'I' || core === 'A')) return undefined
  const next = tokens[at + count]?.core
  const isName = /^\p{Lu}\p{Ll}/u.test(next ?? '')
  const [separator, end] = count > 2 && !isName
    ? ['', next === undefined ? trail : trail.replace(/^\./, '')]
    : ['.', `.${trail.replace(/^\./, '')}`]
  return { count, text: `${letters[0]!.lead}${letters.map(({ core }) => core).join(separator)}${end}` }
}

/** Respellings by their first word, and initialisms in lower case. */
function rulesOf({ respellings, initialisms }: SpellingTable): Rule {
  const entries = new Map(respellings.map((entry) => [entry.from, entry]))
  const capitals = new Map(initialisms.map((initialism) => [initialism.toLowerCase(), initialism]))
  return (tokens, at) => respell(tokens, at, entries) ?? capitalize(tokens[at]!, capitals)
}

function respell(
  tokens: readonly Token[], at: number, entries: ReadonlyMap<string, Respelling>,
): Rewriting | undefined {
  for (let count = MAX_WORDS_OF_ENTRY; count > 0; count--) {
    const words = tokens.slice(at, at + count)
    const [first, last] = [words[0]!, words.at(-1)!]
    const [, core = '', possessive = ''] = /^(.*?)(['’]s)?$/su.exec(last.core) ?? []
    const entry = entries.get([...words.slice(0, -1).map((word) => word.core), core].join(' ').toLowerCase())
    const isWhole = words.length === count && words.every((word, index) =>
      (index === 0 || word.lead === '') && (index === count - 1 || word.trail === ''))
    if (entry === undefined || !isWhole || isException(tokens, at, count, entry)) continue
    const to = /^\p{Lu}/u.test(first.core) ? entry.to.charAt(0).toUpperCase() + entry.to.slice(1) : entry.to
    return { count, text: `${first.lead}${to}${possessive}${last.trail}` }
  }
  return undefined
}

/** A punctuation mark separates the words next to it. */
function isException(
  tokens: readonly Token[], at: number, count: number, { notBefore = [], notAfter = [] }: Respelling,
): boolean {
  const [before, last, after] = [tokens[at - 1], tokens[at + count - 1]!, tokens[at + count]]
  return (last.trail === '' && notBefore.includes(after?.core.toLowerCase() ?? ''))
    || (before?.trail === '' && notAfter.includes(before.core.toLowerCase()))
}

/** "Tv" → "TV", "Dvds" → "DVDs". */
function capitalize({ lead, core, trail }: Token, capitals: ReadonlyMap<string, string>): Rewriting | undefined {
  const [, letters = '', ending = ''] = /^(.*?)(s|['’]s)?$/su.exec(core) ?? []
  const isUnusual = letters.slice(1) !== letters.slice(1).toLowerCase()
  const whole = isUnusual ? undefined : capitals.get(core.toLowerCase())
  const initialism = whole ?? (isUnusual ? undefined : capitals.get(letters.toLowerCase()))
  if (initialism === undefined) return undefined
  return { count: 1, text: `${lead}${initialism}${whole === undefined ? ending : ''}${trail}` }
}
