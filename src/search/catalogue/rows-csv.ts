/**
 * CSV (RFC 4180) → rows, parsed by a library. The first line names the columns and decides the delimiter, comma,
 * semicolon or tab, since spreadsheets write all three. Several aliases or tags in one cell are separated by `|`.
 */
import { parse, type CsvError, type Parser } from 'csv-parse'
import { SpeechError } from '../../domain/errors.js'
import { invalidRow, MAX_ROW_CHARACTERS, type Row } from './entry.js'
import { tooLong } from './rows-jsonl.js'

const DELIMITERS = [',', ';', '\t']
const LIST_SEPARATOR = '|'
const MAX_COLUMNS = 200

/** Parses text in pieces, with the interface of JsonLines. Throws CATALOGUE_INVALID. */
export class CsvRows {
  #parser: Parser | undefined
  #fault: Error | undefined
  /** The text until the first line is complete. */
  #head = ''

  read(piece: string): Row[] {
    if (this.#parser !== undefined) return this.#parse(this.#parser, piece)
    this.#head += piece
    const isWhole = this.#head.includes('\n') || this.#head.length > MAX_ROW_CHARACTERS
    return isWhole ? this.#parse(this.#open(), this.#head) : []
  }

  async end(): Promise<Row[]> {
    const isOpen = this.#parser !== undefined
    const parser = this.#parser ?? this.#open()
    const rows = isOpen ? [] : this.#parse(parser, this.#head)
    // The parser reports faults and its end asynchronously.
    const ended = new Promise((resolve) => { parser.once('end', resolve).once('close', resolve) })
    if (!parser.destroyed) parser.end()
    rows.push(...this.#takeRows(parser))
    await ended
    return [...rows, ...this.#takeRows(parser)]
  }

  #open(): Parser {
    const [header = ''] = this.#head.split('\n', 1)
    if (header.length > MAX_ROW_CHARACTERS) throw tooLong(1)
    const count = (delimiter: string): number => header.split(delimiter).length
    const delimiter = DELIMITERS.reduce((best, one) => count(one) > count(best) ? one : best)
    const options = { delimiter, columns: readHeader, info: true, skip_empty_lines: true } as const
    this.#parser = parse({ ...options, max_record_size: MAX_ROW_CHARACTERS })
      .on('error', (error) => { this.#fault ??= asFault(error) })
    return this.#parser
  }

  #parse(parser: Parser, text: string): Row[] {
    if (!parser.destroyed) parser.write(text)
    return this.#takeRows(parser)
  }

  /** Takes the rows that have been parsed. The parser is a stream that buffers at most the slice it was given. */
  #takeRows(parser: Parser): Row[] {
    const rows: Row[] = []
    for (let read = parser.read() as CsvRecord | null; read !== null; read = parser.read() as CsvRecord | null) {
      rows.push({ line: read.info.lines, values: asValues(read.record, read.info.lines) })
    }
    if (this.#fault !== undefined) throw this.#fault
    return rows
  }
}

interface CsvRecord {
  readonly record: Readonly<Record<string, string>>
  readonly info: { readonly lines: number }
}

function readHeader(names: readonly string[]): string[] {
  const columns = names.map((name) => name.trim().toLowerCase())
  const twice = columns.find((name, index) => columns.indexOf(name) < index)
  if (columns.length > MAX_COLUMNS) throw invalidRow(1, `has more than ${MAX_COLUMNS} columns`)
  if (twice !== undefined) throw invalidRow(1, `names the column "${twice.slice(0, 40)}" twice`)
  for (const required of ['id', 'name']) {
    if (columns.includes(required)) continue
    throw invalidRow(1, `has no column "${required}"; the first line names the columns`, required)
  }
  return columns
}

/** Cells are text; an empty cell counts as missing. */
function asValues(record: Readonly<Record<string, string>>, line: number): Row['values'] {
  const cell = (name: string): string | undefined => {
    const text = record[name]
    return text === undefined || text.trim() === '' ? undefined : text
  }
  const list = (name: string): string[] | undefined =>
    cell(name)?.split(LIST_SEPARATOR).filter((one) => one.trim() !== '')
  const weight = cell('weight')
  if (weight !== undefined && !/^\s*\d+(\.\d+)?\s*$/.test(weight)) {
    throw invalidRow(line, 'weight must be a number such as 2 or 0.5', 'weight')
  }
  return {
    id: cell('id'), name: cell('name'), aliases: list('aliases'), tags: list('tags'),
    weight: weight === undefined ? undefined : Number(weight),
  }
}

/** Faults of the library have a code; their line, if any, is the last line that was read. */
function asFault(error: CsvError | Error): Error {
  if (!('code' in error) || error instanceof SpeechError) return error
  const line = typeof error.lines === 'number' ? error.lines : 1
  return error.code === 'CSV_MAX_RECORD_SIZE' ? tooLong(line) : invalidRow(line, error.message, undefined, error)
}
