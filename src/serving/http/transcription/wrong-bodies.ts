/**
 * Bodies that are no audio but something that stands for it: base64, a data URL, JSON, an address, a file name, a form
 * in a wrong place. They are refused by what they are, with the right command. They are not unwrapped: text takes a
 * third more bytes of every limit, and what `curl -d` has removed from a file is lost.
 */
import { SpeechError } from '../../../domain/errors.js'
import { shown } from '../parameters/values.js'

/** What is looked at. No audio file has so many bytes without a zero or a line break. */
const HEAD_BYTES = 4_096
const MIN_BASE64_CHARACTERS = 40
const AS_BODY = 'send the bytes of the file: curl --data-binary @clip.wav'
const AS_PART = 'send the file itself: curl -F file=@clip.wav'

/** Texts by their beginning → what they are. */
const TEXTS: readonly (readonly [RegExp, string])[] = [
  [/^\s*data:[^,]{0,200};\s*base64,/i, 'this is a data URL with base64 text, not audio; decode what follows the comma'],
  [/^\s*data:[\w.+-]+\/[\w.+-]+[;,]/i, 'this is a data URL, not audio'],
  [/^--[^\r\n]{1,72}\r?\ncontent-/i,
    'this is a multipart form without its content type; leave the header content-type to the client'],
  [/^\s*(?:\{\s*["}]|\[\s*[{"\]])/, 'this is JSON, not audio; JSON with the audio as base64 is not read'],
  [/^\s*<(?:!doctype|html|\?xml)/i, 'this is a page of HTML or XML, not audio'],
  [/^\s*(?:https?|file|blob|s3|gs):\/{0,2}\S+\s*$/i, 'this is an address, not audio; the service fetches nothing'],
  [/^@?[^\s@&=]{1,300}\.(?:wav|mp3|m4a|mp4|ogg|opus|webm|flac|aac|amr|aiff?|caf|mkv|3gp|mov)\s*$/i,
    'this is the name of a file, not the file; curl reads it where an @ stands before the name'],
  [/^[\w.[\]%-]{1,100}=[^\s]*$/, 'this is a urlencoded form, not audio'],
]

/** Throws AUDIO_UNSUPPORTED for text. `inForm`: the audio is a part of a form. */
export function refuseText(audio: Uint8Array, mediaType: string, inForm: boolean): void {
  const head = Buffer.from(audio.buffer, audio.byteOffset, Math.min(audio.byteLength, HEAD_BYTES))
  if (head.length === 0) return
  const what = isText(head) ? textOf(head.toString('latin1')) : strippedBy(head, mediaType)
  if (what === undefined) return
  const extras = inForm ? { parameter: 'file' } : {}
  throw new SpeechError('AUDIO_UNSUPPORTED', `${what}; ${inForm ? AS_PART : AS_BODY}`, extras)
}

/** REQUEST_INVALID: a route for forms got something else. */
export function notAForm(contentType: string): SpeechError {
  const given = contentType === '' ? 'without a content type' : `of the type "${shown(contentType)}"`
  const detail = `the body must be multipart/form-data, not one ${given}; for example `
    + 'curl -F file=@clip.wav. The bytes of a file alone are for POST /v1/transcriptions'
  return new SpeechError('REQUEST_INVALID', detail)
}

/** ASCII without control characters other than blanks and line breaks. */
function isText(bytes: Buffer): boolean {
  return bytes.every((byte) => byte >= 0x20 ? byte < 0x7f : byte === 0x09 || byte === 0x0a || byte === 0x0d)
}

function textOf(text: string): string | undefined {
  const found = TEXTS.find(([pattern]) => pattern.test(text))?.[1]
  if (found !== undefined) return found
  const isBase64 = /^[A-Za-z0-9+/_\s-]+={0,2}\s*$/.test(text) && text.replace(/\s/g, '').length >= MIN_BASE64_CHARACTERS
  return isBase64 && !/[a-z] [a-z]/i.test(text) ? 'this is base64 text, not audio; decode it' : undefined
}

/** `curl -d @file` sends a file without its line breaks and zero bytes, as a urlencoded form. */
function strippedBy(head: Buffer, mediaType: string): string | undefined {
  if (!/^application\/x-www-form-urlencoded\b/i.test(mediaType.trim())) return undefined
  const isWhole = [0x00, 0x0a, 0x0d].some((byte) => head.includes(byte))
  return isWhole ? undefined : 'the zero bytes and line breaks of the file are missing, which curl -d removes'
}
