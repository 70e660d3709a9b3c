/**
 * Long work in short turns. The server process answers health, metrics and every other request on one thread, so
 * what takes longer than a moment (a hundred thousand rows, the phrases of a request) is done a few milliseconds at a
 * time. All such work stands in one line: between two rounds of the event loop one of those that wait has a turn,
 * however many there are.
 */
import type { InterruptibleWork } from '../../domain/interruptible-work.js'

const TURN_MS = 8
/** Few enough to be sorted, or merged, well within a turn. */
const SORTED_AT_ONCE = 512

const waiting: (() => void)[] = []

/** The turns of one piece of work. */
export class TimeSlices {
  #until = -Infinity

  /** Looked at before every item: one may take a millisecond. */
  get isOver(): boolean { return performance.now() >= this.#until }

  /** Resolves at once while the turn lasts, otherwise when the next one begins. The first has to be waited for too. */
  async pause(): Promise<void> {
    if (!this.isOver) return
    await new Promise<void>((resolve) => {
      waiting.push(resolve)
      if (waiting.length === 1) setImmediate(giveTurn)
    })
    this.#until = performance.now() + TURN_MS
  }
}

/** What is scheduled here runs in the next round of the event loop, after everybody else had theirs. */
function giveTurn(): void {
  waiting.shift()!()
  if (waiting.length > 0) setImmediate(giveTurn)
}

export async function forEachSliced<T>(items: Iterable<T>, work: (item: T, index: number) => void, turns = new TimeSlices()): Promise<void> {
  let index = 0
  for (const item of items) {
    if (turns.isOver) await turns.pause()
    work(item, index++)
  }
}

export async function runSliced<T>(steps: InterruptibleWork<T>, turns = new TimeSlices()): Promise<T> {
  for (;;) {
    if (turns.isOver) await turns.pause()
    const { done, value } = steps.next()
    if (done) return value
  }
}

/** Merge sort, stable: `Array.sort` holds up everybody until it has ended. */
export async function sortSliced<T>(items: readonly T[], compare: (a: T, b: T) => number): Promise<T[]> {
  const turns = new TimeSlices()
  let runs = Array.from({ length: Math.ceil(items.length / SORTED_AT_ONCE) }, (_, run) => items.slice(run * SORTED_AT_ONCE, (run + 1) * SORTED_AT_ONCE))
  await forEachSliced(runs, (run) => { run.sort(compare) }, turns)
  while (runs.length > 1) {
    const merged: T[][] = []
    for (let at = 0; at < runs.length; at += 2) merged.push(await runSliced(merge(runs[at]!, runs[at + 1] ?? [], compare), turns))
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
