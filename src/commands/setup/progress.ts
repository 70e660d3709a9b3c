/** Progress of a download on stderr: one line that is rewritten on a terminal, a line per quarter in a log. */

const REDRAW_MILLISECONDS = 200
const LOG_STEP = 25

export interface Progress {
  /** Bytes so far. */
  update(bytes: number): void
  end(): void
}

export function startProgress(name: string, totalBytes: number, stream: NodeJS.WriteStream = process.stderr): Progress {
  stream.write(`earshot: fetching ${name} (${megabytes(totalBytes)})\n`)
  const line = (bytes: number): string =>
    `earshot: ${name}: ${percent(bytes)} %, ${megabytes(bytes)} of ${megabytes(totalBytes)}`
  const percent = (bytes: number): number => Math.floor(100 * bytes / totalBytes)
  let drawnAt = 0
  let logged = 0
  return {
    update(bytes) {
      if (stream.isTTY && (Date.now() - drawnAt > REDRAW_MILLISECONDS || bytes === totalBytes)) {
        drawnAt = Date.now()
        stream.write(`\r${line(bytes)}`)
      }
      if (!stream.isTTY && percent(bytes) >= logged + LOG_STEP) {
        logged = percent(bytes) - percent(bytes) % LOG_STEP
        stream.write(`${line(bytes)}\n`)
      }
    },
    end() {
      if (stream.isTTY && drawnAt > 0) stream.write('\n')
      drawnAt = 0
    },
  }
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
