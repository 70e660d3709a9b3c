/**
 * The traffic of the last hour: three charts of sixty minutes each, and the same numbers as a table for screen readers.
 * The shapes are created once; a refresh changes their sizes.
 */
import { drawing, element, part, setAttribute, setText, shape } from '../shared/elements.js'
import { createMinuteTable } from './minute-table.js'
import { clock, count, duration, length, orDash, roundUp } from './numbers.js'
import { STAGE_GROUPS } from './stages.js'

/** @import { Traffic, TrafficMinute } from '../../../../monitoring/metrics/recent.js' */
/**
 * @typedef {object} Series
 * @property {string} name
 * @property {(minute: Omit<TrafficMinute, 'start'>) => number | null} of
 */
/**
 * @typedef {object} Chart
 * @property {string} id
 * @property {readonly Series[]} stacked
 * @property {readonly Series[]} lines
 * @property {(value: number) => string} format
 * @property {(hour: Traffic['hour']) => string} summary
 */

const MINUTES = 60
/** Share of a column; the rest is the gap to the next. */
const BAR_WIDTH = 0.8

/** @type {readonly Chart[]} */
const CHARTS = [
  {
    id: 'requests',
    stacked: /** @type {const} */ (['ok', 'cancelled', 'rejected', 'error']).map((outcome) => ({
      name: outcome,
      of: ({ requests }) => requests[outcome],
    })),
    lines: [],
    format: count,
    summary: ({ requests: { ok, error, rejected, cancelled } }) =>
      `${count(ok + error + rejected + cancelled)} in the hour`,
  },
  {
    id: 'audio',
    stacked: [{ name: 'audio', of: ({ audioSeconds }) => audioSeconds }],
    lines: [],
    format: (seconds) => `${count(Math.round(seconds))} s`,
    summary: ({ audioSeconds }) => `${length(audioSeconds)} in the hour`,
  },
  {
    id: 'latency',
    stacked: STAGE_GROUPS.map(({ name, stages }) => ({
      name,
      of: ({ meanStageSeconds }) => {
        const means = /** @type {Readonly<Record<string, number>>} */ (meanStageSeconds)
        return stages.reduce((sum, stage) => sum + (means[stage] ?? 0), 0)
      },
    })),
    lines: [
      { name: 'p50', of: ({ p50Seconds }) => p50Seconds },
      { name: 'p95', of: ({ p95Seconds }) => p95Seconds },
    ],
    format: duration,
    summary: ({ p50Seconds, p95Seconds }) =>
      p50Seconds === null || p95Seconds === null
        ? 'no request was answered in the hour'
        : `half within ${duration(p50Seconds)}, 95 % within ${duration(p95Seconds)}`,
  },
]

export function createTraffic() {
  const charts = CHARTS.map(createChart)
  const updateTable = createMinuteTable()
  return {
    /** @param {Traffic} traffic */
    update(traffic) {
      for (const update of charts) update(traffic)
      updateTable(traffic)
    },
  }
}

/** @param {Chart} chart @returns {(traffic: Traffic) => void} */
function createChart(chart) {
  const columns = Array.from({ length: MINUTES }, (_, minute) => createColumn(chart, minute))
  const lines = chart.lines.map(createLine)
  const picture = drawing(
    MINUTES,
    1,
    shape('path', { class: 'grid', d: 'M0 0H60M0 .5H60M0 1H60' }),
    ...columns.flatMap(({ bars }) => bars),
    ...lines.map(({ path }) => path),
    ...columns.map(({ hint }) => hint),
  )
  picture.setAttribute('role', 'img')
  const updateAxes = createAxes(chart, picture)
  const updateLegend = createLegend(chart)

  return ({ hour, minutes }) => {
    const top = topOf(chart, minutes)
    minutes.forEach((minute, index) => { columns[index]?.update(minute, top) })
    for (const { update } of lines) update(minutes, top)
    updateAxes(top, minutes)
    updateLegend(hour)
    setText(part(`${chart.id}-summary`), chart.summary(hour))
    setAttribute(picture, 'aria-label', labelOf(chart, hour))
  }
}

/**
 * One minute of a chart: stacked bars, and an area over the full height that shows the values as a tooltip.
 * @param {Chart} chart
 * @param {number} index of the minute
 */
