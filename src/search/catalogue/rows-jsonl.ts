/**
 * JSON Lines (jsonlines.org) → rows: one object a line, empty lines between. A line is cut off by its length before it
 * is parsed, and the limit also bounds how deep it can nest.
 */
import { invalidRow, MOST_ROW_CHARACTERS, type Row } from './entry.js'

/** Takes text in pieces, gives rows; `end` gives what no line break followed. Throws CATALOGUE_INVALID. */
export class JsonLines {
  #rest = ''
  #line = 0

  read(piece: string): Row[] {
    const lines = (this.#rest + piece).split('\n')
    this.#rest = lines.pop()!
    const rows = lines.flatMap((line) => this.#row(line))
    if (this.#rest.length > MOST_ROW_CHARACTERS) throw tooLong(this.#line + 1)
    return rows
  }

  end(): Row[] {
    return this.#row(this.#rest)
  }

  #row(text: string): Row[] {
    const line = ++this.#line
    if (text.length > MOST_ROW_CHARACTERS) throw tooLong(line)
    return text.trim() === '' ? [] : [{ line, values: parseObject(text, line) }]
  }
}

export function tooLong(line: number): Error {
  return invalidRow(line, `has more than ${MOST_ROW_CHARACTERS} characters`)
}

function parseObject(text: string, line: number): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw invalidRow(line, 'is no JSON', undefined, cause)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalidRow(line, 'is no object')
  return value as Record<string, unknown>
}
