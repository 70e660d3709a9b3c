/**
 * A file of feature rows, to make a baseline from: JSON lines, the first says for which model, pipeline and features
 * the others hold. Numbers and categories only, no word and no sound; written only where the operator asks for it, and
 * never more than he allows. A session is a hash with a key that dies with the process: it says which clips belong
 * together, and nothing else.
 *
 * A process that ends in the middle of a line leaves half of it. It is removed before the next line is added, which
 * would otherwise stand behind it.
 *
 * A file that cannot be read or written (a full disk, a directory in its place) is said once and not tried again before
 * the next start: recognition goes on.
 */
import { createHmac, randomBytes } from 'node:crypto'
import { createReadStream, createWriteStream, mkdirSync, readFileSync, statSync, truncateSync, type WriteStream } from 'node:fs'
import path from 'node:path'
import { Type, type Static } from 'typebox'
import { Value } from 'typebox/value'
import { SpeechError } from '../errors.js'
import type { Baseline } from './baseline.js'
import type { BaselineClip } from './build.js'
import { FEATURE_NAMES, type FeatureRow } from './features.js'

const FORMAT = 'earshot-drift-record/1'
/** Digits that bins need, and no more. */
const DIGITS = 6
const SESSION_CHARACTERS = 12
/** What may wait for the disk; clips beyond are not recorded. */
const BUFFER_BYTES = 1 << 20
/** Of a line; the longest, the first, has some thousand. */
const MOST_LINE_BYTES = 1 << 20
const LINE_BREAK = 10

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
  /** What the file system refuses, and a record of another version's features; called once at most. */
  onError(error: Error): void
  /** So many bytes of a last line that was cut off have been removed. */
  onRepaired(bytes: number): void
}

export class ClipRecord {
  readonly #stream: WriteStream
  readonly #mostClips: number
  readonly #key = randomBytes(32)
  #clips: number

  private constructor(stream: WriteStream, clips: number, mostClips: number) {
    this.#stream = stream
    this.#clips = clips
    this.#mostClips = mostClips
  }

  /**
   * Goes on with a file of the same model and pipeline, or begins one. Throws BASELINE_MISMATCH or BASELINE_INVALID for
   * another. Undefined when `onError` was called.
   */
  static async open(file: string, recordedFor: RecordedFor, mostClips: number, events: RecordEvents, openStream = openToAppend): Promise<ClipRecord | undefined> {
    const header: Header = { format: FORMAT, ...recordedFor, features: [...FEATURE_NAMES] }
    const firstLine = `${JSON.stringify(header)}\n`
    try {
      const known = isToBeBegun(file, firstLine) ? undefined : await readKnown(file, recordedFor)
      mkdirSync(path.dirname(file), { recursive: true })
      cutBehind(file, known?.wholeBytes ?? 0, events)
      const stream = openStream(file).once('error', (error) => { events.onError(error) }).on('error', () => undefined)
      if (known === undefined) stream.write(firstLine)
      return new ClipRecord(stream, known?.clips.length ?? 0, mostClips)
    } catch (thrown) {
      if (thrown instanceof SpeechError) throw thrown
      events.onError(thrown as Error)
      return undefined
    }
  }

