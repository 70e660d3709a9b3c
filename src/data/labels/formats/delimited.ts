/**
 * CSV (RFC 4180) and TSV with a header row. The columns have the names of our manifest, or those of Common Voice, NeMo
 * and others for the same things; several tags in a cell are separated by `|`.
 */
import { parse } from 'csv-parse/sync'
import {
  countLost, invalidFormat, Losses, NO_DETAILS, readSeconds, type Exported, type Imported, type Utterance,
} from './utterance.js'

const COLUMNS = ['path', 'text', 'seconds', 'start', 'id', 'speaker', 'channel', 'tags'] as const
type Column = (typeof COLUMNS)[number]

/** Other names, in lower case. */
const ALIASES: Readonly<Record<string, Column>> = {
  audio_filepath: 'path', audio: 'path', file: 'path', filename: 'path', wav: 'path', sentence: 'text',
  transcript: 'text', transcription: 'text', label: 'text', duration: 'seconds', offset: 'start', client_id: 'speaker',
  speaker_id: 'speaker', utt_id: 'id',
}
const TAG_SEPARATOR = '|'

export type Delimiter = ',' | '\t'

/** Throws CLIPS_INVALID without a header that has path and text, and for a row of another length. */
export function importDelimited(content: string, name: string, delimiter: Delimiter): Imported {
  const [header, ...rows] = readRows(content, name, delimiter)
  if (header === undefined) throw invalidFormat(name, 'it is empty; the first row names the columns')
  const names = header.cells.map((cell) => cell.trim().toLowerCase())
  const columns = names.map((cell) => ALIASES[cell] ?? COLUMNS.find((column) => column === cell))
  for (const required of ['path', 'text'] as const) {
    const count = columns.filter((column) => column === required).length
    if (count === 1) continue
    throw invalidFormat(name, `the first row names ${count} columns for "${required}"; it must name one`)
  }
  const losses = new Losses()
  const utterances = rows.map(({ cells, line }) => {
    names.forEach((cell, index) => {
      if (columns[index] === undefined && cells[index] !== '') losses.add(`the column "${cell}"`)
    })
    return asUtterance((column) => cells[columns.indexOf(column)] ?? '', `${name}, line ${line}`)
  })
  return { utterances, losses: losses.list() }
}

export function exportDelimited(utterances: readonly Utterance[], delimiter: Delimiter): Exported {
  const losses = new Losses()
  const rows = utterances.map((utterance) => {
    countLost(losses, utterance, ['words'])
    const { path, text, seconds, startSeconds, id, speaker, channel, tags } = utterance
    const cells = [path, text, seconds ?? '', startSeconds ?? '', id ?? '', speaker ?? '', channel ?? '',
      tags.join(TAG_SEPARATOR)]
    return cells.map((cell) => asCell(String(cell), delimiter)).join(delimiter)
  })
  const name = delimiter === ',' ? 'labels.csv' : 'labels.tsv'
  return { files: new Map([[name, `${[COLUMNS.join(delimiter), ...rows].join('\n')}\n`]]), losses: losses.list() }
}

interface Row { readonly cells: string[]; readonly line: number }

function readRows(content: string, name: string, delimiter: Delimiter): Row[] {
  try {
    const records = parse(content, { delimiter, bom: true, info: true, skip_empty_lines: true }) as unknown as
      { record: string[]; info: { lines: number } }[]
    return records.map(({ record, info }) => ({ cells: record, line: info.lines }))
  } catch (cause) {
    throw invalidFormat(name, `it is no ${delimiter === ',' ? 'CSV' : 'TSV'}: ${(cause as Error).message}`)
  }
}

function asUtterance(cell: (column: Column) => string, place: string): Utterance {
  const optional = (column: Column): string | null => cell(column) === '' ? null : cell(column)
  const seconds = (column: Column): number | null => cell(column) === '' ? null : readSeconds(cell(column), place)
  if (cell('path') === '') throw invalidFormat(place, 'the cell of the path is empty')
  return {
    ...NO_DETAILS, path: cell('path'), text: cell('text'), seconds: seconds('seconds'), startSeconds: seconds('start'),
    id: optional('id'), speaker: optional('speaker'), channel: optional('channel'),
    tags: cell('tags').split(TAG_SEPARATOR).filter((tag) => tag !== ''),
  }
}

function asCell(text: string, delimiter: Delimiter): string {
  return /["\r\n]/.test(text) || text.includes(delimiter) ? `"${text.replaceAll('"', '""')}"` : text
}
