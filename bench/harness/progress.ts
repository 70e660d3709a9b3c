/**
 * How far a bench is, on standard error: one line that is drawn anew at a terminal, a line every ten seconds in a log.
 * A bench without a count of its own at the moment says how long it has been running. Only a bench that was started
 * with `showProgress` says anything: parts of a bench that tests use stay quiet.
 */
const EVERY_MS = { terminal: 500, log: 10_000 }

export interface Progress {
  /** Some of it is done; the last one ends it. */
  step(steps?: number): void
  end(): void
}

interface Task { readonly label: string; readonly total: number; readonly startedAtMs: number; done: number }

/** Of the running bench; the innermost task is shown. */
let shown: { readonly name: string; readonly startedAtMs: number; saidAtMs: number; isLineOpen: boolean } | undefined
const tasks: Task[] = []

/** Begins to show how far the bench is; the answer ends that. */
export function showProgress(name: string): () => void {
  const nowMs = performance.now()
  shown = { name, startedAtMs: nowMs, saidAtMs: nowMs, isLineOpen: false }
  const timer = setInterval(say, interval()).unref()
  const restore = process.stderr.isTTY ? clearLineBefore(process.stdout) : () => undefined
  return () => {
    clearInterval(timer)
    closeLine()
    restore()
    shown = undefined
    tasks.length = 0
  }
}

export function startProgress(label: string, total: number): Progress {
  const task: Task = { label, total, startedAtMs: performance.now(), done: 0 }
  tasks.push(task)
  const end = (): void => {
    const at = tasks.indexOf(task)
    if (at >= 0) tasks.splice(at, 1)
  }
  return {
    end,
    step(steps = 1) {
      task.done += steps
      // Also from here, because a long computation lets no timer run.
      if (shown !== undefined && performance.now() - shown.saidAtMs >= interval()) say()
      if (task.done >= total) end()
    },
  }
}

/** The line as it is now. */
export function progressLine(name: string, startedAtMs: number, task: Task | undefined, nowMs: number): string {
  if (task === undefined || task.done === 0) {
    const what = task === undefined ? '' : ` ${task.label},`
    return `${name}:${what} ${((nowMs - startedAtMs) / 1000).toFixed(0)} s so far`
  }
  const elapsedSeconds = (nowMs - task.startedAtMs) / 1000
  const leftSeconds = elapsedSeconds / task.done * (task.total - task.done)
  const done = `${Math.floor(task.done)} of ${task.total}`
  return `${name}: ${task.label} ${done}, ${elapsedSeconds.toFixed(0)} s, about ${leftSeconds.toFixed(0)} s left`
}

function say(): void {
  if (shown === undefined) return
  const nowMs = performance.now()
  shown.saidAtMs = nowMs
  const line = progressLine(shown.name, shown.startedAtMs, tasks.at(-1), nowMs)
  process.stderr.write(process.stderr.isTTY ? `\r${line}\x1b[K` : `${line}\n`)
  shown.isLineOpen = process.stderr.isTTY === true
}

function interval(): number {
  return process.stderr.isTTY ? EVERY_MS.terminal : EVERY_MS.log
}

function closeLine(): void {
  if (shown?.isLineOpen !== true) return
  process.stderr.write('\r\x1b[K')
  shown.isLineOpen = false
}

/** Tables and the line of progress share a terminal: the line goes before a table comes. */
function clearLineBefore(stream: NodeJS.WriteStream): () => void {
  const write = stream.write.bind(stream)
  stream.write = ((...args: Parameters<typeof write>) => {
    closeLine()
    return write(...args)
  }) as typeof stream.write
  return () => { stream.write = write }
}