  /** Returns false when the file is full or broken, or the disk is too slow: a clip more or less does not matter, memory does. */
  add(row: FeatureRow, session: string | undefined, time: number): boolean {
    if (this.#clips >= this.#mostClips || this.#stream.writableNeedDrain || !this.#stream.writable) return false
    this.#clips++
    const values = row.map((value) => typeof value === 'number' ? Number(value.toPrecision(DIGITS)) : value)
    this.#stream.write(`${JSON.stringify({ time, session: session === undefined ? null : this.#hashed(session), values })}\n`)
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

/** There is no file, or nothing but a part of the first line: whoever made it had no room for more. */
function isToBeBegun(file: string, firstLine: string): boolean {
  const found = statSync(file, { throwIfNoEntry: false })
  if (found === undefined) return true
  // A pipe or a device would be read for ever.
  if (!found.isFile()) throw new Error(`${file} is not a regular file`)
  return found.size < Buffer.byteLength(firstLine) && firstLine.startsWith(readFileSync(file, 'utf8'))
}

/** A record that was begun by another version cannot be continued, and is no reason not to serve. */
async function readKnown(file: string, recordedFor: RecordedFor): Promise<ReadRecord> {
  for await (const line of linesOf(file)) {
    if (!hasTheseFeatures(headerOf(line, file))) throw new Error(`${file} has the features of another version`)
    break
  }
  const known = await readRecord(file)
  checkSame(file, known, recordedFor)
  return known
}

/** Removes a last line that was cut off. */
function cutBehind(file: string, bytes: number, events: RecordEvents): void {
  const found = statSync(file, { throwIfNoEntry: false })
  if (found === undefined || found.size <= bytes) return
  truncateSync(file, bytes)
  events.onRepaired(found.size - bytes)
}

export interface ReadRecord extends RecordedFor {
  readonly clips: readonly BaselineClip[]
  /** Of the file, up to the end of its last whole line. */
  readonly wholeBytes: number
}

/** Clips between two moments, milliseconds since the epoch. A last line that was cut off is left out. Throws BASELINE_INVALID. */
export async function readRecord(file: string, from = -Infinity, to = Infinity): Promise<ReadRecord> {
  let header: Header | undefined
  const clips: BaselineClip[] = []
  let number = 0
  let wholeBytes = 0
  let cut: number | undefined
  for await (const line of linesOf(file)) {
    number++
    if (header === undefined) {
      header = headerOf(line, file)
      if (!hasTheseFeatures(header)) throw new SpeechError('BASELINE_MISMATCH', `${file} has the features of another version`)
      wholeBytes = line.endBytes
      continue
    }
    const data = parseLine(line.text)
    if (!line.isWhole || !Value.Check(Line, data) || data.values.length !== FEATURE_NAMES.length) {
      cut ??= number
      continue
    }
    if (cut !== undefined) throw new SpeechError('BASELINE_INVALID', `${file}, line ${cut}: not a clip`)
    wholeBytes = line.endBytes
    if (data.time >= from && data.time < to) clips.push({ row: data.values, session: data.session, time: data.time })
  }
  if (header === undefined) throw new SpeechError('BASELINE_INVALID', `${file} is empty`)
  return { model: header.model, pipeline: header.pipeline as Baseline['pipeline'], clips, wholeBytes }
}

interface TextLine {
  readonly text: string
  /** Of the file, up to the end of this line. */
  readonly endBytes: number
  /** It ends with a line break. */
  readonly isWhole: boolean
}

/** Throws BASELINE_INVALID for a line that is too long. */
async function* linesOf(file: string): AsyncGenerator<TextLine> {
  let rest: Buffer = Buffer.alloc(0)
  let bytes = 0
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    rest = Buffer.concat([rest, chunk])
    let start = 0
    for (let end = rest.indexOf(LINE_BREAK); end >= 0; end = rest.indexOf(LINE_BREAK, start)) {
      yield { text: rest.toString('utf8', start, end), endBytes: bytes + end + 1, isWhole: true }
      start = end + 1
    }
    bytes += start
    rest = rest.subarray(start)
    if (rest.length > MOST_LINE_BYTES) throw new SpeechError('BASELINE_INVALID', `${file} is not a record of drift features`)
  }
  if (rest.length > 0) yield { text: rest.toString('utf8'), endBytes: bytes + rest.length, isWhole: false }
}

function headerOf({ text, isWhole }: TextLine, file: string): Header {
  const data = parseLine(text)
  if (!isWhole || !Value.Check(Header, data)) throw new SpeechError('BASELINE_INVALID', `${file} is not a record of drift features`)
  return data
}

function hasTheseFeatures({ features }: Header): boolean {
  return features.join() === FEATURE_NAMES.join()
}

function checkSame(file: string, known: RecordedFor, wanted: RecordedFor): void {
  const told = ({ model, pipeline }: RecordedFor): string => JSON.stringify([model, Object.entries(pipeline).sort()])
  if (told(known) !== told(wanted)) throw new SpeechError('BASELINE_MISMATCH', `${file} was recorded with another model or pipeline; name another file in EARSHOT_DRIFT_RECORD`)
}

function parseLine(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // a line that was cut off; the caller decides whether it may be
  }
}
