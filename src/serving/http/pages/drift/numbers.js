/** Numbers and times as text, with significant digits only. */

const ROUND_STEPS = [1, 2, 3, 4, 6, 8]
const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
/** Units of an age, largest first. @type {readonly (readonly [string, number])[]} */
const AGE_UNITS = [['day', DAY], ['hour', HOUR], ['minute', MINUTE]]

/** @param {number} value */
export function count(value) {
  return value.toLocaleString('en')
}

/** "3 clips" @param {number} value @param {string} noun */
export function counted(value, noun) {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`
}

/** A share from 0 to 1, in percent. @param {number} value */
export function share(value) {
  if (value >= 0.01) return `${Math.round(value * 100)} %`
  if (value >= 0.001) return `${(value * 100).toFixed(1)} %`
  return value > 0 ? '< 0.1 %' : '0 %'
}

/**
 * The population stability index minus its expected value without drift. Values below 0.005 are shown as 0.
 * @param {number} value
 */
export function excess(value) {
  if (value >= 9.95) return value.toFixed(0)
  if (value >= 0.995) return value.toFixed(1)
  return value >= 0.005 ? value.toFixed(2) : '0'
}

/** With the sign of comparison: "= 0.03", "< 0.001" @param {number} value */
export function probability(value) {
  if (value < 0.001) return '< 0.001'
  return `= ${value < 0.1 ? Number(value.toPrecision(1)) : Number(value.toFixed(1))}`
}

/** A value from −1 to 1, with its sign. @param {number} value */
export function signed(value) {
  const size = Math.abs(value).toFixed(2)
  return size === '0.00' ? '0' : `${value < 0 ? '−' : '+'}${size}`
}

/** Two significant digits, down to a tenth of a millisecond. @param {number} seconds */
export function duration(seconds) {
  if (seconds === 0) return '0'
  if (seconds < 0.0001) return '< 0.1 ms'
  if (seconds < 0.00095) return `${(seconds * 1000).toFixed(1)} ms`
  if (seconds < 0.0995) return `${Number((seconds * 1000).toPrecision(2))} ms`
  if (seconds < 0.995) return `${Math.round(seconds * 100) * 10} ms`
  return seconds < 9.95 ? `${seconds.toFixed(1)} s` : `${count(Math.round(seconds))} s`
}

/** Amount of audio. @param {number} seconds */
export function length(seconds) {
  if (seconds < 2 * MINUTE) return `${Math.round(seconds)} s`
  return seconds < 2 * HOUR ? `${Math.round(seconds / MINUTE)} min` : `${(seconds / HOUR).toFixed(1)} h`
}

/** "12 days": in the largest unit of which there are at least two. @param {number} seconds */
export function age(seconds) {
  const [unit, size] = AGE_UNITS.find(([, size]) => seconds >= 2 * size) ?? ['minute', MINUTE]
  return counted(Math.max(0, Math.floor(seconds / size)), unit)
}

/**
 * Local time of the browser, with the date unless it is today.
 * @param {string | number} moment
 * @param {Date} [now]
 */
export function clock(moment, now = new Date()) {
  const date = new Date(moment)
  const time = date.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' })
  return date.toDateString() === now.toDateString() ? time : `${day(moment)}, ${time}`
}

/** @param {string | number} moment */
export function day(moment) {
  return new Date(moment).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric' })
}

/** The next round number whose half is round too, for the end of an axis. @param {number} value */
export function roundUp(value) {
  if (value <= 0) return 1
  const power = 10 ** Math.floor(Math.log10(value))
  return power * (ROUND_STEPS.find((step) => step * power >= value * 0.999) ?? 10)
}

/** @param {number | null} value @param {(value: number) => string} format */
export function orDash(value, format) {
  return value === null ? '–' : format(value)
}
