/** Intervals of the difference by slice, one below the other (a forest plot), as SVG with the colours of the page. */
import { escapeHtml, markup, type Markup } from '../report/html.js'
import { signed } from '../report/plain-text.js'
import type { Comparison } from './compare.js'

interface Row {
  readonly name: string
  readonly points: number
  readonly low: number
  readonly high: number
  /** It has a colour: with so many intervals, some exclude 0 by chance. */
  readonly isDifferent: boolean
}

const WIDTH = 860
const LEFT = 260
const RIGHT = 30
const TOP = 24
const ROW_HEIGHT = 20
/** An interval that is wider than this, in points, is drawn to the edge. */
const MOST_POINTS = 30
/** Of p after correction. */
const LEVEL = 0.05

export function intervalPlot({ all, slices, margin, verdict: { verdict } }: Comparison): Markup {
  const rows: Row[] = [
    {
      name: 'all clips', points: all.points, ...all.interval, isDifferent: verdict === 'better' || verdict === 'worse',
    },
    ...slices.map(({ kind, name, points, interval, correctedP }) =>
      ({ name: `${kind}: ${name}`, points, ...interval, isDifferent: correctedP < LEVEL })),
  ].filter(({ low }) => Number.isFinite(low))
  const extremes = rows.flatMap(({ low, high }) => [Math.abs(low), Math.abs(high)])
  const reach = Math.max(2 * margin, 0.1, Math.min(MOST_POINTS, ...[Math.max(0, ...extremes)]))
  const height = TOP + rows.length * ROW_HEIGHT + 30
  const at = (points: number): number =>
    LEFT + (WIDTH - LEFT - RIGHT) * (Math.max(-reach, Math.min(reach, points)) + reach) / (2 * reach)
  const upright = (points: number, name: string): string =>
    `<line class="${name}" x1="${x(at(points))}" x2="${x(at(points))}" y1="${TOP - 6}" y2="${height - 24}"/>`
  const ticks = [-reach, -reach / 2, 0, reach / 2, reach].map((points) =>
    `<text x="${x(at(points))}" y="${height - 8}" text-anchor="middle">${signed(points, 1)}</text>`)
  const label = 'Difference of the word error rates by slice'
  return markup(`<svg role="img" aria-label="${label}" viewBox="0 0 ${WIDTH} ${height}">`
    + `<text x="${LEFT}" y="12">← B is better</text>`
    + `<text x="${WIDTH - RIGHT}" y="12" text-anchor="end">A is better →</text>`
    + upright(0, 'zero') + upright(margin, 'margin') + rows.map((row, index) => drawRow(row, index, at)).join('')
    + `${ticks.join('')}</svg>`)
}

function drawRow({ name, points, low, high, isDifferent }: Row, index: number, at: (points: number) => number): string {
  const y = TOP + (index + 0.5) * ROW_HEIGHT
  const side = !isDifferent ? 'open' : points < 0 ? 'better' : 'worse'
  const title = `${name}: ${signed(points)} points, ${signed(low)} to ${signed(high)}`
  return `<g class="${side}"><title>${escapeHtml(title)}</title>`
    + `<text x="${LEFT - 12}" y="${y + 4}" text-anchor="end">${escapeHtml(shortened(name))}</text>`
    + `<line x1="${x(at(low))}" x2="${x(at(high))}" y1="${y}" y2="${y}"/>`
    + `<circle cx="${x(at(points))}" cy="${y}" r="4"/></g>`
}

const MOST_CHARACTERS = 36

function shortened(name: string): string {
  const characters = [...name]
  return characters.length <= MOST_CHARACTERS ? name : `${characters.slice(0, MOST_CHARACTERS - 1).join('')}…`
}

function x(value: number): string {
  return value.toFixed(1)
}
