/** The order of the queue, without a pool: a simulated worker that serves what is next. */
import t from 'tap'
import { FairQueue } from '../../../src/serving/workers/fair-queue.js'
import { forecast } from '../../../src/serving/workers/forecast.js'
import { remainingWork, STRETCH, type Schedulable } from '../../../src/serving/workers/order.js'

interface SimulatedJob extends Schedulable { readonly name: string; usedSeconds: number }

interface Times { readonly begin: number; end?: number }

const PIECE_SECONDS = 0.3
const ROOM = { jobs: 1_000, audioSeconds: 100_000 }

function job(name: string, client: string, workSeconds: number, arrivedAtSeconds = 0): SimulatedJob {
  return { name, client, workSeconds, arrivedAtSeconds, audioSeconds: workSeconds * 10, usedSeconds: 0 }
}

/** A queue at the beginning of time: nothing waits for long. */
function makeQueue(limits = ROOM): FairQueue<SimulatedJob> {
  return new FairQueue<SimulatedJob>(limits, () => 0)
}

/**
 * One worker that takes what is next and pauses after each piece. Arrivals come in by their time. Returns when each job
 * began and ended; `onHeld` sees how many jobs the worker holds paused.
 */
function simulate(
  arrivals: readonly SimulatedJob[], untilSeconds = Infinity, onHeld = (_jobs: number): void => undefined,
): Map<SimulatedJob, Times> {
  let now = 0
  const queue = new FairQueue<SimulatedJob>(ROOM, () => now)
  const coming = [...arrivals].sort((a, b) => a.arrivedAtSeconds - b.arrivedAtSeconds)
  const times = new Map<SimulatedJob, Times>()
  let held: SimulatedJob[] = []
  while (now < untilSeconds) {
    while (coming.length > 0 && coming[0]!.arrivedAtSeconds <= now) queue.push(coming.shift()!)
    const next = queue.next(held)
    if (next === undefined) {
      if (coming.length === 0) break
      now = coming[0]!.arrivedAtSeconds
      continue
    }
    held = held.filter((one) => one !== next)
    if (!times.has(next)) times.set(next, { begin: now })
    const seconds = Math.min(PIECE_SECONDS, remainingWork(next))
    now += seconds
    next.usedSeconds += seconds
    if (next.workSeconds - next.usedSeconds > 1e-9) {
      queue.pause(next, seconds)
      held.push(next)
      onHeld(held.length)
    } else {
      queue.end(next, seconds)
      times.get(next)!.end = now
    }
  }
  return times
}

t.test('jobs of the same length of one client keep their order', async (t) => {
  const jobs = Array.from({ length: 20 }, (_, index) => job(String(index), 'one', 0.2, index / 100))
  t.same([...simulate(jobs)].map(([{ name }]) => name), jobs.map(({ name }) => name))
})

t.test('before any work was observed, the clients take turns', async (t) => {
  const jobs = ['a', 'b', 'a', 'c', 'b', 'a'].map((client, index) => job(String(index), client, 0, index / 10))
  const queue = makeQueue()
  for (const one of jobs) queue.push(one)
  t.same(jobs.map(() => queue.next([])!.name), ['0', '1', '3', '2', '4', '5'])
})

t.test('a client with short clips waits for one piece at most, however much others send', async (t) => {
  const long = Array.from({ length: 30 }, (_, index) => job('long', `greedy ${index % 3}`, 6))
  const short = Array.from({ length: 60 }, (_, index) => job('short', 'modest', 0.1, 1 + index))
  const times = simulate([...long, ...short], 62)
  const waits = short.map((one) => times.get(one)!.begin - one.arrivedAtSeconds)
  t.ok(Math.max(...waits) <= PIECE_SECONDS + 1e-9, `at most ${Math.max(...waits)} s`)
  t.ok(long.filter((one) => times.get(one)?.end !== undefined).length >= 8, 'the long ones get the rest')
})

