/**
 * Token ids → text. The vocabularies are read by well-kept libraries: `llama-tokenizer-js` carries Llama's 32,000
 * pieces (Moonshine's, which adds 768 special ids above them), `@huggingface/tokenizers` reads a tokenizer.json.
 */
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers'
import llama from 'llama-tokenizer-js'
import { SpeechError } from '../errors.js'

export interface Tokenizer {
  /** Special tokens print nothing; surrounding white space is trimmed. */
  decode(tokens: readonly number[]): string
  /** As the model writes it behind other words; empty when some of it has no token of its own. */
  encode(text: string): readonly number[]
  /** A piece by its id, "▁" or "Ġ" for the space that it begins with; empty for special tokens. */
  piece(token: number): string
}

/** Ids 0 to 2 are unknown, start and end; pieces end at 31,999. */
export function llamaTokenizer(): Tokenizer {
  const pieces = llama.vocabById.length
  return {
    decode(tokens) {
      const printable = tokens.filter((token) => token > 2 && token < pieces)
      return llama.decode([...printable], false, false).trim()
    },
    encode: (text) => llama.encode(text, false, true),
    piece: (token) => token > 2 && token < pieces ? llama.vocabById[token]! : '',
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
    return {
      decode: (tokens) => tokens.length === 0 ? '' : tokenizer.decode([...tokens], { skip_special_tokens: true }).trim(),
      encode: (text) => tokenizer.encode(` ${text}`, { add_special_tokens: false }).ids,
      piece: (token) => tokenizer.id_to_token(token) ?? '',
    }
  } catch (cause) {
    throw new SpeechError('MODEL_INVALID', `the tokenizer files cannot be read: ${String(cause)}`, { cause })
  }
}
