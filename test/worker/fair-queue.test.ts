/** The order of the queue, without a pool: a simulated worker that serves what is next. */
import t from 'tap'
import { FairQueue, remainingWork, STRETCH, type Schedulable } from '../../src/worker/fair-queue.js'
import { forecast } from '../../src/worker/forecast.js'

interface SimulatedJob extends Schedulable { readonly name: string; usedSeconds: number }

const PIECE_SECONDS = 0.3
const ROOM = { jobs: 1_000, audioSeconds: 100_000 }

function job(name: string, client: string, workSeconds: number, arrivedAtSeconds = 0): SimulatedJob {
  return { name, client, workSeconds, arrivedAtSeconds, audioSeconds: workSeconds * 10, usedSeconds: 0 }
}

/** One worker that takes what is next and pauses after each piece; arrivals come in by their time. Returns when each job began and ended. */
function simulate(arrivals: readonly SimulatedJob[], untilSeconds = Infinity): Map<SimulatedJob, { begin: number; end?: number }> {
  const queue = new FairQueue<SimulatedJob>(ROOM)
  const coming = [...arrivals].sort((a, b) => a.arrivedAtSeconds - b.arrivedAtSeconds)
  const times = new Map<SimulatedJob, { begin: number; end?: number }>()
  let held: SimulatedJob[] = []
  for (let now = 0; now < untilSeconds;) {
    while (coming.length > 0 && coming[0]!.arrivedAtSeconds <= now) queue.push(coming.shift()!)
    const next = queue.next(held, ({ workSeconds }) => held.length === 0 || (held.length < 3 && workSeconds <= 0.5))
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

t.test('before any work was observed, all clients are served in the order of arrival', async (t) => {
  const jobs = ['a', 'b', 'a', 'c', 'b', 'a'].map((client, index) => job(String(index), client, 0, index / 10))
  const queue = new FairQueue<SimulatedJob>(ROOM)
  for (const one of jobs) queue.push(one)
  t.same(jobs.map(() => queue.next([])!.client).slice(0, 3).sort(), ['a', 'b', 'c'], 'each once')
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
  const jobs = Object.entries(lengths).flatMap(([client, work]) => Array.from({ length: Math.ceil(60 / work) }, () => job('', client, work)))
  simulate(jobs, 90)
  const served = Object.keys(lengths).map((client) => jobs.filter((one) => one.client === client).reduce((sum, { usedSeconds }) => sum + usedSeconds, 0))
  t.ok(served.every((seconds) => Math.abs(seconds - 30) <= 5 + PIECE_SECONDS), `${served.map((seconds) => seconds.toFixed(1)).join(', ')} of 90 s`)
})

t.test('a long clip is not starved by short ones of its own client: it ages', async (t) => {
  const long = job('long', 'one', 3)
  const short = Array.from({ length: 1_000 }, (_, index) => job('short', 'one', 0.1, index * 0.1))
  const times = simulate([long, ...short])
  t.ok(times.get(long)!.end! <= STRETCH * 3 + 3 + 1, `done after ${times.get(long)!.end} s`)
})

t.test('a client saves up nothing while it is away, and a debt is forgotten in time', async (t) => {
  const queue = new FairQueue<SimulatedJob>(ROOM)
  for (let round = 0; round < 50; round++) {
    const one = job('', 'busy', 1)
    queue.push(one)
    queue.next([])
    queue.end(one, 1)
  }
  const [back, busy] = [Array.from({ length: 10 }, () => job('', 'back', 1)), Array.from({ length: 10 }, () => job('', 'busy', 1))]
  for (const one of [...back, ...busy]) queue.push(one)
  const order = Array.from({ length: 10 }, () => { const next = queue.next([])!; queue.end(next, 1); return next.client })
  t.equal(order.filter((client) => client === 'busy').length, 5, 'half of it each, at once')
})

t.test('clients that come once are not remembered', async (t) => {
  const queue = new FairQueue<SimulatedJob>(ROOM)
  for (let index = 0; index < 20_000; index++) {
    const one = job('', `client ${index}`, 0.1)
    queue.push(one)
    queue.next([])
    queue.end(one, 0.1 + (index % 7) / 10)
  }
  t.ok(queue.accounts <= 1_001, `${queue.accounts} accounts`)
})

t.test('room is bounded in jobs and seconds, shared between clients, and never drifts', async (t) => {
  const queue = new FairQueue<SimulatedJob>({ jobs: 10, audioSeconds: 10 })
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
  t.equal(queue.audioSeconds, 0)
  t.notOk(queue.isFullFor('greedy', 500), 'one long job alone always fits')
  const waiting = job('', 'one', 0.3)
  queue.push(waiting)
  t.ok(queue.remove(waiting))
  t.notOk(queue.remove(waiting))
})

t.test('the forecast is what happens: running, paused and waiting work, by client', async (t) => {
  const queue = new FairQueue<SimulatedJob>(ROOM)
  const runs = job('', 'greedy', 6)
  queue.push(runs)
  queue.next([])
  for (let index = 0; index < 3; index++) queue.push(job('', 'greedy', 6))
  const running = [{ job: runs, pieceSeconds: 0.3 }]
  const waitOf = (client: string, work: number, limit = 100): number => forecast(queue, job('', client, work), running, 1, limit).waitSeconds
  t.equal(waitOf('modest', 0.1), 0.3, 'one piece')
  t.equal(waitOf('greedy', 0.1), 0.3, 'a short clip of the same client too')
  t.equal(waitOf('greedy', 6), 24, 'a long one waits for all of its own')
  t.equal(forecast(queue, job('', 'modest', 0.1), [], 2, 100).waitSeconds, 0, 'an idle worker')
})

t.test('a short clip is refused where a longer one of the same client would then wait too long', async (t) => {
  const queue = new FairQueue<SimulatedJob>(ROOM)
  const runs = job('', 'one', 1)
  queue.push(runs)
  queue.next([])
  queue.push(job('', 'one', 0.4))
  const running = [{ job: runs, pieceSeconds: 1 }]
  const asked = (client: string, limit: number): boolean => forecast(queue, job('', client, 0.1), running, 1, limit).breaksPromise
  t.equal(asked('one', 1.05), true)
  t.equal(asked('one', 1.5), false)
  t.equal(asked('other', 1.05), false, 'others are not held back by what one client has sent')
})
