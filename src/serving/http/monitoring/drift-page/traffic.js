/**
 * The traffic of the last hour: three charts of sixty minutes each, their shapes made once and stretched on every
 * refresh, and the same numbers as a table for those who cannot see them.
 */
import { drawing, element, part, setAttribute, setText, shape } from './elements.js'
import { clock, count, duration, length, roundUp } from './numbers.js'
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
/** Of a column; the rest is the gap to the next. */
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
      of: ({ meanStageSeconds }) =>
        stages.reduce((sum, stage) => sum + /** @type {Record<string, number>} */ ((meanStageSeconds)[stage] ?? 0), 0),
    })),
    lines: [
      { name: 'p50', of: ({ p50Seconds }) => p50Seconds },
      { name: 'p95', of: ({ p95Seconds }) => p95Seconds },
    ],
    format: duration,
    summary: ({ p50Seconds, p95Seconds }) =>
      p50Seconds === null || p95Seconds === null
        ? 'nothing was answered in the hour'
        : `half within ${duration(p50Seconds)}, 95 % within ${duration(p95Seconds)}`,
  },
]

export function createTraffic() {
  const charts = CHARTS.map(createChart)
  const table = createTable()
  return {
    /** @param {Traffic} traffic */
    update(traffic) {
      for (const update of charts) update(traffic)
      table(traffic)
    },
  }
}

/** @param {Chart} chart @returns {(traffic: Traffic) => void} */
function createChart(chart) {
  const { id, stacked, lines } = chart
  const series = [...stacked, ...lines]
  const bars = stacked.map((_, which) =>
    Array.from({ length: MINUTES }, (_, minute) =>
      shape('rect', {
        class: `${id}-${which}${minute === MINUTES - 1 ? ' partial' : ''}`,
        x: minute + (1 - BAR_WIDTH) / 2,
        width: BAR_WIDTH,
      }),
    ),
  )
  const paths = lines.map(({ name }) => shape('path', { class: `line ${name}` }))
  const hints = Array.from({ length: MINUTES }, () => shape('title'))
  const picture = drawing(
    MINUTES,
    1,
    shape('path', { class: 'grid', d: 'M0 0H60M0 .5H60M0 1H60' }),
    ...bars.flat(),
    ...paths,
    ...hints.map((hint, minute) => shape('rect', { class: 'hint', x: minute, width: 1, height: 1 }, hint)),
  )
  picture.setAttribute('role', 'img')
  const totals = series.map(() => element('span'))
  const axes = createAxes(chart, picture)
  if (series.length > 1)
    part(`${id}-legend`).append(
      ...series.map(({ name }, which) =>
        element(
          'li',
          {},
          keyOf(which < stacked.length ? `${id}-${which}` : `line ${name}`),
          ` ${name} `,
          totals[which],
        ),
      ),
    )

  return ({ hour, minutes }) => {
    const sums = minutes.map((minute) => stacked.reduce((sum, { of }) => sum + (of(minute) ?? 0), 0))
    const top = roundUp(Math.max(...sums, ...minutes.flatMap((minute) => lines.map(({ of }) => of(minute) ?? 0))))
    minutes.forEach((minute, index) => {
      stackUp(bars.map((bar) => bar[index]), stacked.map(({ of }) => (of(minute) ?? 0) / top))
      setText(
        hints[index],
        [clock(minute.start), ...series.map(({ name, of }) => `${name}: ${orDash(of(minute), chart.format)}`)].join(
          '\n',
        ),
      )
    })
    paths.forEach((path, which) => { setAttribute(path, 'd', lineOf(minutes.map(lines[which].of), top)) })
    series.forEach(({ of }, which) => { setText(totals[which], orDash(of(hour), chart.format)) })
    axes(top, minutes)
    setText(part(`${id}-summary`), chart.summary(hour))
    setAttribute(
      picture,
      'aria-label',
      `By the minute, ${chart.summary(hour)}: ${series.map(({ name, of }) => `${name} ${orDash(of(hour), chart.format)}`).join(', ')}`,
    )
  }
}

/**
 * Text beside the picture, which is stretched.
 * @param {Chart} chart
 * @param {Element} picture
 * @returns {(top: number, minutes: readonly TrafficMinute[]) => void}
 */
function createAxes({ id, format }, picture) {
  const [top, half, from, middle] = Array.from({ length: 4 }, () => element('span'))
  part(`${id}-chart`).append(
    element('div', { class: 'y', 'aria-hidden': 'true' }, top, half, element('span', {}, '0')),
    element('div', { class: 'plot' }, picture),
    element('div', { class: 'x', 'aria-hidden': 'true' }, from, middle, element('span', {}, 'now')))
  return (value, minutes) => {
    setText(top, format(value))
    setText(half, format(value / 2))
    setText(from, clock(minutes[0].start))
    setText(middle, clock(minutes[MINUTES / 2].start))
  }
}

/** One bar on the other. @param {readonly Element[]} bars @param {readonly number[]} heights of 1 */
function stackUp(bars, heights) {
  let below = 0
  bars.forEach((bar, which) => {
    below += heights[which]
    setAttribute(bar, 'y', (1 - below).toFixed(4))
    setAttribute(bar, 'height', heights[which].toFixed(4))
  })
}

/** The mark of a series in the legend, drawn as in the chart. @param {string} name */
function keyOf(name) {
  const mark = name.startsWith('line')
    ? shape('path', { class: name, d: 'M0 .5H1' })
    : shape('rect', { class: name, width: 1, height: 1 })
  const key = drawing(1, 1, mark)
  setAttribute(key, 'class', 'key')
  setAttribute(key, 'aria-hidden', 'true')
  return key
}

/**
 * Broken where there is nothing. A lone minute is a short stroke.
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

/** @param {number | null} value @param {(value: number) => string} format */
function orDash(value, format) {
  return value === null ? '–' : format(value)
}

/** Filled only while it is open. @returns {(traffic: Traffic) => void} */
function createTable() {
  const details = /** @type {HTMLDetailsElement} */ (part('minutes'))
  const body = part('minute-rows')
  /** @type {Traffic | null} */
  let latest = null
  const fill = () => {
    if (latest === null || !details.open) return
    body.replaceChildren(
      ...[...latest.minutes]
        .reverse()
        .map(({ start, requests, audioSeconds, p50Seconds, p95Seconds }) =>
          element(
            'tr',
            {},
            element('th', { scope: 'row' }, clock(start)),
            ...[requests.ok, requests.error, requests.rejected, requests.cancelled].map((value) =>
              element('td', {}, count(value)),
            ),
            element('td', {}, length(audioSeconds)),
            ...[p50Seconds, p95Seconds].map((value) => element('td', {}, orDash(value, duration))),
          ),
        ),
    )
  }
  details.addEventListener('toggle', fill)
  return (traffic) => {
    latest = traffic
    fill()
  }
}
