/** Rows of cells → aligned text: the first column to the left, numbers to the right. */
import { NothingMeasured } from './endings.js'

export type Cell = string | number

/** A table without rows is an error: it would look like a result. */
export function printTable(head: readonly string[], rows: readonly (readonly Cell[])[]): void {
  if (rows.length === 0) throw new NothingMeasured(`nothing was measured: no row for the table "${head.join(', ')}"`)
  console.log(formatTable(head, rows))
}

export function formatTable(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const lines = [head, ...rows].map((row) => row.map(String))
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  const format = (line: readonly string[]): string =>
    line.map((cell, column) => pad(cell, widths[column]!, column)).join('  ').trimEnd()
  const rule = widths.map((width) => '-'.repeat(width)).join('  ')
  return [format(lines[0]!), rule, ...lines.slice(1).map(format)].join('\n')
}

function pad(cell: string, width: number, column: number): string {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width)
}

/** A number with so many decimals; a dash where there is none. */
export function fixed(value: number | undefined, decimals = 1): string {
  return value === undefined || !Number.isFinite(value) ? '-' : value.toFixed(decimals)
}

export function megabytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(0)
}
