/**
 * Facts by file content, label and settings, in a file that grows by a line for each clip: a run that was killed
 * continues where it ended, and a second run over a corrected manifest measures only what is new.
 *
 * The file contains transcripts, so only its owner may read it. A killed run can leave a part of a line at the end;
 * it is cut off before the next line is written.
 */
import { createReadStream, existsSync } from 'node:fs'
import { mkdir, open, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { SpeechError } from '../../domain/errors.js'
import type { Facts } from '../../data/verification/facts.js'

/** `key`: of the file and its label. */
interface Entry { readonly settings: string; readonly key: string; readonly facts: Facts }

const OWNER_ONLY = 0o600
const TAIL_BYTES = 65_536
const LINE_FEED = 10

export class FactsCache {
  readonly #known: Map<string, Facts>
  readonly #file: FileHandle
  readonly #settings: string

  private constructor(file: FileHandle, settings: string, known: Map<string, Facts>) {
    this.#file = file
    this.#settings = settings
    this.#known = known
  }

  /** Reads the entries of these settings; others stay in the file. Throws CLIPS_INVALID for a file of another kind. */
  static async open(file: string, settings: string): Promise<FactsCache> {
    await mkdir(path.dirname(path.resolve(file)), { recursive: true })
    if (existsSync(file)) await cutUnfinishedLine(file)
    const known = existsSync(file) ? await readEntries(file, settings) : new Map<string, Facts>()
    return new FactsCache(await open(file, 'a', OWNER_ONLY), settings, known)
  }

  get(key: string): Facts | undefined {
    return this.#known.get(key)
  }

  async add(key: string, facts: Facts): Promise<void> {
    this.#known.set(key, facts)
    const entry: Entry = { settings: this.#settings, key, facts }
    await this.#file.appendFile(`${JSON.stringify(entry)}\n`)
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}

async function readEntries(file: string, settings: string): Promise<Map<string, Facts>> {
  const known = new Map<string, Facts>()
  let number = 0
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    number++
    const entry = readEntry(line, `${file}, line ${number}`)
    if (entry.settings === settings) known.set(entry.key, entry.facts)
  }
  return known
}

function readEntry(line: string, place: string): Entry {
  let entry: Partial<Entry> | null
  try {
    entry = JSON.parse(line) as Partial<Entry> | null
  } catch (cause) {
    throw new SpeechError('CLIPS_INVALID', `${place} is no line of a cache; remove the file or name another`, { cause })
  }
  const { settings, key, facts } = entry ?? {}
  if (settings !== undefined && key !== undefined && facts !== undefined) return { settings, key, facts }
  throw new SpeechError('CLIPS_INVALID', `${place} is no line of a cache; remove the file or name another`)
}

/** Searches backwards for the last line feed. */
async function cutUnfinishedLine(file: string): Promise<void> {
  const handle = await open(file, 'r+')
  try {
    let { size: end } = await handle.stat()
    while (end > 0) {
      const start = Math.max(0, end - TAIL_BYTES)
      const { buffer } = await handle.read(Buffer.alloc(end - start), 0, end - start, start)
      const last = buffer.lastIndexOf(LINE_FEED)
      if (last >= 0) return await handle.truncate(start + last + 1)
      end = start
    }
    await handle.truncate(0)
  } finally {
    await handle.close()
  }
}
