/**
 * The feedback token: what the service needs to know about an answer when feedback arrives, given to the client instead
 * of being stored. It is signed, so that any replica with the same secret accepts it, and nobody else can create one.
 * It contains no text: the transcript is represented by a digest, and a client that labels it sends the text again.
 *
 * Format: base64url of a version byte, the answer as a JSON list, and HMAC-SHA-256 (RFC 2104) over both.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { SpeechError } from '../../domain/errors.js'

const VERSION = 1
const SIGNATURE_BYTES = 32
/** 128 bits: a second preimage cannot be found. */
const DIGEST_BYTES = 16
/** Four decimals are enough to assign a confidence to its bin. */
const CONFIDENCE_STEPS = 10_000

/** What a token contains about an answer. */
export interface AnswerFacts {
  /** The request id of the answer. */
  readonly id: string
  readonly model: string
  readonly language: string
  /** Unix time. */
  readonly issuedSeconds: number
  /** As counted by domain/report-facts.ts. */
  readonly words: number
  /** Null without text. */
  readonly confidence: number | null
  readonly transcriptDigest: string
}

type Content = [
  id: string, model: string, language: string, issuedSeconds: number, words: number, confidence: number | null,
  transcriptDigest: string,
]

export function issueToken(facts: AnswerFacts, secret: string): string {
  const { id, model, language, issuedSeconds, words, confidence, transcriptDigest } = facts
  const rounded = confidence === null ? null : Math.round(confidence * CONFIDENCE_STEPS) / CONFIDENCE_STEPS
  const list: Content = [id, model, language, issuedSeconds, words, rounded, transcriptDigest]
  const content = Buffer.concat([Buffer.of(VERSION), Buffer.from(JSON.stringify(list))])
  return Buffer.concat([content, sign(content, secret)]).toString('base64url')
}

/** Throws TOKEN_INVALID for a token that was not signed with this secret, or is not in canonical base64url. */
export function readToken(token: string, secret: string): AnswerFacts {
  const bytes = Buffer.from(token, 'base64url')
  const content = bytes.subarray(0, -SIGNATURE_BYTES)
  // Decoding ignores the last bits and characters of other alphabets.
  const isCanonical = bytes.toString('base64url') === token
  const isSigned = content.length > 0 && timingSafeEqual(bytes.subarray(-SIGNATURE_BYTES), sign(content, secret))
  if (!isCanonical || !isSigned || content[0] !== VERSION) {
    throw new SpeechError('TOKEN_INVALID', undefined, { parameter: 'token' })
  }
  const [id, model, language, issuedSeconds, words, confidence, transcriptDigest] =
    JSON.parse(content.toString('utf8', 1)) as Content
  return { id, model, language, issuedSeconds, words, confidence, transcriptDigest }
}

/** Identifies a valid token: 96 bits of its signature. */
export function tokenName(token: string): string {
  return token.slice(-16)
}

/** Case, white space and the Unicode form are ignored, since a client may change them. */
export function digestOfTranscript(text: string): string {
  const plain = text.normalize('NFC').toLowerCase().replace(/\s+/g, ' ').trim()
  return createHash('sha256').update(plain).digest().subarray(0, DIGEST_BYTES).toString('base64url')
}

function sign(content: Buffer, secret: string): Buffer {
  return createHmac('sha256', secret).update(content).digest()
}