t.test('the same holds for short and long clips of one client', async (t) => {
  const long = Array.from({ length: 4 }, () => job('long', 'one', 6))
  const short = Array.from({ length: 12 }, (_, index) => job('short', 'one', 0.1, 0.5 + index))
  const times = simulate([...long, ...short])
  for (const one of short) t.ok(times.get(one)!.begin - one.arrivedAtSeconds <= PIECE_SECONDS + 1e-9)
})

t.test('clients without end get the same service, whatever the length of their clips', async (t) => {
  const lengths = { tiny: 0.05, short: 0.3, long: 5 }
  const jobs = Object.entries(lengths).flatMap(([client, work]) =>
    Array.from({ length: Math.ceil(60 / work) }, () => job('', client, work)),
  )
  simulate(jobs, 90)
  const served = Object.keys(lengths).map((client) =>
    jobs.filter((one) => one.client === client).reduce((sum, { usedSeconds }) => sum + usedSeconds, 0),
  )
  t.ok(
    served.every((seconds) => Math.abs(seconds - 30) <= 5 + PIECE_SECONDS),
    `${served.map((seconds) => seconds.toFixed(1)).join(', ')} of 90 s`,
  )
})

t.test('a long clip is not starved by short ones of its own client: it ages', async (t) => {
  const long = job('long', 'one', 3)
  const short = Array.from({ length: 1_000 }, (_, index) => job('short', 'one', 0.1, index * 0.1))
  const times = simulate([long, ...short])
  t.ok(times.get(long)!.end! <= STRETCH * 3 + 3 + 1, `done after ${times.get(long)!.end} s`)
})

t.test('a long clip is not starved by clients that come with one short clip each, and are ever new', async (t) => {
  const long = job('long', 'regular', 3)
  // As much work as the worker can do, so that nothing is left for the long one.
  const short = Array.from({ length: 1_000 }, (_, index) => job('short', `new ${index}`, 0.1, index * 0.1))
  const end = simulate([long, ...short], 100).get(long)?.end ?? Infinity
  t.ok(end < 60, `done after ${end} s`)
})

t.test('clips of three lengths: a worker begins few, ends them all, and keeps a place for a short one', async (t) => {
  const jobs = [60, 25, 10].flatMap((audioSeconds, client) =>
    Array.from({ length: 4 }, (_, index) =>
      job('long', `client ${client}`, audioSeconds / 10, (client + 3 * index) / 10),
    ),
  )
  const short = Array.from({ length: 30 }, (_, index) => job('short', 'modest', 0.1, 0.5 + index))
  let mostHeld = 0
  const times = simulate([...jobs, ...short], Infinity, (held) => { mostHeld = Math.max(mostHeld, held) })
  t.ok(jobs.every((one) => times.get(one)?.end !== undefined))
  t.ok(mostHeld >= 1 && mostHeld <= 2, `${mostHeld} held`)
  const waits = short.map((one) => times.get(one)!.begin - one.arrivedAtSeconds)
  t.ok(Math.max(...waits) <= 2 * PIECE_SECONDS + 1e-9, `a short clip waits ${Math.max(...waits).toFixed(2)} s at most`)
})

t.test(
  'where the first may not start beside those that a worker holds, the one that ends first makes room',
  async (t) => {
    let now = 0
    const queue = new FairQueue<SimulatedJob>(ROOM, () => now)
    const [one, two, waits, prompt] = [
      job('one', 'a', 20),
      job('two', 'b', 12),
      job('waits', 'c', 0.6),
      job('prompt', 'd', 0.1),
    ]
    queue.push(one)
    queue.push(two)
    queue.push(waits)
    for (const [held, seconds] of [
      [one, 10],
      [two, 11],
    ] as const) {
      queue.begin(held)
      queue.pause(held, seconds)
      held.usedSeconds = seconds
    }
    t.equal(queue.next([one, two]), two, 'it has 1 s left, the other one 10 s')
    queue.pause(two, 0)
    now = 10
    queue.push(prompt)
    t.equal(queue.next([one, two]), prompt, 'the one that waits does not keep a prompt one from the third place')
    queue.end(prompt, 0.1)
    t.equal(queue.next([]), waits, 'a worker that holds none begins with it')
  },
)

