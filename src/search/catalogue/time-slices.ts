/**
 * Cooperative scheduling of long work. The server process answers health, metrics and all other requests on one thread,
 * so long work (a hundred thousand rows, the phrases of a request) runs in slices of a few milliseconds. All such work
 * shares one queue: between two rounds of the event loop, one of the waiting jobs gets a slice, however many wait.
 */
import type { InterruptibleWork } from '../../domain/interruptible-work.js'

const SLICE_MS = 8
/** Few enough to be sorted, or merged, well within a slice. */
const SORTED_AT_ONCE = 512

const waiting: (() => void)[] = []

/** The time slices of one job. */
export class TimeSlices {
  #until = -Infinity

  /** Checked before every item, since an item may take a millisecond. */
  get isOver(): boolean { return performance.now() >= this.#until }

  /** Resolves immediately within a slice, otherwise when the next one begins. The first slice has to be awaited too. */
  async pause(): Promise<void> {
    if (!this.isOver) return
    await new Promise<void>((resolve) => {
      waiting.push(resolve)
      if (waiting.length === 1) setImmediate(startNextSlice)
    })
    this.#until = performance.now() + SLICE_MS
  }
}

/** Runs in the next round of the event loop, after all other events. */
function startNextSlice(): void {
  waiting.shift()?.()
  if (waiting.length > 0) setImmediate(startNextSlice)
}

export async function forEachSliced<T>(
  items: Iterable<T>, work: (item: T, index: number) => void, slices = new TimeSlices(),
): Promise<void> {
  let index = 0
  for (const item of items) {
    if (slices.isOver) await slices.pause()
    work(item, index++)
  }
}

export async function runSliced<T>(steps: InterruptibleWork<T>, slices = new TimeSlices()): Promise<T> {
  for (;;) {
    if (slices.isOver) await slices.pause()
    const { done, value } = steps.next()
    if (done) return value
  }
}

/** Stable merge sort. `Array.sort` would block all other requests until it ends. */
export async function sortSliced<T>(items: readonly T[], compare: (a: T, b: T) => number): Promise<T[]> {
  const slices = new TimeSlices()
  let runs = Array.from({ length: Math.ceil(items.length / SORTED_AT_ONCE) }, (_, run) =>
    items.slice(run * SORTED_AT_ONCE, (run + 1) * SORTED_AT_ONCE))
  await forEachSliced(runs, (run) => { run.sort(compare) }, slices)
  while (runs.length > 1) {
    const merged: T[][] = []
    for (let at = 0; at < runs.length; at += 2) {
      merged.push(await runSliced(merge(runs[at] ?? [], runs[at + 1] ?? [], compare), slices))
    }
    runs = merged
  }
  return runs[0] ?? []
}

function* merge<T>(first: readonly T[], second: readonly T[], compare: (a: T, b: T) => number): InterruptibleWork<T[]> {
  const merged: T[] = []
  let [one, other] = [0, 0]
  while (one < first.length || other < second.length) {
    const takesFirst = other === second.length || (one < first.length && compare(first[one]!, second[other]!) <= 0)
    merged.push(takesFirst ? first[one++]! : second[other++]!)
    if (merged.length % SORTED_AT_ONCE === 0) yield
  }
  return merged
}
