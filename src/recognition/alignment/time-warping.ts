/**
 * Dynamic time warping (Sakoe and Chiba 1978, IEEE ASSP 26): the path of least cost through a grid from its first cell
 * to its last, by one row, one column or both at each step. Rows are tokens, columns are frames.
 */

/** Costs, row-major [rows, columns], both at least 1. */
export interface CostGrid {
  readonly values: Float32Array
  readonly rows: number
  readonly columns: number
}

/** First and last column of the path in each row. The first is the last of the row above, or the one after it. */
export interface WarpingPath {
  readonly first: Int32Array
  readonly last: Int32Array
}

/** Where a step of the path comes from. */
const DIAGONAL = 0
const ABOVE = 1
const LEFT = 2

export function warpingPath(grid: CostGrid): WarpingPath {
  const steps = cheapestSteps(grid)
  const { rows, columns } = grid
  const first = new Int32Array(rows)
  const last = new Int32Array(rows).fill(-1)
  for (let row = rows - 1, column = columns - 1; row >= 0 && column >= 0;) {
    first[row] = column
    if (last[row] === -1) last[row] = column
    const step = steps[row * columns + column]
    if (step !== LEFT) row--
    if (step !== ABOVE) column--
  }
  return { first, last }
}

/** The last step of the cheapest path to each cell; of equal ones, the diagonal before the others. */
function cheapestSteps({ values, rows, columns }: CostGrid): Uint8Array {
  const steps = new Uint8Array(rows * columns)
  let previousRow = new Float64Array(columns).fill(Infinity)
  let currentRow = new Float64Array(columns)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const isFirstCell = row === 0 && column === 0
      const diagonal = isFirstCell ? 0 : row === 0 || column === 0 ? Infinity : previousRow[column - 1]!
      const above = previousRow[column]!
      const left = column === 0 ? Infinity : currentRow[column - 1]!
      const step = diagonal <= above && diagonal <= left ? DIAGONAL : above <= left ? ABOVE : LEFT
      steps[row * columns + column] = step
      const cost = step === DIAGONAL ? diagonal : step === ABOVE ? above : left
      currentRow[column] = values[row * columns + column]! + cost
    }
    [previousRow, currentRow] = [currentRow, previousRow]
  }
  return steps
}
