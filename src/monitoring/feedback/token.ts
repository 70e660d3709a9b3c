/**
 * The feedback token: what the service has to know about an answer when somebody judges it later, handed to the
 * client instead of being stored. Signed, so that any replica with the same secret believes it, and nobody else can
 * write one. It holds no word: the transcript is there as a digest, and a client that labels it brings the text along.
 *
 * base64url of: a byte of version, the answer as a JSON list, HMAC-SHA-256 (RFC 2104) over both.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { SpeechError } from '../../domain/errors.js'

const VERSION = 1
const SIGNATURE_BYTES = 32
/** 128 bits: nobody finds a second text. */
const DIGEST_BYTES = 16
/** Four decimals keep a confidence in its bin of a calibration table. */
const CONFIDENCE_STEPS = 10_000

/** What a token says about an answer. */
export interface AnswerFacts {
  /** The request id of the answer. */
  readonly id: string
  readonly model: string
  readonly language: string
  /** Unix time. */
  readonly issuedSeconds: number
  readonly words: number
  /** Null when there was no text. */
  readonly confidence: number | null
  readonly transcriptDigest: string
}

export function issueToken(facts: AnswerFacts, secret: string): string {
  const { id, model, language, issuedSeconds, words, confidence, transcriptDigest } = facts
  const rounded = confidence === null ? null : Math.round(confidence * CONFIDENCE_STEPS) / CONFIDENCE_STEPS
  const content = Buffer.concat([Buffer.of(VERSION), Buffer.from(JSON.stringify([id, model, language, issuedSeconds, words, rounded, transcriptDigest]))])
  return Buffer.concat([content, sign(content, secret)]).toString('base64url')
}

/** Throws TOKEN_INVALID for whatever this secret has not signed, and for a second spelling of what it has. */
export function readToken(token: string, secret: string): AnswerFacts {
  const bytes = Buffer.from(token, 'base64url')
  const content = bytes.subarray(0, -SIGNATURE_BYTES)
  // Decoding is lenient about the last bits and about characters of other alphabets.
  const isCanonical = bytes.toString('base64url') === token
  const isSigned = content.length > 0 && timingSafeEqual(bytes.subarray(-SIGNATURE_BYTES), sign(content, secret))
  if (!isCanonical || !isSigned || content[0] !== VERSION) throw new SpeechError('TOKEN_INVALID', undefined, { parameter: 'token' })
  const [id, model, language, issuedSeconds, words, confidence, transcriptDigest] = JSON.parse(content.toString('utf8', 1)) as [string, string, string, number, number, number | null, string]
  return { id, model, language, issuedSeconds, words, confidence, transcriptDigest }
}

/** A name for a token that was found valid, from its signature: 96 bits. */
export function tokenName(token: string): string {
  return token.slice(-16)
}

/** Of the text as it was answered: case, and how blanks and letters are encoded, may have changed on its way through a client. */
export function digestOfTranscript(text: string): string {
  const plain = text.normalize('NFC').toLowerCase().replace(/\s+/g, ' ').trim()
  return createHash('sha256').update(plain).digest().subarray(0, DIGEST_BYTES).toString('base64url')
}

function sign(content: Buffer, secret: string): Buffer {
  return createHmac('sha256', secret).update(content).digest()
}