function createColumn({ id, stacked, lines, format }, index) {
  const tooltip = shape('title')
  const hint = shape('rect', { class: 'hint', x: index, width: 1, height: 1 }, tooltip)
  const partial = index === MINUTES - 1 ? ' partial' : ''
  const stack = stacked.map(({ of }, which) => ({
    of,
    bar: shape('rect', { class: `${id}-${which}${partial}`, x: index + (1 - BAR_WIDTH) / 2, width: BAR_WIDTH }),
  }))
  return { bars: stack.map(({ bar }) => bar), hint, update }

  /** @param {TrafficMinute} minute @param {number} top value at the upper end of the axis */
  function update(minute, top) {
    let below = 0
    for (const { of, bar } of stack) {
      const height = (of(minute) ?? 0) / top
      below += height
      setAttribute(bar, 'y', (1 - below).toFixed(4))
      setAttribute(bar, 'height', height.toFixed(4))
    }
    const values = [...stacked, ...lines].map(({ name, of }) => `${name}: ${orDash(of(minute), format)}`)
    setText(tooltip, [clock(minute.start), ...values].join('\n'))
  }
}

/** @param {Series} series */
function createLine({ name, of }) {
  const path = shape('path', { class: `line ${name}` })
  return {
    path,
    /** @param {readonly TrafficMinute[]} minutes @param {number} top value at the upper end of the axis */
    update(minutes, top) {
      setAttribute(path, 'd', lineOf(minutes.map(of), top))
    },
  }
}

/**
 * Labels of the axes, as HTML beside the picture: text in the picture would be stretched with it.
 * @param {Chart} chart
 * @param {Element} picture
 * @returns {(top: number, minutes: readonly TrafficMinute[]) => void}
 */
function createAxes({ id, format }, picture) {
  const [top, half, from, middle] = [element('span'), element('span'), element('span'), element('span')]
  part(`${id}-chart`).append(
    element('div', { class: 'y', 'aria-hidden': 'true' }, top, half, element('span', {}, '0')),
    element('div', { class: 'plot' }, picture),
    element('div', { class: 'x', 'aria-hidden': 'true' }, from, middle, element('span', {}, 'now')))
  return (value, minutes) => {
    setText(top, format(value))
    setText(half, format(value / 2))
    setText(from, timeOf(minutes[0]))
    setText(middle, timeOf(minutes[MINUTES / 2]))
  }
}

/**
 * Every series with its mark and its total of the hour. A chart of one series has no legend.
 * @param {Chart} chart
 * @returns {(hour: Traffic['hour']) => void}
 */
function createLegend({ id, stacked, lines, format }) {
  const entries = [
    ...stacked.map((series, which) => ({ ...series, mark: `${id}-${which}`, total: element('span') })),
    ...lines.map((series) => ({ ...series, mark: `line ${series.name}`, total: element('span') })),
  ]
  if (entries.length > 1) {
    const items = entries.map(({ name, mark, total }) => element('li', {}, legendMark(mark), ` ${name} `, total))
    part(`${id}-legend`).append(...items)
  }
  return (hour) => {
    for (const { of, total } of entries) setText(total, orDash(of(hour), format))
  }
}

/** The mark of a series in the legend, drawn as in the chart. @param {string} name */
function legendMark(name) {
  const mark = name.startsWith('line')
    ? shape('path', { class: name, d: 'M0 .5H1' })
    : shape('rect', { class: name, width: 1, height: 1 })
  const key = drawing(1, 1, mark)
  setAttribute(key, 'class', 'key')
  setAttribute(key, 'aria-hidden', 'true')
  return key
}

/** The value at the upper end of the axis. @param {Chart} chart @param {readonly TrafficMinute[]} minutes */
function topOf({ stacked, lines }, minutes) {
  const heights = minutes.flatMap((minute) => [
    stacked.reduce((sum, { of }) => sum + (of(minute) ?? 0), 0),
    ...lines.map(({ of }) => of(minute) ?? 0),
  ])
  return roundUp(Math.max(...heights))
}

/** The chart as a sentence, for screen readers. @param {Chart} chart @param {Traffic['hour']} hour */
function labelOf({ stacked, lines, format, summary }, hour) {
  const totals = [...stacked, ...lines].map(({ name, of }) => `${name} ${orDash(of(hour), format)}`)
  return `Per minute, ${summary(hour)}: ${totals.join(', ')}`
}

/**
 * The line is interrupted at minutes without a value. A single minute between two gaps is a short stroke.
 * @param {readonly (number | null)[]} values
 * @param {number} top
 */
function lineOf(values, top) {
  return values.flatMap((value, index) => {
    if (value === null) return []
    const y = (1 - value / top).toFixed(4)
    const alone = (values[index - 1] ?? null) === null
    return [alone ? `M${index + 0.2} ${y}H${index + 0.8}` : `L${index + 0.5} ${y}`]
  }).join('')
}

/** @param {TrafficMinute | undefined} minute */
function timeOf(minute) {
  return minute === undefined ? '' : clock(minute.start)
}
