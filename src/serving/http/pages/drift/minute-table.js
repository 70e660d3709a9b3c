/** The traffic of the last hour as a table, one row for each minute, newest first. */
import { element, part } from '../shared/elements.js'
import { clock, count, duration, length, orDash } from './numbers.js'

/** @import { Traffic, TrafficMinute } from '../../../../monitoring/metrics/recent.js' */

/** The rows are updated only while the table is open. @returns {(traffic: Traffic) => void} */
export function createMinuteTable() {
  const details = /** @type {HTMLDetailsElement} */ (part('minutes'))
  const body = part('minute-rows')
  /** @type {Traffic | null} */
  let latest = null
  const fill = () => {
    if (latest !== null && details.open) body.replaceChildren(...latest.minutes.map(rowOf).reverse())
  }
  details.addEventListener('toggle', fill)
  return (traffic) => {
    latest = traffic
    fill()
  }
}

/** @param {TrafficMinute} minute */
function rowOf({ start, requests: { ok, error, rejected, cancelled }, audioSeconds, p50Seconds, p95Seconds }) {
  return element(
    'tr',
    {},
    element('th', { scope: 'row' }, clock(start)),
    ...[ok, error, rejected, cancelled].map((value) => element('td', {}, count(value))),
    element('td', {}, length(audioSeconds)),
    ...[p50Seconds, p95Seconds].map((value) => element('td', {}, orDash(value, duration))),
  )
}
