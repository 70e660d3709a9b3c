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
   * What each token adds to the text, with the space before a word. A character of several tokens belongs to the last
   * of them. Joined and trimmed, the pieces are the text.
   */
  pieces(tokens: readonly number[]): readonly string[]
}

/** Bytes of the longest character in UTF-8. Bytes of more tokens never become a character. */
const MAX_TOKENS_PER_CHARACTER = 4
/** Tokens decoded before a token, so that its leading space is known. */
const CONTEXT_TOKENS = 8

/** Ids 0 to 2 are unknown, start and end; pieces end at 31,999. */
export function llamaTokenizer(): Tokenizer {
  const isSpecial = (token: number): boolean => token <= 2 || token >= llama.vocabById.length
  const decode = (tokens: readonly number[]): string =>
    llama.decode(tokens.filter((token) => !isSpecial(token)), false, false)
  return {
    decode: (tokens) => decode(tokens).trim(),
    pieces: (tokens) => piecesOf(tokens, decode),
    encode: (text) => llama.encode(text, false, true),
    piece: (token) => isSpecial(token) ? '' : llama.vocabById[token] ?? '',
  }
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
    const decode = (tokens: readonly number[]): string =>
      tokens.length === 0 ? '' : tokenizer.decode([...tokens], { skip_special_tokens: true })
    return {
      decode: (tokens) => decode(tokens).trim(),
      pieces: (tokens) => piecesOf(tokens, decode),
      encode: (text) => tokenizer.encode(` ${text}`, { add_special_tokens: false }).ids,
      piece: (token) => tokenizer.id_to_token(token) ?? '',
    }
  } catch (cause) {
    throw new SpeechError('MODEL_INVALID', `the tokenizer files cannot be read: ${String(cause)}`, { cause })
  }
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
