/**
 * The scripts that a language is written in, by ISO 15924 codes as Unicode names them. The likely script of a language
 * comes from the Unicode Common Locale Data Repository, which is part of Node (UTS #35, "Likely Subtags").
 */

/** Scripts of ISO 15924 that stand for several scripts of Unicode. */
const COMBINED: Readonly<Record<string, readonly string[]>> = {
  Hans: ['Hani'], Hant: ['Hani'], Jpan: ['Hani', 'Hira', 'Kana'], Kore: ['Hang', 'Hani'],
}
/** Languages that are also written in a script other than their likely one and the Latin one. */
const ALSO: Readonly<Record<string, readonly string[]>> = {
  az: ['Cyrl'], bs: ['Cyrl'], ha: ['Arab'], ms: ['Arab'], pa: ['Arab'], tk: ['Cyrl'], uz: ['Cyrl'], mn: ['Mong'],
}
/** Names of people and products keep Latin letters in every language. */
const EVERYWHERE = ['Latn']

interface Letters {
  /** Matches a letter of a script of the language, and one of another script. */
  readonly own: RegExp
  readonly foreign: RegExp
}

/** Of a language whose script is unknown: every letter may belong to it. */
const ANY: Letters = { own: /\p{Letter}/u, foreign: /(?!)/u }

const known = new Map<string, Letters>()

/** Whether no letter of the text belongs to a script that the language (ISO 639) is not written in. */
export function isWrittenIn(text: string, language: string): boolean {
  return !lettersOf(language).foreign.test(text)
}

/** Whether a word has letters, and all of them belong to scripts that the language is not written in ("5kΩ" is not). */
export function isForeign(word: string, language: string): boolean {
  const { own, foreign } = lettersOf(language)
  return foreign.test(word) && !own.test(word)
}

function lettersOf(language: string): Letters {
  let letters = known.get(language)
  if (letters === undefined) {
    letters = lettersOfScripts(language)
    known.set(language, letters)
  }
  return letters
}

/** Digits, signs and combining marks are common to all. */
function lettersOfScripts(language: string): Letters {
  const likely = likelyScript(language)
  if (likely === undefined) return ANY
  const scripts = [...COMBINED[likely] ?? [likely], ...ALSO[language] ?? [], ...EVERYWHERE]
  const classOf = (names: readonly string[]): string =>
    names.map((script) => `\\p{Script_Extensions=${script}}`).join('')
  return {
    own: new RegExp(`(?=\\p{Letter})[${classOf(scripts)}]`, 'u'),
    foreign: new RegExp(`(?=\\p{Letter})[^${classOf([...scripts, 'Zyyy', 'Zinh'])}]`, 'u'),
  }
}

/** Undefined for a code that is no language tag (BCP 47): manifests may name languages in another way. */
function likelyScript(language: string): string | undefined {
  return /^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$/.test(language) ? new Intl.Locale(language).maximize().script : undefined
}
