/** Progress of the installation: one line that is rewritten on a terminal, a line every 10 s in a log. */
// @ts-check

const REDRAW_MILLISECONDS = 500
const LOG_MILLISECONDS = 10_000
/** ECMA-48 EL: the rest of a longer line before it. */
const CLEAR_REST = '\u001b[K'

/**
 * Shows `count()` of `total` packages until the returned function is called.
 * @param {number} total @param {() => number} count
 * @param {{ isTTY?: boolean, write(text: string): unknown }} [stream]
 * @param {number} [everyMilliseconds]
 * @returns {() => void}
 */
export function showInstalling(
  total, count, stream = process.stderr, everyMilliseconds = stream.isTTY ? REDRAW_MILLISECONDS : LOG_MILLISECONDS,
) {
  const startedAt = Date.now()
  let drawn = false
  let lowest = Infinity
  const timer = setInterval(() => {
    const there = count()
    lowest = Math.min(lowest, there)
    // npm first removes an old installation and finds out what to fetch, which takes a quarter of the time.
    const done = there === lowest ? 'preparing' : `${there} of ${total} packages`
    const line = `earshot: ${done}, ${Math.round((Date.now() - startedAt) / 1000)} s`
    stream.write(stream.isTTY ? `\r${line}${CLEAR_REST}` : `${line}\n`)
    drawn = true
  }, everyMilliseconds).unref()
  return () => {
    clearInterval(timer)
    if (stream.isTTY && drawn) stream.write('\n')
  }
}