t.test('a client saves up nothing while it is away, and a debt is forgotten in time', async (t) => {
  const queue = makeQueue()
  for (let round = 0; round < 50; round++) {
    const one = job('', 'busy', 1)
    queue.push(one)
    queue.next([])
    queue.end(one, 1)
  }
  const [back, busy] = [
    Array.from({ length: 10 }, () => job('', 'back', 1)),
    Array.from({ length: 10 }, () => job('', 'busy', 1)),
  ]
  for (const one of [...back, ...busy]) queue.push(one)
  const order = Array.from({ length: 10 }, () => {
    const next = queue.next([])!
    queue.end(next, 1)
    return next.client
  })
  t.equal(order.filter((client) => client === 'busy').length, 5, 'half of it each, at once')
})

t.test('clients that come once are not remembered', async (t) => {
  const queue = makeQueue()
  for (let index = 0; index < 20_000; index++) {
    const one = job('', `client ${index}`, 0.1)
    queue.push(one)
    queue.next([])
    queue.end(one, 0.1 + (index % 7) / 10)
  }
  t.ok(queue.accounts <= 1_001, `${queue.accounts} accounts`)
})

t.test('room is bounded in jobs and seconds, shared between clients, and never drifts', async (t) => {
  const queue = makeQueue({ jobs: 10, audioSeconds: 10 })
  const fill = (client: string): number => {
    let count = 0
    for (; !queue.isFullFor(client, 1); count++) queue.push({ ...job('', client, 0.1), audioSeconds: 1 })
    return count
  }
  t.equal(fill('greedy'), 8)
  t.notOk(queue.isFullFor('other', 1))
  t.equal(fill('other'), 1)
  t.notOk(queue.isFullFor('third', 1))
  for (let next = queue.next([]); next !== undefined; next = queue.next([])) queue.end(next, 0.1)
  t.equal(queue.length, 0)
  t.notOk(queue.isFullFor('greedy', 500), 'one long job alone always fits')
  const waiting = job('', 'one', 0.3)
  queue.push(waiting)
  t.ok(queue.remove(waiting))
  t.notOk(queue.remove(waiting))
})

t.test('the forecast is what happens: running, paused and waiting work, by client', async (t) => {
  const queue = makeQueue()
  const runs = job('', 'greedy', 6)
  queue.push(runs)
  queue.next([])
  for (let index = 0; index < 3; index++) queue.push(job('', 'greedy', 6))
  const running = [[{ job: runs, sliceSeconds: 0, meanSliceSeconds: 0.3 }]]
  const waitOf = (client: string, work: number, limit = 100): number =>
    forecast(queue, job('', client, work), running, limit).waitSeconds
  t.equal(waitOf('modest', 0.1), 0.3, 'one piece')
  t.equal(waitOf('greedy', 0.1), 0.3, 'a short clip of the same client too')
  t.equal(waitOf('greedy', 6), 24, 'a long one waits for all of its own')
  t.equal(forecast(queue, job('', 'modest', 0.1), [[], []], 100).waitSeconds, 0, 'a worker that has just come')
})

t.test('a short clip is refused where a longer one of the same client would then wait too long', async (t) => {
  const queue = makeQueue()
  const runs = job('', 'one', 1)
  queue.push(runs)
  queue.next([])
  queue.push(job('', 'one', 0.4))
  const running = [[{ job: runs, sliceSeconds: 0, meanSliceSeconds: 1 }]]
  const delayedUntil = (client: string, limitSeconds: number): number | undefined =>
    forecast(queue, job('', client, 0.1), running, limitSeconds).delaysOwnUntilSeconds
  t.equal(delayedUntil('one', 1.05), 1.1)
  t.equal(delayedUntil('one', 1.5), undefined)
  t.equal(delayedUntil('other', 1.05), undefined, 'others are not held back by what one client has sent')
})
