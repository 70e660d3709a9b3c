/**
 * Token ids → text. The vocabularies are read by maintained libraries: `llama-tokenizer-js` contains the 32,000 pieces
 * of Llama (Moonshine uses them, with 768 special ids above), `@huggingface/tokenizers` reads a tokenizer.json.
 */
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers'
import llama from 'llama-tokenizer-js'
import { SpeechError } from '../domain/errors.js'

export interface Tokenizer {
  /** Special tokens are left out; white space at both ends is trimmed. */
  decode(tokens: readonly number[]): string
  /** Tokens of a text that follows other words; empty when a part of it has no token. */
  encode(text: string): readonly number[]
  /** The piece of a token, with "▁" or "Ġ" for a leading space; empty for special tokens. */
  piece(token: number): string
  /**
   * The bytes of a token in UTF-8, possibly a part of a character; empty for special tokens. Joined and trimmed, the
   * bytes of a text are the text, but for spaces that the library of a tokenizer removes before punctuation marks.
   */
  bytes(token: number): Uint8Array
  /**
   * What each token adds to the text, with the space before a word. A character of several tokens belongs to the last
   * of them. Joined and trimmed, the pieces are the text.
   */
  pieces(tokens: readonly number[]): readonly string[]
}

/** Bytes of the longest character in UTF-8. Bytes of more tokens never become a character. */
const MAX_TOKENS_PER_CHARACTER = 4
/** Tokens decoded before a token, so that its leading space is known. */
const CONTEXT_TOKENS = 8
const NO_BYTES = new Uint8Array(0)
/**
 * GPT-2 writes byte strings as text (bytes_to_unicode of its encoder.py): a byte that is a visible character of
 * Latin-1 as that character, the others as the characters from U+0100 on.
 */
const BYTE_OF_CHARACTER: ReadonlyMap<string, number> = byteCharacters()

/** Ids 0 to 2 are unknown, start and end; pieces end at 31,999. */
export function llamaTokenizer(): Tokenizer {
  const isSpecial = (token: number): boolean => token <= 2 || token >= llama.vocabById.length
  const piece = (token: number): string => isSpecial(token) ? '' : llama.vocabById[token] ?? ''
  const decode = (tokens: readonly number[]): string =>
    llama.decode(tokens.filter((token) => !isSpecial(token)), false, false)
  return {
    decode: (tokens) => decode(tokens).trim(),
    pieces: (tokens) => piecesOf(tokens, decode),
    encode: (text) => llama.encode(text, false, true),
    piece,
    bytes: (token) => bytesOfPiece(piece(token)),
  }
}

/** SentencePiece writes a space as "▁", and a byte that has no piece of its own as "<0xE2>". */
function bytesOfPiece(piece: string): Uint8Array {
  const [, byte] = /^<0x([0-9A-F]{2})>$/.exec(piece) ?? []
  return byte === undefined ? Buffer.from(piece.replaceAll('▁', ' ')) : Uint8Array.of(parseInt(byte, 16))
}

/** The pieces of Llama by their ids, with "▁" for a space. */
export function llamaPieces(): readonly string[] {
  return llama.vocabById
}

/** From the bytes of tokenizer.json and tokenizer_config.json. Throws MODEL_INVALID. */
export function huggingFaceTokenizer(tokenizerJson: Uint8Array, configJson: Uint8Array): Tokenizer {
  const parse = (bytes: Uint8Array): object => JSON.parse(new TextDecoder().decode(bytes)) as object
  try {
    const tokenizer = new HuggingFaceTokenizer(parse(tokenizerJson), parse(configJson))
    const piece = (token: number): string => tokenizer.id_to_token(token) ?? ''
    const decode = (tokens: readonly number[]): string =>
      tokens.length === 0 ? '' : tokenizer.decode([...tokens], { skip_special_tokens: true })
    return {
      decode: (tokens) => decode(tokens).trim(),
      pieces: (tokens) => piecesOf(tokens, decode),
      encode: (text) => tokenizer.encode(` ${text}`, { add_special_tokens: false }).ids,
      piece,
      bytes: (token) => decode([token]) === '' ? NO_BYTES : bytesOfCharacters(piece(token)),
    }
  } catch (cause) {
    throw new SpeechError('MODEL_INVALID', `the tokenizer files cannot be read: ${String(cause)}`, { cause })
  }
}

function byteCharacters(): Map<string, number> {
  const isVisible = (byte: number): boolean =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae
  let next = 0x100
  return new Map(Array.from({ length: 256 }, (_, byte) => [String.fromCharCode(isVisible(byte) ? byte : next++), byte]))
}

/** Characters that stand for no byte, as in tokens that were added to a vocabulary, are themselves. */
function bytesOfCharacters(piece: string): Uint8Array {
  return Buffer.concat(Array.from(piece, (character) => {
    const byte = BYTE_OF_CHARACTER.get(character)
    return byte === undefined ? Buffer.from(character) : Uint8Array.of(byte)
  }))
}

/**
 * What each token adds, by the difference to the text before it, since some libraries remove the space before a
 * punctuation mark.
 */
export function piecesOf(tokens: readonly number[], decode: (tokens: readonly number[]) => string): string[] {
  const pieces: string[] = []
  let whole = 0 // the tokens up to here are whole characters
  for (let until = 1; until <= tokens.length; until++) {
    const from = Math.max(0, whole - CONTEXT_TOKENS)
    const text = decode(tokens.slice(from, until))
    const isWhole = !text.endsWith('\uFFFD') || until - whole >= MAX_TOKENS_PER_CHARACTER
    pieces.push(isWhole ? text.slice(decode(tokens.slice(from, whole)).length) : '')
    if (isWhole) whole = until
  }
  if (whole < tokens.length) pieces[tokens.length - 1] = decode(tokens.slice(whole)) // half a character at the end
  return pieces
}
