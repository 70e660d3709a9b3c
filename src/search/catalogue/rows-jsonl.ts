/**
 * JSON Lines (jsonlines.org) → rows: one object per line, with empty lines permitted. The length of a line is limited
 * before it is parsed, which also bounds its nesting.
 */
import { invalidRow, MAX_ROW_CHARACTERS, type Row } from './entry.js'

/** Parses text in pieces; `end` returns the row without a line break. Throws CATALOGUE_INVALID. */
export class JsonLines {
  #rest = ''
  #line = 0

  read(piece: string): Row[] {
    const lines = (this.#rest + piece).split('\n')
    this.#rest = lines.pop() ?? ''
    const rows = lines.flatMap((line) => this.#row(line))
    if (this.#rest.length > MAX_ROW_CHARACTERS) throw tooLong(this.#line + 1)
    return rows
  }

  end(): Row[] {
    return this.#row(this.#rest)
  }

  #row(text: string): Row[] {
    const line = ++this.#line
    if (text.length > MAX_ROW_CHARACTERS) throw tooLong(line)
    return text.trim() === '' ? [] : [{ line, values: parseObject(text, line) }]
  }
}

export function tooLong(line: number): Error {
  return invalidRow(line, `has more than ${MAX_ROW_CHARACTERS} characters`)
}

function parseObject(text: string, line: number): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw invalidRow(line, 'is not JSON', undefined, cause)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalidRow(line, 'is not an object')
  return value as Record<string, unknown>
}
