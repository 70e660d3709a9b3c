/**
 * Pieces of text, one for each token → words. A word begins at a space; in scripts without spaces, at each character or
 * piece, as in OpenAI's whisper/tokenizer.py. Punctuation belongs to the word next to it and has no time of its own.
 */

/** A word and its tokens. */
export interface WordTokens {
  /** Without the space around it. */
  readonly text: string
  /** Indices of the tokens with a letter or a number, at least one. */
  readonly spoken: readonly number[]
}

const SPOKEN = /[\p{Letter}\p{Number}]/u
/** Chinese, Japanese, Thai, Lao, Burmese, Khmer and Tibetan. */
const WITHOUT_SPACES = new RegExp(
  ['Han', 'Hiragana', 'Katakana', 'Thai', 'Lao', 'Myanmar', 'Khmer', 'Tibetan']
    .map((script) => `^\\p{Script=${script}}`).join('|'), 'u',
)
const OPENING_PUNCTUATION = /^\s+\p{Open_Punctuation}|^\s+[\p{Initial_Punctuation}¿¡"']/u

/** In their order; joined with the spaces of the text, they are the text. Empty without letters and numbers. */
export function splitIntoWords(pieces: readonly string[]): WordTokens[] {
  const words: { text: string; spoken: number[] }[] = []
  let opening = '' // punctuation before the next word
  for (const [index, piece] of pieces.entries()) {
    const current = words.at(-1)
    if (SPOKEN.test(piece)) {
      if (current === undefined || opening !== '' || beginsWord(piece, current.text)) {
        words.push({ text: opening + piece, spoken: [index] })
        opening = ''
      } else {
        current.text += piece
        current.spoken.push(index)
      }
    } else if (current === undefined || opening !== '' || OPENING_PUNCTUATION.test(piece)) {
      opening += piece
    } else {
      current.text += piece
    }
  }
  const last = words.at(-1)
  if (last !== undefined) last.text += opening
  return words.map(({ text, spoken }) => ({ text: text.trim(), spoken }))
}

/** The space may be a piece of its own, as before a number. */
function beginsWord(piece: string, textBefore: string): boolean {
  return /^\s/.test(piece) || /\s$/.test(textBefore) || WITHOUT_SPACES.test(piece)
}
