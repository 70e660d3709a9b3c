/**
 * How much of what was heard goes out to a search engine. A clip may be minutes long and hold thousands of words; a
 * query has a few, servers take a URL of 8 kB, and engines build a clause for each word.
 */
import { MAX_N_BEST, type Alternative } from '../domain/phrases.js'

const MOST_QUERY_CHARACTERS = 512
/** What servers and proxies take in their first line by default, less the method and the version. */
const MOST_URL_CHARACTERS = 8_000
const LEAST_QUERY_CHARACTERS = 8

/** The likeliest readings, each cut; those that are the same then are one. */
export function outgoing(alternatives: readonly Alternative[], mostCharacters = MOST_QUERY_CHARACTERS): Alternative[] {
  const texts = new Set<string>()
  const likeliest = alternatives.slice(0, MAX_N_BEST)
  return likeliest.map((one) => ({ ...one, text: cut(one.text, mostCharacters) })).filter(({ text }) => {
    const isNew = !texts.has(text)
    texts.add(text)
    return isNew
  })
}

/** The first that fits: fewer readings are tried first, then shorter ones. */
export function fittingUrl(
  alternatives: readonly Alternative[],
  write: (alternatives: readonly Alternative[]) => string,
): string {
  let url = ''
  for (let characters = MOST_QUERY_CHARACTERS; characters >= LEAST_QUERY_CHARACTERS; characters /= 2) {
    const readings = outgoing(alternatives, characters)
    for (let count = readings.length; count > 0; count--) {
      url = write(readings.slice(0, count))
      if (url.length <= MOST_URL_CHARACTERS) return url
    }
  }
  return url
}

/** Between two words where there are any, never within a character. */
export function cut(text: string, mostCharacters: number): string {
  if (text.length <= mostCharacters) return text
  const start = text.slice(0, mostCharacters + 1)
  const blank = start.search(/\s\S*$/)
  return blank > 0 ? start.slice(0, blank).trimEnd() : start.slice(0, mostCharacters).replace(/[\ud800-\udbff]$/, '')
}
