/**
 * Limits of what is sent to an external search engine. A clip may be minutes long and contain thousands of words, but
 * a query has a few, servers accept a URL of 8 kB, and search engines build a clause for each word.
 */
import { MAX_N_BEST, type Alternative } from '../domain/phrases.js'

const MAX_QUERY_CHARACTERS = 512
/** Default limit of the request line of servers and proxies, minus method and version. */
const MAX_URL_CHARACTERS = 8_000
const MIN_QUERY_CHARACTERS = 8

/** The likeliest alternatives, each shortened; duplicates are removed. */
export function outgoing(alternatives: readonly Alternative[], maxCharacters = MAX_QUERY_CHARACTERS): Alternative[] {
  const texts = new Set<string>()
  const likeliest = alternatives.slice(0, MAX_N_BEST)
  return likeliest.map((one) => ({ ...one, text: cut(one.text, maxCharacters) })).filter(({ text }) => {
    const isNew = !texts.has(text)
    texts.add(text)
    return isNew
  })
}

/** The first URL that fits: fewer alternatives are tried first, then shorter ones. */
export function fittingUrl(
  alternatives: readonly Alternative[],
  write: (alternatives: readonly Alternative[]) => string,
): string {
  let url = ''
  for (let characters = MAX_QUERY_CHARACTERS; characters >= MIN_QUERY_CHARACTERS; characters /= 2) {
    const shortened = outgoing(alternatives, characters)
    for (let count = shortened.length; count > 0; count--) {
      url = write(shortened.slice(0, count))
      if (url.length <= MAX_URL_CHARACTERS) return url
    }
  }
  return url
}

/** Shortens a text, between two words if possible, never within a character. */
export function cut(text: string, maxCharacters: number): string {
  if (text.length <= maxCharacters) return text
  const start = text.slice(0, maxCharacters + 1)
  const blank = start.search(/\s\S*$/)
  return blank > 0 ? start.slice(0, blank).trimEnd() : start.slice(0, maxCharacters).replace(/[\ud800-\udbff]$/, '')
}
