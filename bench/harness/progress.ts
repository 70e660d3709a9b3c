/** How far a long table is, on standard error: one line that is drawn anew at a terminal, a line a minute in a log. */
const LOG_EVERY_MS = 60_000

export interface Progress { step(): void }

export function startProgress(label: string, total: number): Progress {
  const startedAtMs = performance.now()
  let done = 0
  let saidAtMs = startedAtMs
  return {
    step() {
      done++
      const nowMs = performance.now()
      const { isTTY } = process.stderr
      if (done < total && nowMs - saidAtMs < (isTTY ? 200 : LOG_EVERY_MS)) return
      saidAtMs = nowMs
      const elapsedSeconds = (nowMs - startedAtMs) / 1000
      const leftSeconds = elapsedSeconds / done * (total - done)
      const line =
        `${label}: ${done} of ${total}, ${elapsedSeconds.toFixed(0)} s, about ${leftSeconds.toFixed(0)} s left`
      process.stderr.write(isTTY ? `\r${line}\x1b[K${done < total ? '' : '\n'}` : `${line}\n`)
    },
  }
}
