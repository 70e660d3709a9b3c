/** Whether a text is written as people type it. */
import { spellingsOf } from './phrases.js'

/**
 * One punctuation mark at the end of a word, and a capital at its beginning, do not count: people leave both out. A
 * second mark ("D..") and the case of other letters ("Tv") count.
 */
export function isAsTyped(text: string, typed: string): boolean {
  const written = plainOf(text)
  return spellingsOf(typed).some((spelling) => plainOf(spelling) === written)
}

function plainOf(text: string): string {
  return text.split(/\s+/).filter((word) => /[\p{L}\p{N}$€£%]/u.test(word)).map((word) => {
    const plain = word.replace(/^["'“(]+/, '').replace(/["'”)]+$/, '').replace(/[.,;:?!]$/, '')
    return plain.charAt(0).toLowerCase() + plain.slice(1)
  }).join(' ')
}
