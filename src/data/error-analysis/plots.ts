/** Word error rates of slices with their intervals, and a reliability diagram, as SVG with the colours of the page. */
import { escapeHtml, markup, type Markup } from '../report/html.js'
import type { Calibration } from './calibration.js'
import type { Rate } from './rate.js'

/** Pixels where three plots stand beside each other, so that text has its size. */
const WIDTH = 340
const TOP = 22
const ROW_HEIGHT = 32
const MARGIN = 10
/** Shares of the axis: a rate beyond is drawn at the edge. */
const MOST_PERCENT = 100

interface Row extends Rate { readonly name: string }

/** The name of each row stands above its interval, so that it fits on a phone. The line is the rate of all clips. */
export function ratePlot(title: string, rows: readonly Row[], all: Rate): Markup {
  const known = rows.filter(({ percent }) => !Number.isNaN(percent))
  const highest = Math.max(1, all.percent, ...known.map(({ percent, interval }) =>
    Number.isNaN(interval.high) ? percent : interval.high))
  const reach = Math.min(MOST_PERCENT, 10 * Math.ceil(highest / 10))
  const at = (percent: number): number => MARGIN + (WIDTH - 2 * MARGIN) * Math.min(percent, reach) / reach
  const height = TOP + known.length * ROW_HEIGHT + 6
  const ticks = [0, 0.5, 1].map((share) =>
    `<text x="${x(at(share * reach))}" y="12" text-anchor="${anchorOf(share)}">${share * reach} %</text>`)
  const middle = x(at(all.percent))
  const line = `<line class="all" x1="${middle}" x2="${middle}" y1="${TOP - 4}" y2="${height}"/>`
  const drawn = known.map((row, index) => rateRow(row, TOP + index * ROW_HEIGHT, at))
  const label = `Word error rates by ${escapeHtml(title)}`
  const svg = `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${label}">`
    + `${ticks.join('')}${line}${drawn.join('')}</svg>`
  return markup(`<figure><figcaption>${escapeHtml(title)}</figcaption>${svg}</figure>`)
}

function rateRow(
  { name, clips, percent, interval: { low, high }, isSmall }: Row, y: number, at: (percent: number) => number,
): string {
  const middle = y + 22
  const interval = Number.isNaN(low) ? 'interval unknown' : `${short(low)} to ${short(high)}`
  const says = `${name}: ${short(percent)} %, ${interval}`
  const bar = Number.isNaN(low) ? '' : `<line x1="${x(at(low))}" x2="${x(at(high))}" y1="${middle}" y2="${middle}"/>`
  return `<g class="${isSmall ? 'small' : 'rate'}"><title>${escapeHtml(says)}</title>`
    + `<text x="${MARGIN}" y="${y + 12}">${escapeHtml(shortened(name))} `
    + `<tspan class="count">${clips} clips</tspan></text>`
    + `${bar}<circle cx="${x(at(percent))}" cy="${middle}" r="4"/></g>`
}

const SIDE = 300
const LEFT = 34
const BOTTOM = 30

/** Share of right clips over mean correctness, one point a bin; on the diagonal, promises are kept. */
export function reliabilityDiagram({ name, bins, clips }: Calibration): Markup {
  const inner = SIDE - LEFT - 8
  const across = (share: number): number => LEFT + inner * share
  const up = (share: number): number => SIDE - BOTTOM - (SIDE - BOTTOM - 8) * share
  const points = bins.map(({ meanProbability, shareRight, clips: own }) => {
    const says = `promised ${short(100 * meanProbability)} %, right ${short(100 * shareRight)} % of ${own} clips`
    return `<circle cx="${x(across(meanProbability))}" cy="${x(up(shareRight))}" `
      + `r="${x(3 + 5 * Math.sqrt(own / clips))}"><title>${says}</title></circle>`
  })
  const path = bins.map(({ meanProbability, shareRight }) => `${x(across(meanProbability))},${x(up(shareRight))}`)
  const texts = [0, 0.5, 1].map((share) =>
    `<text x="${x(across(share))}" y="${SIDE - 14}" text-anchor="${anchorOf(share)}">${100 * share} %</text>`
    + `<text x="${LEFT - 4}" y="${x(up(share) + 4)}" text-anchor="end">${100 * share}</text>`)
  return markup(`<figure><figcaption>${escapeHtml(name)}: right clips over correctness, ${clips} clips</figcaption>`
    + `<svg viewBox="0 0 ${SIDE} ${SIDE}" role="img" aria-label="Reliability diagram of ${escapeHtml(name)}">`
    + `<line x1="${x(across(0))}" y1="${x(up(0))}" x2="${x(across(1))}" y2="${x(up(1))}"/>`
    + `<polyline points="${path.join(' ')}"/>${points.join('')}${texts.join('')}</svg></figure>`)
}

const MOST_CHARACTERS = 40

function shortened(name: string): string {
  const characters = [...name]
  return characters.length <= MOST_CHARACTERS ? name : `${characters.slice(0, MOST_CHARACTERS - 1).join('')}…`
}

function anchorOf(share: number): string {
  return share === 0 ? 'start' : share === 1 ? 'end' : 'middle'
}

function x(value: number): string {
  return value.toFixed(1)
}

function short(value: number): string {
  return value.toFixed(1)
}
