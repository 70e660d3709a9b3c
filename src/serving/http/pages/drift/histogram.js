/**
 * One feature as a table that is also a chart: a row for each bin, the baseline as a wide outlined bar and the window
 * as a narrow filled bar inside it, so that the two differ without colour. The cells contain the same shares as text.
 *
 * All bins have the same height, whatever their ranges: they hold equal shares of the baseline, and the population
 * stability index compares shares.
 */
import { drawing, element, setAttribute, setText, shape } from '../shared/elements.js'
import { share } from './numbers.js'
import { sharesOf } from './words.js'

/** @import { Comparison, FeatureState } from '../../../../monitoring/drift/snapshot.js' */
/**
 * @typedef {object} Row shares of the clips in one bin
 * @property {string} label
 * @property {number} before of the baseline
 * @property {number | null} now of the window; null with too few clips
 */
/**
 * @typedef {object} DrawnRow
 * @property {readonly Element[]} cells
 * @property {readonly Element[]} bars
 * @property {(row: Row, longest: number, isMostChanged: boolean) => void} update
 */

/** A bin below this share, in the baseline and in the window, gets no row. */
const MINIMUM_SHARE = 0.005
/** The bin whose share has changed most is highlighted if it has changed by at least this. */
const NOTABLE_CHANGE = 0.05
/** Heights of the bars, as shares of the row. */
const BASELINE_HEIGHT = 0.84
const WINDOW_HEIGHT = 0.42

/** @param {string} title */
export function createHistogram(title) {
  const unit = element('th', { scope: 'col', class: 'unit' })
  const body = element('tbody')
  const missing = { before: element('td'), now: element('td') }
  const foot = element(
    'tfoot',
    {},
    element('tr', {}, element('th', { scope: 'row' }, 'missing'), element('td'), missing.before, missing.now),
  )
  const rest = element('p', { class: 'rest' })
  const table = element(
    'table',
    { class: 'histogram' },
    element('caption', { class: 'unseen' }, `${title}: share of clips in each bin`),
    element(
      'thead',
      {},
      element(
        'tr',
        {},
        unit,
        element('td'),
        element('th', { scope: 'col' }, 'baseline'),
        element('th', { scope: 'col' }, 'now'),
      ),
    ),
    body,
    foot,
  )
  /** @type {DrawnRow[]} */
  let drawn = []
  let labels = ''
  return { element: element('div', {}, table, rest), update }

  /** @param {FeatureState} feature @param {Comparison | null} comparison */
  function update(feature, comparison) {
    const { rows, hidden } = rowsOf(feature, comparison)
    const wanted = rows.map(({ label }) => label).join('\n')
    if (labels !== wanted) drawn = rebuild(body, rows)
    labels = wanted
    setText(unit, feature.unit === '' ? 'value' : feature.unit)
    setText(rest, hidden === 0 ? '' : `and ${hidden} more below ${share(MINIMUM_SHARE)}`)
    foot.hidden = feature.baselineMissing === 0 && (comparison?.missing ?? 0) === 0
    setText(missing.before, share(feature.baselineMissing / feature.baselineClips))
    setText(missing.now, comparison === null ? '–' : share(comparison.missing / comparison.clips))
    const longest = Math.max(...rows.flatMap(({ before, now }) => [before, now ?? 0]))
    const most = mostChanged(rows)
    rows.forEach((row, index) => { drawn[index]?.update(row, longest, index === most) })
  }
}

/** @param {Element} body @param {readonly Row[]} rows @returns {DrawnRow[]} */
function rebuild(body, rows) {
  const drawn = rows.map((_, index) => createRow(index))
  const chart = drawing(1, rows.length, ...drawn.flatMap(({ bars }) => bars))
  const chartCell = element('td', { class: 'bars', rowspan: String(rows.length), 'aria-hidden': 'true' }, chart)
  body.replaceChildren(
    ...rows.map(({ label }, index) =>
      element(
        'tr',
        {},
        element('th', { scope: 'row' }, label),
        ...(index === 0 ? [chartCell] : []),
        ...(drawn[index]?.cells ?? []),
      ),
    ),
  )
  return drawn
}

/** @param {number} index @returns {DrawnRow} */
function createRow(index) {
  const before = element('td')
  const now = element('td')
  const filled = bar('before', index, BASELINE_HEIGHT)
  const outline = bar('outline', index, BASELINE_HEIGHT)
  const inner = bar('now', index, WINDOW_HEIGHT)
  return {
    cells: [before, now],
    bars: [filled, inner, outline],
    update(row, longest, isMostChanged) {
      setText(before, share(row.before))
      setText(now, row.now === null ? '–' : share(row.now))
      setAttribute(now, 'class', isMostChanged ? 'most' : '')
      for (const wide of [filled, outline]) setAttribute(wide, 'width', (row.before / longest).toFixed(4))
      setAttribute(inner, 'width', ((row.now ?? 0) / longest).toFixed(4))
    },
  }
}

/** @param {string} name @param {number} row @param {number} height */
function bar(name, row, height) {
  return shape('rect', { class: name, x: 0, y: row + (1 - height) / 2, width: 0, height })
}

/** @param {FeatureState} feature @param {Comparison | null} comparison @returns {{ rows: Row[], hidden: number }} */
function rowsOf({ bins, baseline }, comparison) {
  const shares = comparison === null ? null : sharesOf(comparison)
  const all = bins.map((label, index) => ({
    label,
    before: baseline[index] ?? 0,
    now: shares === null ? null : (shares[index] ?? 0),
  }))
  const rows = all.filter(({ before, now }) => Math.max(before, now ?? 0) >= MINIMUM_SHARE)
  return { rows, hidden: all.length - rows.length }
}

/** Index of the row; −1 if no share has changed notably. @param {readonly Row[]} rows */
function mostChanged(rows) {
  const changes = rows.map(({ before, now }) => now === null ? 0 : Math.abs(now - before))
  const most = Math.max(...changes)
  return most < NOTABLE_CHANGE ? -1 : changes.indexOf(most)
}
