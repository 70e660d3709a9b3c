/** The last hour at a glance, beside the verdict: four figures, each with its course over the hour. */
import { drawing, element, part, setAttribute, setText, shape } from '../shared/elements.js'
import { count, counted, duration, length, orDash, share } from './numbers.js'

/** @import { Traffic, TrafficMinute } from '../../../../monitoring/metrics/recent.js' */
/** @typedef {Omit<TrafficMinute, 'start'>} Sums */
/**
 * @typedef {object} Tile
 * @property {string} name
 * @property {(hour: Sums) => string} value
 * @property {(hour: Sums) => string} detail
 * @property {(minute: Sums) => number | null} course
 * @property {(hour: Sums) => boolean} [isBad]
 */

const MINUTES = 60
const SECONDS = 3_600
/** Share of a column; the rest is the gap to the next. */
const BAR_WIDTH = 0.75
/** A larger share of errors is highlighted. Refusals are not: most are of requests with a mistake. */
const NOTABLE_ERRORS = 0.01

/** @type {readonly Tile[]} */
const TILES = [
  {
    name: 'Requests',
    value: ({ requests }) => count(totalOf(requests)),
    detail: ({ requests: { ok, cancelled } }) => `${count(ok)} ok, ${count(cancelled)} cancelled`,
    course: ({ requests }) => totalOf(requests),
  },
  {
    name: 'Refused or failed',
    value: ({ requests }) => share(unsuccessfulOf(requests) / Math.max(1, totalOf(requests))),
    detail: ({ requests: { error, rejected } }) => `${count(rejected)} rejected, ${counted(error, 'error')}`,
    course: ({ requests }) => unsuccessfulOf(requests),
    isBad: ({ requests }) => requests.error > NOTABLE_ERRORS * totalOf(requests),
  },
  {
    name: 'Latency, median',
    value: ({ p50Seconds }) => orDash(p50Seconds, duration),
    detail: ({ p95Seconds }) => p95Seconds === null ? 'nothing answered' : `95 % within ${duration(p95Seconds)}`,
    course: ({ p50Seconds }) => p50Seconds,
  },
  {
    name: 'Audio',
    value: ({ audioSeconds }) => length(audioSeconds),
    detail: ({ audioSeconds }) => `${(audioSeconds / SECONDS).toFixed(2)} s of audio a second`,
    course: ({ audioSeconds }) => audioSeconds,
  },
]

/** @returns {(traffic: Traffic) => void} */
export function createHour() {
  const tiles = TILES.map(createTile)
  part('hour').append(...tiles.map(({ tile }) => tile))
  return (traffic) => {
    for (const { update } of tiles) update(traffic)
  }
}

/** @param {Tile} definition */
function createTile({ name, value, detail, course, isBad }) {
  const figure = element('dd', { class: 'value' })
  const note = element('dd', { class: 'detail' })
  const bars = Array.from({ length: MINUTES }, (_, minute) =>
    shape('rect', { class: 'now', x: minute, width: BAR_WIDTH }))
  const chart = drawing(MINUTES, 1, ...bars)
  setAttribute(chart, 'aria-hidden', 'true')
  const tile = element('div', { class: 'tile' }, element('dt', {}, name), figure, note,
    element('dd', { class: 'course', 'aria-hidden': 'true' }, chart))
  return {
    tile,
    /** @param {Traffic} traffic */
    update({ hour, minutes }) {
      setText(figure, value(hour))
      setText(note, detail(hour))
      setAttribute(tile, 'class', isBad?.(hour) === true ? 'tile bad' : 'tile')
      const heights = minutes.map((minute) => course(minute) ?? 0)
      const top = Math.max(...heights)
      bars.forEach((bar, minute) => {
        const height = top > 0 ? (heights[minute] ?? 0) / top : 0
        setAttribute(bar, 'y', (1 - height).toFixed(3))
        setAttribute(bar, 'height', height.toFixed(3))
      })
    },
  }
}

/** @param {Sums['requests']} requests */
function totalOf({ ok, error, rejected, cancelled }) {
  return ok + error + rejected + cancelled
}

/** @param {Sums['requests']} requests */
function unsuccessfulOf({ error, rejected }) {
  return error + rejected
}
