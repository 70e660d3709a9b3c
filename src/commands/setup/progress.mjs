/** Progress of the installation: one line that is rewritten on a terminal, a line every 10 s in a log. */
// @ts-check

const REDRAW_MILLISECONDS = 500
const LOG_MILLISECONDS = 10_000

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
  const timer = setInterval(() => {
    const line = `earshot: ${count()} of ${total} packages, ${Math.round((Date.now() - startedAt) / 1000)} s`
    stream.write(stream.isTTY ? `\r${line}` : `${line}\n`)
    drawn = true
  }, everyMilliseconds).unref()
  return () => {
    clearInterval(timer)
    if (stream.isTTY && drawn) stream.write('\n')
  }
}
