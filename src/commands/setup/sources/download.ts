/**
 * One address → one file, in as many requests as the connection needs: after a break, the next request asks for the
 * rest (RFC 9110, section 14). A server that sends the whole file again is read from its beginning. No byte beyond the
 * size in the manifest is written.
 */
import { open, truncate, type FileHandle } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import { SpeechError } from '../../../domain/errors.js'
import type { Answer, HttpsClient } from './https.js'
import { sizeOf, type Wanted } from './partials.js'

/** An attempt that brought so much counts as the first one again. */
const PROGRESS_BYTES = 4_000_000
const LONGEST_PAUSE_MS = 30_000

/** What another attempt may mend. */
const PASSING_CODES: ReadonlySet<string> = new Set([
  'ECONNRESET', 'ECONNREFUSED', 'ETIMEDOUT', 'EPIPE', 'EAI_AGAIN',
  'UND_ERR_SOCKET', 'UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT',
])
const isPassingStatus = (status: number): boolean => status === 408 || status === 429 || status >= 500

/** How often a download that broke off is continued. */
export interface Patience {
  readonly retries: number
  /** Before the second attempt; doubled for each that follows. */
  readonly pauseMs: number
}

/** What a server sent is not the file, but may be the next time. */
class BrokenOff extends SpeechError {}

/**
 * Continues `partial` until it has all bytes. Throws MODEL_FETCH_FAILED, MODEL_FILE_ALTERED for another size, and what
 * the connection throws; what arrived by then stays in `partial`.
 */
export async function download(
  client: HttpsClient, address: string, partial: string, wanted: Wanted, patience: Patience,
  received: (bytes: number) => void,
): Promise<void> {
  let failures = 0
  // Not the size before the attempt: a server that sends the same beginning again makes no progress.
  let most = await sizeOf(partial)
  for (;;) {
    try {
      return await attempt(client, address, partial, wanted, received)
    } catch (cause) {
      const size = await sizeOf(partial)
      if (size - most >= PROGRESS_BYTES) [failures, most] = [0, size]
      if (!isPassing(cause) || failures++ >= patience.retries) throw cause
      await setTimeout(Math.min(LONGEST_PAUSE_MS, patience.pauseMs * 2 ** (failures - 1)))
    }
  }
}

async function attempt(
  client: HttpsClient, address: string, partial: string, wanted: Wanted, received: (bytes: number) => void,
): Promise<void> {
  const file = await open(partial, 'a')
  try {
    if ((await file.stat()).size > wanted.bytes) await file.truncate(0)
    const { size: offset } = await file.stat()
    if (offset === wanted.bytes) return
    const answer = await client.get(address, offset)
    const from = await acceptedOffset(answer, offset, wanted)
    if (from < offset) await file.truncate(0)
    if (answer.status === 416) throw new BrokenOff('MODEL_FETCH_FAILED', 'it cannot continue the file')
    await append(file, answer, from, wanted, received)
  } finally {
    await file.close()
  }
}

/** The byte that the body begins with. Throws for an answer that is not the file, or not of its size. */
async function acceptedOffset({ status, header, body }: Answer, offset: number, { bytes }: Wanted): Promise<number> {
  const refuse = async (code: 'MODEL_FETCH_FAILED' | 'MODEL_FILE_ALTERED', problem: string): Promise<never> => {
    await body.dump()
    throw new SpeechError(code, problem)
  }
  if (status === 416 && offset > 0) {
    await body.dump()
    return 0
  }
  if (isPassingStatus(status)) {
    await body.dump()
    throw new BrokenOff('MODEL_FETCH_FAILED', `it answers ${status}`)
  }
  if (status !== 200 && status !== 206) return refuse('MODEL_FETCH_FAILED', `it answers ${status}`)
  const encoding = header('content-encoding') ?? 'identity'
  if (encoding !== 'identity') return refuse('MODEL_FETCH_FAILED', `it sends the file as ${encoding}`)
  const [, first, total = '*'] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(header('content-range') ?? '') ?? []
  const from = status === 200 ? 0 : Number(first)
  if (status === 206 && from !== offset) return refuse('MODEL_FETCH_FAILED', 'it sends another part than was asked for')
  const length = header('content-length')
  const found = status === 206 && total !== '*' ? Number(total) : length === undefined ? bytes : from + Number(length)
  if (found !== bytes) return refuse('MODEL_FILE_ALTERED', `expected ${bytes} bytes, and it has ${found}`)
  return from
}

async function append(
  file: FileHandle, { body }: Answer, from: number, { bytes }: Wanted, received: (bytes: number) => void,
): Promise<void> {
  let position = from
  received(position)
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    if (position + chunk.byteLength > bytes) {
      await file.truncate(0)
      throw new SpeechError('MODEL_FILE_ALTERED', `it sends more than the expected ${bytes} bytes`)
    }
    await file.appendFile(chunk)
    received(position += chunk.byteLength)
  }
  if (position < bytes) throw new BrokenOff('MODEL_FETCH_FAILED', `it ended after ${position} of ${bytes} bytes`)
}

/** Nothing of it may be resumed. */
export async function discard(partial: string): Promise<void> {
  if (await sizeOf(partial) > 0) await truncate(partial)
}

function isPassing(cause: unknown): boolean {
  return cause instanceof BrokenOff || PASSING_CODES.has((cause as NodeJS.ErrnoException).code ?? '')
}
