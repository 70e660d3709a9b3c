/**
 * Bytes of a catalogue → its entries, sorted by id, so that results do not depend on the order of its rows.
 *
 * The bytes are parsed in slices, and parsing ends at the first fault: the cost is bounded by the limits of rows and of
 * their length, whatever the size of the upload, and other requests are served in between.
 */
import { SpeechError } from '../../domain/errors.js'
import { invalidRow, MAX_ENTRIES, readEntry, type Entry, type Row } from './entry.js'
import { CsvRows } from './rows-csv.js'
import { JsonLines } from './rows-jsonl.js'
import { sortSliced, TimeSlices } from './time-slices.js'

export type CatalogueFormat = 'csv' | 'jsonl'

const SLICE_BYTES = 32 * 1024
const JSONL_TYPES = /^(application|text)\/(x-)?(jsonl|ndjson|jsonlines|json-lines|json-seq)\b/i
const CSV_TYPES = /^text\/(csv|tab-separated-values)\b/i

/** By the media type, or else by the first character: only JSON Lines begin with a brace. */
export function formatOfUpload(mediaType: string, bytes: Uint8Array): CatalogueFormat {
  if (CSV_TYPES.test(mediaType)) return 'csv'
  if (JSONL_TYPES.test(mediaType)) return 'jsonl'
  return /^\ufeff?\s*\{/.test(Buffer.from(bytes.subarray(0, 64)).toString('utf8')) ? 'jsonl' : 'csv'
}

/** Throws CATALOGUE_INVALID or CATALOGUE_TOO_LARGE at the first faulty row. */
export async function parseCatalogue(bytes: Uint8Array, format: CatalogueFormat): Promise<Entry[]> {
  const entries: Entry[] = []
  const lineOf = new Map<string, number>()
  const reader = format === 'csv' ? new CsvRows() : new JsonLines()
  const take = (rows: readonly Row[]): void => {
    for (const row of rows) {
      const entry = readEntry(row)
      const before = lineOf.get(entry.id)
      if (before !== undefined) throw invalidRow(row.line, `id "${entry.id}" is already in line ${before}`, 'id')
      if (entries.length === MAX_ENTRIES) {
        throw new SpeechError('CATALOGUE_TOO_LARGE', `more than ${MAX_ENTRIES} entries`)
      }
      lineOf.set(entry.id, row.line)
      entries.push(entry)
    }
  }
  for await (const text of readText(bytes)) take(reader.read(text))
  take(await reader.end())
  if (entries.length === 0) throw new SpeechError('CATALOGUE_INVALID', 'it has no entries')
  return sortSliced(entries, (a, b) => a.id < b.id ? -1 : 1)
}

/** Decodes UTF-8 in slices, without the byte order mark. */
async function* readText(bytes: Uint8Array): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const slices = new TimeSlices()
  for (let start = 0; start < bytes.length; start += SLICE_BYTES) {
    await slices.pause()
    yield decode(decoder, bytes.subarray(start, start + SLICE_BYTES), start + SLICE_BYTES < bytes.length, start)
  }
}

function decode(decoder: InstanceType<typeof TextDecoder>, slice: Uint8Array, stream: boolean, start: number): string {
  try {
    return decoder.decode(slice, { stream })
  } catch (cause) {
    throw new SpeechError('CATALOGUE_INVALID', `it is not UTF-8 after byte ${start}`, { cause })
  }
}
