/**
 * Dynamic time warping (Sakoe and Chiba 1978, IEEE ASSP 26): the cheapest way through a grid from its first corner to
 * its last, one row, one column or both at a time. Rows are what was written, columns when it may have been heard.
 */

/** Row-major [rows, columns], both at least 1. */
export interface Grid {
  readonly values: Float32Array
  readonly rows: number
  readonly columns: number
}

/** Columns of the way in each row, the first and the last; a row shares its first column with the one above, or follows it. */
export interface Way {
  readonly first: Int32Array
  readonly last: Int32Array
}

/** Where a way came from. */
const BOTH = 0
const ABOVE = 1
const BEFORE = 2

export function warpingPath(grid: Grid): Way {
  const steps = cheapestSteps(grid)
  const { rows, columns } = grid
  const first = new Int32Array(rows)
  const last = new Int32Array(rows).fill(-1)
  for (let row = rows - 1, column = columns - 1; row >= 0 && column >= 0;) {
    first[row] = column
    if (last[row] === -1) last[row] = column
    const step = steps[row * columns + column]
    if (step !== BEFORE) row--
    if (step !== ABOVE) column--
  }
  return { first, last }
}

/** The last step of the cheapest way to each cell; of equal ones, the diagonal before the others. */
function cheapestSteps({ values, rows, columns }: Grid): Uint8Array {
  const steps = new Uint8Array(rows * columns)
  let above = new Float64Array(columns).fill(Infinity)
  let here = new Float64Array(columns)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const both = column === 0 ? row === 0 ? 0 : Infinity : row === 0 ? Infinity : above[column - 1]!
      const fromAbove = above[column]!
      const fromBefore = column === 0 ? Infinity : here[column - 1]!
      const step = both <= fromAbove && both <= fromBefore ? BOTH : fromAbove <= fromBefore ? ABOVE : BEFORE
      steps[row * columns + column] = step
      here[column] = values[row * columns + column]! + (step === BOTH ? both : step === ABOVE ? fromAbove : fromBefore)
    }
    [above, here] = [here, above]
  }
  return steps
}
