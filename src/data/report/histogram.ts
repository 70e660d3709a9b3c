/** A histogram as inline SVG: counts over a figure, with its range and its largest count as text. */
import { markup, tag, type Markup } from './html.js'

const WIDTH = 320
const HEIGHT = 130
const LEFT = 34
const BOTTOM = 20
const TOP = 8
const MOST_BARS = 30

export interface Bin { readonly low: number; readonly high: number; readonly count: number }

/**
 * Bins of equal width; their number is the square root of the count, at most 30. Values outside `range` are counted
 * in the outer bins, so that one outlier does not flatten everything else.
 */
export function binsOf(values: readonly number[], range: readonly [low: number, high: number]): Bin[] {
  const [low, high] = range
  const count = Math.max(1, Math.min(MOST_BARS, Math.ceil(Math.sqrt(values.length))))
  const width = (high - low) / count || 1
  const counts = new Array<number>(count).fill(0)
  for (const value of values) counts[Math.max(0, Math.min(count - 1, Math.floor((value - low) / width)))]!++
  return counts.map((count, index) => ({ low: low + index * width, high: low + (index + 1) * width, count }))
}

export function histogram(title: string, unit: string, bins: readonly Bin[]): Markup {
  const most = Math.max(1, ...bins.map(({ count }) => count))
  const width = (WIDTH - LEFT) / bins.length
  const bars = bins.map(({ low, high, count }, index) => {
    const height = count / most * (HEIGHT - TOP - BOTTOM)
    const says = `<title>${short(low)} to ${short(high)} ${unit}: ${count}</title>`
    return `<rect x="${short(LEFT + index * width)}" y="${short(HEIGHT - BOTTOM - height)}" `
      + `width="${short(Math.max(1, width - 1))}" height="${short(height)}">${says}</rect>`
  })
  const [first, last] = [bins[0]?.low ?? 0, bins.at(-1)?.high ?? 0]
  const axis = `<line x1="${LEFT}" x2="${WIDTH}" y1="${HEIGHT - BOTTOM}" y2="${HEIGHT - BOTTOM}"/>`
  const texts = text(LEFT - 4, TOP + 8, 'end', String(most))
    + text(LEFT, HEIGHT - 6, 'start', `${short(first)} ${unit}`)
    + text(WIDTH, HEIGHT - 6, 'end', `${short(last)} ${unit}`)
  const svg = `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img">${axis}${bars.join('')}${texts}</svg>`
  return tag('figure', {}, markup(svg), tag('figcaption', {}, title))
}

function text(x: number, y: number, anchor: string, content: string): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}">${content}</text>`
}

function short(value: number): string {
  return String(Math.round(value * 100) / 100)
}
