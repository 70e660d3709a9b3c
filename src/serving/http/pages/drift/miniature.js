/**
 * The distribution of a feature in the height of a line: a column for each bin, the baseline wide and pale, the window
 * narrow in front of it. For the eye only; the table of the feature has the figures.
 */
import { drawing, setAttribute, shape } from '../shared/elements.js'
import { sharesOf } from './words.js'

/** @import { Comparison, FeatureState } from '../../../../monitoring/drift/snapshot.js' */

/** Widths of the bars, as shares of the column. */
const BASELINE_WIDTH = 0.9
const WINDOW_WIDTH = 0.45

export function createMiniature() {
  const chart = drawing(1, 1)
  setAttribute(chart, 'class', 'miniature')
  setAttribute(chart, 'aria-hidden', 'true')
  /** @type {{ before: Element, now: Element }[]} */
  let columns = []
  return { element: chart, update }

  /** @param {FeatureState} feature @param {Comparison | null} comparison */
  function update({ bins, baseline }, comparison) {
    if (columns.length !== bins.length) {
      columns = bins.map((_, bin) =>
        ({ before: bar('before', bin, BASELINE_WIDTH), now: bar('now', bin, WINDOW_WIDTH) }))
      setAttribute(chart, 'viewBox', `0 0 ${bins.length} 1`)
      chart.replaceChildren(...columns.flatMap(({ before, now }) => [before, now]))
    }
    const shares = comparison === null ? [] : sharesOf(comparison)
    const highest = Math.max(...baseline, ...shares)
    columns.forEach(({ before, now }, bin) => {
      setHeight(before, (baseline[bin] ?? 0) / highest)
      setHeight(now, (shares[bin] ?? 0) / highest)
    })
  }
}

/** @param {string} name @param {number} column @param {number} width */
function bar(name, column, width) {
  return shape('rect', { class: name, x: column + (1 - width) / 2, width })
}

/** @param {Element} rectangle @param {number} height */
function setHeight(rectangle, height) {
  setAttribute(rectangle, 'y', (1 - height).toFixed(3))
  setAttribute(rectangle, 'height', height.toFixed(3))
}
