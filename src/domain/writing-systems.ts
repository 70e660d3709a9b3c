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

/** Matches nothing: every letter may belong to a language whose script is unknown. */
const NONE = /(?!)/u

const known = new Map<string, RegExp>()

/** Whether no letter of the text belongs to a script that the language (ISO 639) is not written in. */
export function isWrittenIn(text: string, language: string): boolean {
  let foreign = known.get(language)
  if (foreign === undefined) {
    foreign = foreignLetter(language)
    known.set(language, foreign)
  }
  return !foreign.test(text)
}

/** Matches letters of other scripts; digits, signs and combining marks are common to all. */
function foreignLetter(language: string): RegExp {
  const likely = new Intl.Locale(language).maximize().script
  if (likely === undefined) return NONE
  const scripts = [...COMBINED[likely] ?? [likely], ...ALSO[language] ?? [], ...EVERYWHERE, 'Zyyy', 'Zinh']
  const allowed = scripts.map((script) => `\\p{Script_Extensions=${script}}`).join('')
  return new RegExp(`(?=\\p{Letter})[^${allowed}]`, 'u')
}
