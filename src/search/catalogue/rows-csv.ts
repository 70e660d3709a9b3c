/**
 * CSV (RFC 4180) → rows, by a library: quotes, line breaks inside them and broken files are its business. The first
 * line names the columns; it also decides between comma, semicolon and tab, since spreadsheets write all three.
 * Several aliases or tags stand in one cell, with `|` between.
 */
import { parse, type CsvError, type Parser } from 'csv-parse'
import { SpeechError } from '../../domain/errors.js'
import { invalidRow, MOST_ROW_CHARACTERS, type Row } from './entry.js'
import { tooLong } from './rows-jsonl.js'

const DELIMITERS = [',', ';', '\t']
const IN_A_CELL = '|'
const MOST_COLUMNS = 200

/** Takes text in pieces, gives rows, as JsonLines does. Throws CATALOGUE_INVALID. */
export class CsvRows {
  #parser: Parser | undefined
  #fault: Error | undefined
  /** The text so far, until the first line is whole. */
  #head = ''

  read(piece: string): Row[] {
    if (this.#parser !== undefined) return this.#parse(this.#parser, piece)
    this.#head += piece
    const isWhole = this.#head.includes('\n') || this.#head.length > MOST_ROW_CHARACTERS
    return isWhole ? this.#parse(this.#open(), this.#head) : []
  }

  async end(): Promise<Row[]> {
    const rows = this.#parser === undefined ? this.#parse(this.#open(), this.#head) : []
    const parser = this.#parser!
    // It tells of a fault, and of its end, in its own time.
    const ended = new Promise((resolve) => { parser.once('end', resolve).once('close', resolve) })
    if (!parser.destroyed) parser.end()
    rows.push(...this.#taken(parser))
    await ended
    return [...rows, ...this.#taken(parser)]
  }

  #open(): Parser {
    const header = this.#head.split('\n', 1)[0]!
    if (header.length > MOST_ROW_CHARACTERS) throw tooLong(1)
    const count = (delimiter: string): number => header.split(delimiter).length
    const delimiter = DELIMITERS.reduce((best, one) => count(one) > count(best) ? one : best)
    this.#parser = parse({ delimiter, columns: readHeader, info: true, max_record_size: MOST_ROW_CHARACTERS, skip_empty_lines: true })
      .on('error', (error) => { this.#fault ??= asFault(error) })
    return this.#parser
  }

  #parse(parser: Parser, text: string): Row[] {
    if (!parser.destroyed) parser.write(text)
    return this.#taken(parser)
  }

  /** What has been parsed so far. The parser is a stream, and what it reads ahead is bounded by the slice it was given. */
  #taken(parser: Parser): Row[] {
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
  if (columns.length > MOST_COLUMNS) throw invalidRow(1, `has more than ${MOST_COLUMNS} columns`)
  if (twice !== undefined) throw invalidRow(1, `names the column "${twice.slice(0, 40)}" twice`)
  for (const needed of ['id', 'name']) if (!columns.includes(needed)) throw invalidRow(1, `has no column "${needed}"; the first line names the columns`, needed)
  return columns
}

/** Cells are text. An empty one is as if it were not there. */
function asValues(record: Readonly<Record<string, string>>, line: number): Row['values'] {
  const cell = (name: string): string | undefined => record[name] === undefined || record[name].trim() === '' ? undefined : record[name]
  const list = (name: string): string[] | undefined => cell(name)?.split(IN_A_CELL).filter((one) => one.trim() !== '')
  const weight = cell('weight')
  if (weight !== undefined && !/^\s*\d+(\.\d+)?\s*$/.test(weight)) throw invalidRow(line, 'weight must be a number such as 2 or 0.5', 'weight')
  return { id: cell('id'), name: cell('name'), aliases: list('aliases'), tags: list('tags'), weight: weight === undefined ? undefined : Number(weight) }
}

/** The library names its faults; where it says a line, that is the last one it read. */
function asFault(error: CsvError | Error): Error {
  if (!('code' in error) || error instanceof SpeechError) return error
  const line = typeof error.lines === 'number' ? error.lines : 1
  return error.code === 'CSV_MAX_RECORD_SIZE' ? tooLong(line) : invalidRow(line, error.message, undefined, error)
}
