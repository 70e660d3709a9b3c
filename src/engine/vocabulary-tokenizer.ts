/**
 * A vocabulary of characters or pieces, one of which stands for the space between words, as CTC models of the wav2vec
 * 2.0 kind have it (Baevski et al. 2020; `vocab.json` of Hugging Face).
 */
import { SpeechError } from '../domain/errors.js'
import type { Tokenizer } from './tokenizer.js'

/** Special tokens such as `<pad>` and `[UNK]` have no text. */
const SPECIAL = /^(<.*>|\[.*\])$/

/** From the bytes of a JSON object of pieces and ids. Throws MODEL_INVALID. */
export function vocabularyTokenizer(json: Uint8Array, wordDelimiter: string): Tokenizer {
  const ids = readVocabulary(json)
  if (!ids.has(wordDelimiter)) throw new SpeechError('MODEL_INVALID', `the vocabulary has no token "${wordDelimiter}"`)
  const byId = new Map([...ids].map(([piece, id]) => [id, piece]))
  const textOf = (token: number): string => {
    const piece = byId.get(token) ?? ''
    return piece === wordDelimiter ? ' ' : SPECIAL.test(piece) ? '' : piece
  }
  const longestFirst = [...ids.keys()].sort((a, b) => b.length - a.length)
  return {
    decode: (tokens) => tokens.map(textOf).join('').replace(/ +/g, ' ').trim(),
    pieces: (tokens) => tokens.map(textOf),
    piece: (token) => textOf(token).replace(' ', '▁'),
    bytes: (token) => Buffer.from(textOf(token)),
    encode(text) {
      const tokens: number[] = []
      let rest = text.replaceAll(' ', wordDelimiter)
      while (rest !== '') {
        const piece = longestFirst.find((candidate) => rest.startsWith(candidate))
        if (piece === undefined) return []
        tokens.push(ids.get(piece)!)
        rest = rest.slice(piece.length)
      }
      return tokens
    },
  }
}

function readVocabulary(json: Uint8Array): Map<string, number> {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder().decode(json))
  } catch (cause) {
    throw new SpeechError('MODEL_INVALID', `the vocabulary is not JSON (${String(cause)})`, { cause })
  }
  const entries = Object.entries(value ?? {}) as [string, unknown][]
  if (entries.length === 0 || !entries.every(([piece, id]) => piece !== '' && Number.isInteger(id))) {
    throw new SpeechError('MODEL_INVALID', 'the vocabulary is not an object of pieces and their ids')
  }
  return new Map(entries as [string, number][])
}
