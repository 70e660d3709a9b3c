/**
 * A file of feature rows, to make a baseline from: JSON lines, the first says for which model, pipeline and features
 * the others hold. Numbers and categories only, no word and no sound; written only where the operator asks for it, and
 * never more than he allows. A session is a hash with a key that dies with the process: it says which clips belong
 * together, and nothing else.
 *
 * A file that cannot be read or written (a full disk, a directory in its place) is said once and not tried again before
 * the next start: recognition goes on.
 */
import { createHmac, randomBytes } from 'node:crypto'
import { createReadStream, createWriteStream, mkdirSync, statSync, type WriteStream } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
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
   * another. What the file system refuses, and a record of another version's features, is told to `onError`, once;
   * undefined when that is now.
   */
  static async open(file: string, recordedFor: RecordedFor, mostClips: number, onError: (error: Error) => void, openStream = openToAppend): Promise<ClipRecord | undefined> {
    const header: Header = { format: FORMAT, ...recordedFor, features: [...FEATURE_NAMES] }
    try {
      const known = await readIfThere(file)
      if (known !== undefined) checkSame(file, known, recordedFor)
      mkdirSync(path.dirname(file), { recursive: true })
      const stream = openStream(file).once('error', onError).on('error', () => undefined)
      if (known === undefined) stream.write(`${JSON.stringify(header)}\n`)
      return new ClipRecord(stream, known?.clips.length ?? 0, mostClips)
    } catch (thrown) {
      // A record that was begun by another version cannot be continued, and is no reason not to serve.
      if (thrown instanceof SpeechError && thrown.parameter !== 'features') throw thrown
      onError(thrown as Error)
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

/** Undefined for a file that is to be made, or is empty: whoever made it had no room for its first line. */
async function readIfThere(file: string): Promise<ReadRecord | undefined> {
  const found = statSync(file, { throwIfNoEntry: false })
  if (found === undefined) return undefined
  // A pipe or a device would be read for ever.
  if (!found.isFile()) throw new Error(`${file} is no regular file`)
  return found.size === 0 ? undefined : readRecord(file)
}

export interface ReadRecord extends RecordedFor { readonly clips: readonly BaselineClip[] }

/** Clips between two moments, milliseconds since the epoch. A last line that was cut off is left out. Throws BASELINE_INVALID. */
export async function readRecord(file: string, from = -Infinity, to = Infinity): Promise<ReadRecord> {
  let header: Header | undefined
  const clips: BaselineClip[] = []
  let number = 0
  let cut: number | undefined
  for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    number++
    const data = parseLine(text)
    if (header === undefined) {
      if (!Value.Check(Header, data)) throw new SpeechError('BASELINE_INVALID', `${file} is no record of drift features`)
      if (data.features.join() !== FEATURE_NAMES.join()) throw new SpeechError('BASELINE_MISMATCH', `${file} has the features of another version`, { parameter: 'features' })
      header = data
      continue
    }
    if (!Value.Check(Line, data) || data.values.length !== FEATURE_NAMES.length) {
      cut ??= number
      continue
    }
    if (cut !== undefined) throw new SpeechError('BASELINE_INVALID', `${file}, line ${cut}: not a clip`)
    if (data.time >= from && data.time < to) clips.push({ row: data.values, session: data.session, time: data.time })
  }
  if (header === undefined) throw new SpeechError('BASELINE_INVALID', `${file} is empty`)
  return { model: header.model, pipeline: header.pipeline as Baseline['pipeline'], clips }
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
