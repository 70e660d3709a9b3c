/**
 * A file of feature rows, from which a baseline is made: JSON lines, the first of which names the model, pipeline and
 * features of the others. It holds numbers and categories, no text and no audio; it is written only if the operator
 * requests it, up to a limit. A session is an HMAC with a key that ends with the process: it tells which clips belong
 * together, and nothing else.
 *
 * A process that is killed while writing leaves an incomplete last line. It is removed before the next line is
 * appended.
 *
 * A file that cannot be read or written (a full disk, a folder in its place) is reported once and not retried
 * before the next start: recognition continues.
 */
import { createHmac, randomBytes } from 'node:crypto'
import { createWriteStream, mkdirSync, statSync, truncateSync, type WriteStream } from 'node:fs'
import path from 'node:path'
import { Type, type Static } from 'typebox'
import { Value } from 'typebox/value'
import { SpeechError } from '../../domain/errors.js'
import { readPlainFile } from '../../domain/plain-file.js'
import type { Baseline } from './baseline.js'
import type { BaselineClip } from './build-baseline.js'
import { FEATURE_NAMES, type FeatureRow } from './features.js'
import { LINE_BREAK, linesOf, MAX_LINE_BYTES, type TextLine } from './record-lines.js'

const FORMAT = 'earshot-drift-record/1'
/** Start of the first line of every record. */
const BEGINNING = Buffer.from(JSON.stringify({ format: FORMAT }).slice(0, -1))
/** Significant digits: enough for the bins. */
const DIGITS = 6
const SESSION_CHARACTERS = 12
/** Limit of unwritten data; further clips are not recorded. */
const BUFFER_BYTES = 1 << 20

const Header = Type.Object({
  format: Type.Literal(FORMAT),
  model: Type.Object({ name: Type.String(), digest: Type.String() }),
  pipeline: Type.Record(Type.String(), Type.Unknown()),
  features: Type.Array(Type.String()),
})
type Header = Static<typeof Header>

const Line = Type.Object({
  time: Type.Number(),
  session: Type.Union([Type.String(), Type.Null()]),
  values: Type.Array(Type.Union([Type.Number(), Type.String(), Type.Null()])),
})

export interface RecordedFor { readonly model: Baseline['model']; readonly pipeline: Baseline['pipeline'] }

export interface RecordEvents {
  /** An error of the file system, or a record with the features of another version; called at most once. */
  onError(error: Error): void
  /** An incomplete last line of this many bytes was removed. */
  onRepaired(bytes: number): void
}

export class ClipRecord {
  readonly #stream: WriteStream
  readonly #maxClips: number
  readonly #key = randomBytes(32)
  #clips: number

  private constructor(stream: WriteStream, clips: number, maxClips: number) {
    this.#stream = stream
    this.#clips = clips
    this.#maxClips = maxClips
  }

  /**
   * Continues a record of the same model and pipeline, or starts one. Throws BASELINE_MISMATCH or BASELINE_INVALID for
   * any other file. Undefined if `onError` was called.
   */
  static async open(
    file: string, recordedFor: RecordedFor, maxClips: number, events: RecordEvents, openStream = openToAppend,
  ): Promise<ClipRecord | undefined> {
    const header: Header = { format: FORMAT, ...recordedFor, features: [...FEATURE_NAMES] }
    try {
      const found = await readExtent(file, recordedFor)
      mkdirSync(path.dirname(file), { recursive: true })
      removeCut(file, found, events)
      const stream = openStream(file)
        .once('error', (error) => { events.onError(error) })
        .on('error', () => undefined)
      if (found.wholeBytes === 0) stream.write(`${JSON.stringify(header)}\n`)
      return new ClipRecord(stream, found.clips, maxClips)
    } catch (thrown) {
      if (thrown instanceof SpeechError) throw thrown
      events.onError(thrown as Error)
      return undefined
    }
  }

