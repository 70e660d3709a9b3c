/**
 * Pieces of text, one a token → words. A word begins at a space; in scripts that set no spaces, with each character or
 * piece, as in OpenAI's whisper/tokenizer.py. Marks belong to the word that they stand at, and have no time of their own.
 */

/** A word and its tokens by their places. */
export interface Group {
  /** Without the space around it. */
  readonly text: string
  /** Of the tokens that sound: those with a letter or a number. */
  readonly sounding: readonly number[]
}

const SOUND = /[\p{Letter}\p{Number}]/u
/** Chinese, Japanese, Thai, Lao, Burmese, Khmer and Tibetan. */
const WITHOUT_SPACES = /^\p{Script=Han}|^\p{Script=Hiragana}|^\p{Script=Katakana}|^\p{Script=Thai}|^\p{Script=Lao}|^\p{Script=Myanmar}|^\p{Script=Khmer}|^\p{Script=Tibetan}/u

/** In their order; joined with the spaces that the text has, they are the text. Empty when nothing sounds. */
export function groupPieces(pieces: readonly string[]): Group[] {
  const groups: { text: string; sounding: number[] }[] = []
  let opening = '' // marks before the first word, or before the next
  for (const [index, piece] of pieces.entries()) {
    const sounds = SOUND.test(piece)
    const current = groups.at(-1)
    // The space may be a piece of its own, as before a number.
    const begins = current === undefined || /^\s/.test(piece) || /\s$/.test(current.text) || WITHOUT_SPACES.test(piece) || opening !== ''
    if (sounds && begins) {
      groups.push({ text: opening + piece, sounding: [index] })
      opening = ''
    } else if (sounds) {
      current!.text += piece
      current!.sounding.push(index)
    } else if (current === undefined || opening !== '' || /^\s+\p{Open_Punctuation}|^\s+[\p{Initial_Punctuation}¿¡"']/u.test(piece)) {
      opening += piece
    } else {
      current.text += piece
    }
  }
  if (groups.length > 0) groups.at(-1)!.text += opening
  return groups.map(({ text, sounding }) => ({ text: text.trim(), sounding }))
}
