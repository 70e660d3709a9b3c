/**
 * Bodies that are compressed as a whole (`content-encoding`, RFC 9110, 8.4). They are decompressed in the thread pool,
 * piece by piece, and each piece is counted before the next one: a small body may claim any length.
 */
import { pipeline } from 'node:stream/promises'
import { Readable, Writable } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib'
import { SpeechError } from '../../../domain/errors.js'

/** Fewer turns of the event loop than with the 16 KiB of Node. */
const PIECE = { chunkSize: 65_536 }
const NAMES = ['gzip', 'deflate', 'br'] as const
export type ContentEncoding = (typeof NAMES)[number]

/**
 * The encoding of a body; undefined for one that is sent as it is. Throws ENCODING_UNSUPPORTED, also for several: each
 * would multiply what a small body can claim.
 */
export function contentEncodingOf(header: string | undefined): ContentEncoding | undefined {
  const given = (header ?? '').toLowerCase().split(',').map((name) => name.trim().replace(/^x-gzip$/, 'gzip'))
    .filter((name) => name !== '' && name !== 'identity')
  const [first, ...others] = given
  if (first === undefined) return undefined
  const found = NAMES.find((name) => name === first)
  if (found !== undefined && others.length === 0) return found
  const detail = `content-encoding must be one of ${NAMES.join(', ')} or absent, not "${given.join(', ').slice(0, 40)}"`
  throw new SpeechError('ENCODING_UNSUPPORTED', detail, { parameter: 'content-encoding' })
}

/**
 * `take` counts the bytes of each piece and may refuse them by throwing. Throws that, or REQUEST_INVALID where the body
 * is not what its header says.
 */
export async function decompress(
  body: Buffer, encoding: ContentEncoding, take: (bytes: number) => void,
): Promise<Buffer> {
  const pieces: Buffer[] = []
  const collect = new Writable({
    write(piece: Buffer, _encoding, done) {
      try {
        take(piece.length)
        pieces.push(piece)
        done()
      } catch (error) {
        done(error as Error)
      }
    },
  })
  try {
    await pipeline(Readable.from([body]), decompressorOf(encoding, body), collect)
  } catch (cause) {
    if (cause instanceof SpeechError) throw cause
    const reason = cause instanceof Error ? cause.message : String(cause)
    const detail = `content-encoding is ${encoding}, but the body is not, or it is cut off (${reason})`
    throw new SpeechError('REQUEST_INVALID', detail, { parameter: 'content-encoding', cause })
  }
  return Buffer.concat(pieces)
}

function decompressorOf(encoding: ContentEncoding, body: Buffer) {
  if (encoding === 'gzip') return createGunzip(PIECE)
  if (encoding === 'br') return createBrotliDecompress(PIECE)
  return hasZlibHeader(body) ? createInflate(PIECE) : createInflateRaw(PIECE)
}

/** RFC 1950, 2.2. Some clients send deflate without this header, against the standard (RFC 9110, 8.4.1.2). */
function hasZlibHeader(body: Buffer): boolean {
  return body.length >= 2 && (body[0]! & 0x0f) === 8 && body.readUInt16BE(0) % 31 === 0
}

/** Whether a client takes an answer as gzip (RFC 9110, 12.5.3). */
export function acceptsGzip(header: string | string[] | undefined): boolean {
  return [header ?? ''].flat().join(',').toLowerCase().split(',').some((one) => {
    const [name = '', ...parameters] = one.split(';').map((part) => part.trim())
    return (name === 'gzip' || name === 'x-gzip') && !parameters.some((part) => /^q=0(\.0*)?$/.test(part))
  })
}