  /**
   * Returns false if the file is full or broken, or the disk is too slow: losing a clip is better than buffering it.
   */
  add(row: FeatureRow, session: string | undefined, time: number): boolean {
    if (this.#clips >= this.#maxClips || this.#stream.writableNeedDrain || !this.#stream.writable) return false
    this.#clips++
    const values = row.map((value) => typeof value === 'number' ? Number(value.toPrecision(DIGITS)) : value)
    const line = { time, session: session === undefined ? null : this.#hashed(session), values }
    this.#stream.write(`${JSON.stringify(line)}\n`)
    return true
  }

  close(): Promise<void> {
    return new Promise((resolve) => { this.#stream.end(resolve) })
  }

  #hashed(session: string): string {
    return createHmac('sha256', this.#key).update(session).digest('base64url').slice(0, SESSION_CHARACTERS)
  }
}

function openToAppend(file: string): WriteStream {
  return createWriteStream(file, { flags: 'a', highWaterMark: BUFFER_BYTES })
}

/** Bytes of the complete lines of a record, and of an incomplete last line. */
interface Extent { readonly wholeBytes: number; readonly cutBytes: number }

/**
 * Extent and number of clips of a record; zero if there is no file. A record of another version cannot be continued,
 * which is an error of the record but does not prevent the service from starting.
 */
async function readExtent(file: string, recordedFor: RecordedFor): Promise<Extent & { readonly clips: number }> {
  const found = statSync(file, { throwIfNoEntry: false })
  if (found === undefined) return { wholeBytes: 0, cutBytes: 0, clips: 0 }
  // Reading a pipe or a device might never end.
  if (!found.isFile()) throw new Error(`${file} is not a regular file`)
  if (found.size <= MAX_LINE_BYTES && isPartOfFirstLine(readPlainFile(file, MAX_LINE_BYTES))) {
    return { wholeBytes: 0, cutBytes: found.size, clips: 0 }
  }
  let clips = 0
  const onHeader = (header: Header): void => {
    if (!hasTheseFeatures(header)) throw new Error(`${file} has the features of another version`)
    checkSame(file, header, recordedFor)
  }
  return { ...await scan(file, onHeader, () => { clips++ }), clips }
}

/** Such a file is left when the disk is full at the start. An empty file counts too. */
function isPartOfFirstLine(bytes: Buffer): boolean {
  const length = Math.min(bytes.length, BEGINNING.length)
  return !bytes.includes(LINE_BREAK) && bytes.subarray(0, length).equals(BEGINNING.subarray(0, length))
}

/** Removes an incomplete last line, unless another process has written to the file in the meantime. */
function removeCut(file: string, { wholeBytes, cutBytes }: Extent, events: RecordEvents): void {
  if (cutBytes === 0 || statSync(file).size !== wholeBytes + cutBytes) return
  truncateSync(file, wholeBytes)
  events.onRepaired(cutBytes)
}

export interface ReadRecord extends RecordedFor { readonly clips: readonly BaselineClip[] }

/**
 * Clips from `from` to before `to`, milliseconds since the epoch. An incomplete last line is ignored. Throws
 * BASELINE_INVALID or BASELINE_MISMATCH.
 */
export async function readRecord(file: string, from = -Infinity, to = Infinity): Promise<ReadRecord> {
  const clips: BaselineClip[] = []
  const onHeader = (header: Header): void => {
    if (hasTheseFeatures(header)) return
    throw new SpeechError('BASELINE_MISMATCH', `${file} has the features of another version`)
  }
  const { header: { model, pipeline } } = await scan(file, onHeader, (clip) => {
    if (clip.time >= from && clip.time < to) clips.push(clip)
  })
  return { model, pipeline: pipeline as Baseline['pipeline'], clips }
}

/**
 * Reads a record line by line. Only its last line may be incomplete. Throws BASELINE_INVALID, and what `onHeader`
 * throws.
 */
async function scan(
  file: string, onHeader: (header: Header) => void, onClip: (clip: TimedClip) => void,
): Promise<Extent & { readonly header: Header }> {
  let header: Header | undefined
  let [number, wholeBytes, endBytes] = [0, 0, 0]
  for await (const line of linesOf(file)) {
    if (endBytes > wholeBytes) throw new SpeechError('BASELINE_INVALID', `${file}, line ${number}: not a clip`)
    number++
    endBytes = line.endBytes
    if (header === undefined) {
      header = headerOf(line, file)
      onHeader(header)
    } else {
      const clip = clipOf(line)
      if (clip === undefined) continue
      onClip(clip)
    }
    wholeBytes = endBytes
  }
  if (header === undefined) throw new SpeechError('BASELINE_INVALID', `${file} is empty`)
  return { header, wholeBytes, cutBytes: endBytes - wholeBytes }
}

type TimedClip = BaselineClip & { readonly time: number }

function headerOf({ text, isWhole }: TextLine, file: string): Header {
  const data = parseLine(text)
  if (isWhole && Value.Check(Header, data)) return data
  throw new SpeechError('BASELINE_INVALID', `${file} is not a record of drift features`)
}

function clipOf({ text, isWhole }: TextLine): TimedClip | undefined {
  const data = parseLine(text)
  if (!isWhole || !Value.Check(Line, data) || data.values.length !== FEATURE_NAMES.length) return undefined
  return { row: data.values, session: data.session, time: data.time }
}

function hasTheseFeatures({ features }: Header): boolean {
  return features.join() === FEATURE_NAMES.join()
}

function checkSame(file: string, known: Header, requested: RecordedFor): void {
  const keyOf = ({ model, pipeline }: Pick<Header, 'model' | 'pipeline'>): string =>
    JSON.stringify([model, Object.entries(pipeline).sort()])
  if (keyOf(known) === keyOf(requested)) return
  const detail = `${file} was recorded with another model or pipeline; name another file in EARSHOT_DRIFT_RECORD`
  throw new SpeechError('BASELINE_MISMATCH', detail)
}

function parseLine(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // an incomplete line; the caller decides whether it is permitted here
  }
}
