/** What a test run prints: progress, each failure where it stands, and at the end a summary that fits on a screen. */

const SLOWEST = 5
const DETAIL_LINES = 15
const LOG_STEP_PERCENT = 25

/**
 * @typedef {import('./read-tap.mjs').Outcome} Outcome
 * @typedef {Outcome & { file: string, seconds: number, crash: string | undefined }} FileResult
 * @typedef {{ file: string, why: string }} LeftOut A file that was not run.
 */

/** @param {number} files How many will run. */
export function createReport(files) {
  const startedAt = performance.now()
  const results = /** @type {FileResult[]} */ ([])
  const terminal = process.stdout.isTTY === true
  let told = 0

  const clear = () => { if (terminal) process.stdout.write('\r\x1b[2K') }
  const progress = () => {
    const line = `${results.length} of ${files} files, ${sum(results, 'failed')} failed, ${since(startedAt)}`
    if (terminal) return void process.stdout.write(`\r\x1b[2K${line}`)
    const percent = Math.floor(100 * results.length / files)
    if (percent < told + LOG_STEP_PERCENT || results.length === files) return
    told = percent - percent % LOG_STEP_PERCENT
    console.log(line)
  }

  return {
    /** @param {FileResult} result */
    finished(result) {
      results.push(result)
      clear()
      for (const failure of result.failures) printFailure(result.file, failure)
      if (result.crash !== undefined) console.log(`not ok  ${result.file}: ${result.crash}`)
      progress()
    },
    /**
     * Prints the summary.
     * @param {readonly LeftOut[]} leftOut
     * @returns {boolean} whether everything passed
     */
    end(leftOut = []) {
      clear()
      printSlowest(results)
      printSkips(results)
      for (const { file, why } of leftOut) console.log(`not run: ${file}: ${why}`)
      const [passed, failed] = [sum(results, 'passed'), failuresOf(results)]
      const skipped = results.flatMap(({ skips }) => skips).length
      const total = passed + failed + skipped
      const counts = `${passed} passed, ${failed} failed, ${skipped} skipped`
      console.log(`${results.length} files, ${counts}, ${since(startedAt)}`)
      console.log(`# { total: ${total}, pass: ${passed}, fail: ${failed}, skip: ${skipped} }`)
      return failed === 0
    },
  }
}

/** One line to find it by, and below it what was expected and found. */
function printFailure(file, { name, place, detail }) {
  console.log(`not ok  ${place ?? file}  ${place?.startsWith(file) === false ? `${file}: ` : ''}${name}`)
  const lines = detail.trimEnd().split('\n').filter((line) => line.trim() !== '')
  for (const line of lines.slice(0, DETAIL_LINES)) console.log(`        ${line}`)
  if (lines.length > DETAIL_LINES) console.log(`        … ${lines.length - DETAIL_LINES} more lines`)
}

function printSlowest(results) {
  if (results.length <= SLOWEST) return
  console.log('slowest files')
  const slowest = [...results].sort((a, b) => b.seconds - a.seconds).slice(0, SLOWEST)
  for (const { file, seconds } of slowest) console.log(`  ${seconds.toFixed(1).padStart(5)} s  ${file}`)
}

/** A line for each file and reason. */
function printSkips(results) {
  const groups = new Map()
  for (const { file, skips } of results) {
    for (const { detail } of skips) groups.set(`${file}: ${detail}`, (groups.get(`${file}: ${detail}`) ?? 0) + 1)
  }
  if (groups.size > 0) console.log('skipped')
  for (const [what, count] of groups) console.log(`  ${String(count).padStart(5)}    ${what}`)
}

/** A file that ends badly without a failed assertion counts as one failure. */
function failuresOf(results) {
  return results.reduce((total, { failed, crash }) => total + (failed === 0 && crash !== undefined ? 1 : failed), 0)
}

function sum(results, key) {
  return results.reduce((total, result) => total + result[key], 0)
}

function since(startedAt) {
  return `${((performance.now() - startedAt) / 1000).toFixed(0)} s`
}
