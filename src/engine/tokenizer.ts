/**
 * Token ids → text. The vocabularies are read by well-kept libraries: `llama-tokenizer-js` carries Llama's 32,000
 * pieces (Moonshine's, which adds 768 special ids above them), `@huggingface/tokenizers` reads a tokenizer.json.
 */
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers'
import llama from 'llama-tokenizer-js'
import { SpeechError } from '../domain/errors.js'

export interface Tokenizer {
  /** Special tokens print nothing; surrounding white space is trimmed. */
  decode(tokens: readonly number[]): string
  /** As the model writes it behind other words; empty when some of it has no token of its own. */
  encode(text: string): readonly number[]
  /** A piece by its id, "▁" or "Ġ" for the space that it begins with; empty for special tokens. */
  piece(token: number): string
  /**
   * What each token adds to the text, the space before a word included. A character that is spread over several tokens
   * belongs to the last of them. Joined and trimmed, the pieces are the text.
   */
  pieces(tokens: readonly number[]): readonly string[]
}

/** Bytes of the longest character; what is no whole one after so many tokens never becomes one. */
const MOST_TOKENS_OF_A_CHARACTER = 4
/** Enough to see what stands before a token. */
const TOKENS_OF_CONTEXT = 8

/** Ids 0 to 2 are unknown, start and end; pieces end at 31,999. */
export function llamaTokenizer(): Tokenizer {
  const count = llama.vocabById.length
  const decode = (tokens: readonly number[]): string => llama.decode(tokens.filter((token) => token > 2 && token < count), false, false)
  return {
    decode: (tokens) => decode(tokens).trim(),
    pieces: (tokens) => piecesOf(tokens, decode),
    encode: (text) => llama.encode(text, false, true),
    piece: (token) => token > 2 && token < count ? llama.vocabById[token]! : '',
  }
}

/** The pieces by their ids; "▁" is how they write a space. */
export function llamaPieces(): readonly string[] {
  return llama.vocabById
}

/** From the bytes of tokenizer.json and tokenizer_config.json. Throws MODEL_INVALID. */
export function huggingFaceTokenizer(tokenizerJson: Uint8Array, configJson: Uint8Array): Tokenizer {
  const parse = (bytes: Uint8Array): object => JSON.parse(new TextDecoder().decode(bytes)) as object
  try {
    const tokenizer = new HuggingFaceTokenizer(parse(tokenizerJson), parse(configJson))
    const decode = (tokens: readonly number[]): string => tokens.length === 0 ? '' : tokenizer.decode([...tokens], { skip_special_tokens: true })
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

/** By the difference to the text before it, since some libraries take away the space before a mark. */
function piecesOf(tokens: readonly number[], decode: (tokens: readonly number[]) => string): string[] {
  const pieces: string[] = []
  let whole = 0 // tokens up to here make whole characters
  for (let until = 1; until <= tokens.length; until++) {
    const from = Math.max(0, whole - TOKENS_OF_CONTEXT)
    const text = decode(tokens.slice(from, until))
    const isWhole = !text.endsWith('\uFFFD') || until - whole >= MOST_TOKENS_OF_A_CHARACTER
    pieces.push(isWhole ? text.slice(decode(tokens.slice(from, whole)).length) : '')
    if (isWhole) whole = until
  }
  if (whole < tokens.length) pieces[tokens.length - 1] = decode(tokens.slice(whole)) // half a character at the end
  return pieces
}
