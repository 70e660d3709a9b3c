/**
 * One feature as a table that is also a chart: a row for each bin, the baseline as a wide outlined bar and the window
 * as a narrow filled one within it, so that they are told apart without colours. The table is its own text for those
 * who cannot see the bars.
 *
 * Bins are as high as each other however wide their ranges: they hold equal shares of the baseline, and what the
 * stability index sees is shares.
 */
import { drawing, element, setAttribute, setText, shape } from './elements.js'
import { share } from './numbers.js'
import { sharesOf } from './words.js'

/** @import { Comparison, FeatureState } from '../../../../monitoring/drift/snapshot.js' */
/**
 * @typedef {{ readonly label: string, readonly before: number, readonly now: number | null }} Row `now` is null with too few clips
 */
/**
 * @typedef {{ readonly before: Element, readonly now: Element, readonly bars: readonly Element[] }} Drawn of one row; bars: before, now, outline
 */

/** A bin below this share, then and now, is not worth a row. */
const HARDLY = 0.005
/** The bin that has changed most stands out if its share has changed by this. */
const NOTABLE = 0.05
/** Heights of the bars in their row, of 1. */
const WIDE = 0.84
const NARROW = 0.42

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
  /** @type {Drawn[]} */
  let drawn = []
  let labels = ''
  return { element: element('div', {}, table, rest), update }

  /** @param {FeatureState} feature @param {Comparison | null} comparison */
  function update(feature, comparison) {
    const { rows, hidden } = rowsOf(feature, comparison)
    const wanted = rows.map(({ label }) => label).join('\n')
    if (labels !== wanted) drawn = rebuild(body, rows)
    labels = wanted
    setText(unit, feature.unit)
    setText(rest, hidden === 0 ? '' : `and ${hidden} more below ${share(HARDLY)}`)
    foot.hidden = feature.baselineMissing === 0 && (comparison?.missing ?? 0) === 0
    setText(missing.before, share(feature.baselineMissing / feature.baselineClips))
    setText(missing.now, comparison === null ? '–' : share(comparison.missing / comparison.clips))
    const longest = Math.max(...rows.flatMap(({ before, now }) => [before, now ?? 0]))
    const most = mostChanged(rows)
    rows.forEach((row, index) => {
      const { before, now, bars } = drawn[index]
      setText(before, share(row.before))
      setText(now, row.now === null ? '–' : share(row.now))
      setAttribute(now, 'class', index === most ? 'most' : '')
      const widths = [row.before, row.now ?? 0, row.before].map((value) => (value / longest).toFixed(4))
      bars.forEach((bar, which) => { setAttribute(bar, 'width', widths[which]) })
    })
  }
}

/** @param {Element} body @param {readonly Row[]} rows @returns {Drawn[]} */
function rebuild(body, rows) {
  const chart = drawing(1, rows.length)
  const drawn = rows.map((_, index) => ({
    before: element('td'),
    now: element('td'),
    bars: [bar('before', index, WIDE), bar('now', index, NARROW), bar('outline', index, WIDE)],
  }))
  chart.append(...drawn.flatMap(({ bars }) => bars))
  body.replaceChildren(
    ...drawn.map(({ before, now }, index) =>
      element(
        'tr',
        {},
        element('th', { scope: 'row' }, rows[index].label),
        ...(index === 0
          ? [element('td', { class: 'bars', rowspan: String(rows.length), 'aria-hidden': 'true' }, chart)]
          : []),
        before,
        now,
      ),
    ),
  )
  return drawn
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
    before: baseline[index],
    now: shares === null ? null : shares[index],
  }))
  const rows = all.filter(({ before, now }) => Math.max(before, now ?? 0) >= HARDLY)
  return { rows, hidden: all.length - rows.length }
}

/** −1 where nothing has changed by much. @param {readonly Row[]} rows */
function mostChanged(rows) {
  const changes = rows.map(({ before, now }) => now === null ? 0 : Math.abs(now - before))
  const most = Math.max(...changes)
  return most < NOTABLE ? -1 : changes.indexOf(most)
}
