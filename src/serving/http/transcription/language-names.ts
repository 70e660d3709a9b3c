/**
 * Languages by name: in English and in the language itself, as Unicode's CLDR has them (`Intl.DisplayNames`), and the
 * names that Whisper's own table has besides. Home automation, chat front ends and scripts send what their own menus
 * show.
 */

/** What means that the model should detect the language. Engines and clients have different words for it. */
const ANY = new Set([
  '', 'auto', 'autodetect', 'auto-detect', 'auto detect', 'automatic', 'detect', 'detect language', 'any', 'multi',
  'multilingual', 'mul', 'und', 'unknown', 'none', 'null', 'undefined', '*',
])
/** Names of Whisper's table (openai/whisper, tokenizer.py) that CLDR does not have, or has for another code. */
const OTHER_NAMES: readonly (readonly [string, string])[] = [
  ['mandarin', 'zh'], ['cantonese', 'yue'], ['castilian', 'es'], ['valencian', 'ca'], ['flemish', 'nl'],
  ['haitian', 'ht'], ['letzeburgesch', 'lb'], ['pushto', 'ps'], ['panjabi', 'pa'], ['moldavian', 'ro'],
  ['moldovan', 'ro'], ['sinhalese', 'si'], ['myanmar', 'my'], ['nynorsk', 'nn'], ['bokmål', 'nb'], ['farsi', 'fa'],
  ['tagalog', 'tl'], ['javanese', 'jw'], ['hebrew', 'he'], ['norwegian', 'no'], ['norsk', 'no'], ['filipino', 'tl'],
]
/** Names of these begin with the region or the script: "Brazilian Portuguese". */
const VARIANTS = [
  'en-US', 'en-GB', 'en-AU', 'en-CA', 'es-ES', 'es-MX', 'es-419', 'fr-CA', 'fr-CH', 'pt-BR', 'pt-PT', 'zh-Hans',
  'zh-Hant', 'de-AT', 'de-CH', 'nl-BE',
]
const LETTERS = Array.from('abcdefghijklmnopqrstuvwxyz')
/** Longer texts are no name of a language. */
const MAX_NAME_CHARACTERS = 60

const ENGLISH = new Intl.DisplayNames(['en'], { type: 'language', fallback: 'none' })
/** Names in lower case → code; made when the first name comes, which takes some 20 ms. */
let names: ReadonlyMap<string, string> | undefined

/** Whether a value of `language` leaves the language open. */
export function meansAnyLanguage(given: string): boolean {
  return ANY.has(given.trim().toLowerCase())
}

/** Whether a code, without region or script, is that of a language. */
export function isLanguage(code: string): boolean {
  return ENGLISH.of(code) !== undefined
}

/**
 * The code for a name: "german", "Deutsch", "Brazilian Portuguese", "Chinese (Simplified)". Where a language has two
 * codes, the one of `known` codes. Undefined for a text that is no name.
 */
export function codeOfName(given: string, known: readonly string[]): string | undefined {
  const name = given.trim().toLowerCase().replace(/\s*\(.*\)$/, '')
  if (name.length > MAX_NAME_CHARACTERS) return undefined
  const own = OTHER_NAMES.find(([other, code]) => other === name && known.includes(code))
  if (own !== undefined) return own[1]
  names ??= allNames()
  return names.get(name)
}

function allNames(): ReadonlyMap<string, string> {
  const found = new Map(OTHER_NAMES)
  for (const code of LETTERS.flatMap((first) => LETTERS.map((second) => first + second))) {
    if (!isLanguage(code)) continue
    for (const name of namesOf(code)) found.set(name.toLowerCase(), new Intl.Locale(code).language)
  }
  for (const tag of VARIANTS) {
    const { language } = new Intl.Locale(tag)
    const name = ENGLISH.of(tag)
    if (name !== undefined) found.set(name.toLowerCase(), language)
  }
  return found
}

function namesOf(code: string): string[] {
  const native = new Intl.DisplayNames([code], { type: 'language', fallback: 'none', languageDisplay: 'standard' })
  return [ENGLISH.of(code), native.of(code)].flatMap((name) => name ?? [])
}
