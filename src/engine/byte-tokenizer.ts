/**
 * Byte pair encoding (Sennrich et al. 2016, arXiv:1508.07909) over bytes, as GPT-2 has it (Radford et al. 2019): ids
 * are the order in which the byte strings were merged, so the vocabulary alone says how to encode.
 *
 * Text is split into words with the pattern of GPT-2; in each word the two neighbours with the lowest common id are
 * merged until none are left.
 */
import { piecesOf, type Tokenizer } from './tokenizer.js'

/** GPT-2's pattern (its encoder.py): contractions, then words, numbers and signs with the space before them. */
const WORDS = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu

/** `vocabulary`: the bytes of each token by its id. Ids above it are special and print nothing. */
export function byteTokenizer(vocabulary: readonly Uint8Array[]): Tokenizer {
  // Latin-1 has one character for each byte, so byte strings can be keys.
  const keys = vocabulary.map((bytes) => Buffer.from(bytes).toString('latin1'))
  const ids = new Map(keys.map((key, id) => [key, id]))
  const decode = (tokens: readonly number[]): string =>
    Buffer.concat(tokens.flatMap((token) => vocabulary[token] ?? [])).toString('utf8')
  return {
    decode: (tokens) => decode(tokens).trim(),
    pieces: (tokens) => piecesOf(tokens, decode),
    piece(token) {
      const bytes = vocabulary[token]
      if (bytes === undefined) return ''
      const text = Buffer.from(bytes).toString('utf8')
      // A part of a character is no punctuation, so it is named as tokenizers with bytes name it.
      return text.includes('\uFFFD') ? `<0x${Buffer.from(bytes).toString('hex')}>` : text.replace(/^ /, 'Ġ')
    },
    bytes: (token) => vocabulary[token] ?? new Uint8Array(0),
    encode(text) {
      const tokens = (` ${text}`.match(WORDS) ?? []).map((word) => merge(Buffer.from(word).toString('latin1'), ids))
      return tokens.includes(undefined) ? [] : tokens.flatMap((own) => own ?? [])
    },
  }
}

/** The tokens of one word; undefined when one of its bytes has no token. */
function merge(word: string, ids: ReadonlyMap<string, number>): number[] | undefined {
  const parts = [...word]
  for (;;) {
    const pairs = parts.slice(1).map((part, index) => ids.get(parts[index]! + part) ?? Infinity)
    const lowest = Math.min(...pairs)
    if (lowest === Infinity) break
    const at = pairs.indexOf(lowest)
    parts.splice(at, 2, parts[at]! + parts[at + 1]!)
  }
  const tokens = parts.map((part) => ids.get(part))
  return tokens.includes(undefined) ? undefined : tokens as number[]
}
