/** Figures and tables for the terminal. */

/** With a minus sign, not a hyphen. */
export function signed(points: number, decimals = 2): string {
  const shown = Math.abs(points).toFixed(decimals)
  return Number(shown) === 0 ? shown : `${points < 0 ? '−' : '+'}${shown}`
}

/** The first column to the left, the others to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  return lines.map((line) => line
    .map((cell, column) => column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))
    .join('  ').trimEnd()).join('\n')
}
