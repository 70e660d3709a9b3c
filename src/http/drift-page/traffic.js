/**
 * The traffic of the last hour: three charts of sixty minutes each, their shapes made once and stretched on every
 * refresh, and the same numbers as a table for those who cannot see them.
 */
import { drawing, element, part, setAttribute, setText, shape } from './elements.js'
import { clock, count, duration, length, roundUp } from './numbers.js'
import { STAGE_GROUPS } from './stages.js'

/** @import { Traffic, TrafficMinute } from '../../telemetry/recent.js' */
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
    stacked: /** @type {const} */ (['ok', 'cancelled', 'rejected', 'error']).map((outcome) => ({ name: outcome, of: ({ requests }) => requests[outcome] })),
    lines: [], format: count,
    summary: ({ requests: { ok, error, rejected, cancelled } }) => `${count(ok + error + rejected + cancelled)} in the hour`,
  },
  {
    id: 'audio',
    stacked: [{ name: 'audio', of: ({ audioSeconds }) => audioSeconds }],
    lines: [], format: (seconds) => `${count(Math.round(seconds))} s`,
    summary: ({ audioSeconds }) => `${length(audioSeconds)} in the hour`,
  },
  {
    id: 'latency',
    stacked: STAGE_GROUPS.map(({ name, stages }) => ({ name, of: ({ meanStageSeconds }) => stages.reduce((sum, stage) => sum + (/** @type {Record<string, number>} */ (meanStageSeconds)[stage] ?? 0), 0) })),
    lines: [{ name: 'p50', of: ({ p50Seconds }) => p50Seconds }, { name: 'p95', of: ({ p95Seconds }) => p95Seconds }],
    format: duration,
    summary: ({ p50Seconds, p95Seconds }) => p50Seconds === null || p95Seconds === null ? 'nothing was answered in the hour' : `half within ${duration(p50Seconds)}, 95 % within ${duration(p95Seconds)}`,
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
function createChart({ id, stacked, lines, format, summary }) {
  const bars = stacked.map((_, series) => Array.from({ length: MINUTES }, (_, minute) =>
    shape('rect', { class: `${id}-${series}${minute === MINUTES - 1 ? ' partial' : ''}`, x: minute + (1 - BAR_WIDTH) / 2, width: BAR_WIDTH, y: 1, height: 0 })))
  const paths = lines.map(({ name }) => shape('path', { class: `line ${name}` }))
  const hints = Array.from({ length: MINUTES }, (_, minute) => shape('rect', { class: 'hint', x: minute, y: 0, width: 1, height: 1 }, shape('title')))
  const picture = drawing(MINUTES, 1, shape('path', { class: 'grid', d: 'M0 0H60M0 .5H60M0 1H60' }), ...bars.flat(), ...paths, ...hints)
  picture.setAttribute('role', 'img')
  const legend = [...stacked, ...lines].map((series, index) => ({ series, total: element('span'), key: keyOf(index < stacked.length ? `${id}-${index}` : `line ${series.name}`) }))
  const axis = [element('span'), element('span'), element('span', {}, '0')]
  const times = [element('span'), element('span'), element('span', {}, 'now')]
  part(`${id}-chart`).append(element('div', { class: 'y', 'aria-hidden': 'true' }, ...axis), element('div', { class: 'plot' }, picture), element('div', { class: 'x', 'aria-hidden': 'true' }, ...times))
  if (legend.length > 1) part(`${id}-legend`).append(...legend.map(({ series, total, key }) => element('li', {}, key, ` ${series.name} `, total)))

  return ({ hour, minutes }) => {
    const sums = minutes.map((minute) => stacked.reduce((sum, { of }) => sum + (of(minute) ?? 0), 0))
    const top = roundUp(Math.max(...sums, ...minutes.flatMap((minute) => lines.map(({ of }) => of(minute) ?? 0))))
    minutes.forEach((minute, index) => {
      let below = 0
      stacked.forEach(({ of }, series) => {
        const height = (of(minute) ?? 0) / top
        const bar = bars[series][index]
        setAttribute(bar, 'y', (1 - below - height).toFixed(4))
        setAttribute(bar, 'height', height.toFixed(4))
        below += height
      })
      setText(/** @type {Element} */ (hints[index].firstElementChild), hintOf(minute, [...stacked, ...lines], format))
    })
    paths.forEach((path, which) => { setAttribute(path, 'd', lineOf(minutes.map(lines[which].of), top)) })
    for (const { series, total } of legend) setText(total, format(series.of(hour) ?? 0))
    setText(axis[0], format(top))
    setText(axis[1], format(top / 2))
    setText(times[0], clock(minutes[0].start))
    setText(times[1], clock(minutes[MINUTES / 2].start))
    setText(part(`${id}-summary`), summary(hour))
    setAttribute(picture, 'aria-label', `By the minute: ${legend.map(({ series, total }) => `${series.name} ${total.textContent ?? ''}`).join(', ')}, ${summary(hour)}`)
  }
}

/** The mark of a series in the legend, drawn as in the chart. @param {string} name */
function keyOf(name) {
  const mark = name.startsWith('line') ? shape('path', { class: name, d: 'M0 .5H1' }) : shape('rect', { class: name, width: 1, height: 1 })
  const key = drawing(1, 1, mark)
  setAttribute(key, 'class', 'key')
  setAttribute(key, 'aria-hidden', 'true')
  return key
}

/** Broken where there is nothing. A lone minute is a short stroke. @param {readonly (number | null)[]} values @param {number} top */
function lineOf(values, top) {
  return values.flatMap((value, index) => {
    if (value === null) return []
    const y = (1 - value / top).toFixed(4)
    const alone = (values[index - 1] ?? null) === null
    return [alone ? `M${index + 0.2} ${y}H${index + 0.8}` : `L${index + 0.5} ${y}`]
  }).join('')
}

/** @param {TrafficMinute} minute @param {readonly Series[]} series @param {(value: number) => string} format */
function hintOf(minute, series, format) {
  return `${clock(minute.start)}\n${series.map(({ name, of }) => [name, of(minute)]).map(([name, value]) => `${name}: ${value === null ? '–' : format(Number(value))}`).join('\n')}`
}

/** Filled only while it is open. @returns {(traffic: Traffic) => void} */
function createTable() {
  const details = /** @type {HTMLDetailsElement} */ (part('minutes'))
  const body = part('minute-rows')
  /** @type {Traffic | null} */
  let latest = null
  const fill = () => {
    if (latest === null || !details.open) return
    body.replaceChildren(...[...latest.minutes].reverse().map(({ start, requests, audioSeconds, p50Seconds, p95Seconds }) => element('tr', {},
      element('th', { scope: 'row' }, clock(start)),
      ...[requests.ok, requests.error, requests.rejected, requests.cancelled].map((value) => element('td', {}, count(value))),
      element('td', {}, length(audioSeconds)),
      ...[p50Seconds, p95Seconds].map((value) => element('td', {}, value === null ? '–' : duration(value))))))
  }
  details.addEventListener('toggle', fill)
  return (traffic) => {
    latest = traffic
    fill()
  }
}
