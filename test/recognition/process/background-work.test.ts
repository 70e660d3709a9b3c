/** Long work between the jobs of a recognition process: it rests while a clip is heard, and ends all the same. */
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { BackgroundWork } from '../../../src/recognition/process/background-work.js'

/** Busy for so long, in steps of a millisecond; notes when each began. */
function* work(milliseconds: number, steps: number[]): Generator<undefined, string> {
  for (let step = 0; step < milliseconds; step++) {
    steps.push(performance.now())
    for (const until = performance.now() + 1; performance.now() < until;);
    yield
  }
  return 'done'
}

t.test('no step is made while a job is under way, and jobs without end do not keep it from its own', async (t) => {
  const spare = new BackgroundWork()
  const steps: number[] = []
  const jobs: (readonly [from: number, to: number])[] = []
  let isDone = false
  const finished = spare.finish(work(200, steps)).then((said) => { isDone = true; return said })
  while (!isDone) {
    spare.beginSlice()
    const from = performance.now()
    await sleep(40)
    jobs.push([from, performance.now()])
    spare.endSlice(0.04)
    await sleep(0)
  }
  t.equal(await finished, 'done')
  t.equal(steps.length, 200)
  t.same(steps.filter((at) => jobs.some(([from, to]) => at > from && at < to)), [])
  t.ok(
    jobs.length > 1 && jobs.length < 100,
    `${jobs.length} jobs were done meanwhile, each followed by a turn of several steps`,
  )
})

t.test('while a job is paused for long, the work goes on', async (t) => {
  const spare = new BackgroundWork()
  const steps: number[] = []
  spare.beginSlice()
  const finished = spare.finish(work(50, steps))
  await sleep(20)
  t.equal(steps.length, 0, 'the job runs')
  spare.endSlice(0.02)
  t.equal(await finished, 'done', 'the job is paused, and never resumed')
  spare.beginSlice()
  spare.endSlice(0)
  t.equal(await spare.finish(work(1, steps)), 'done')
})

t.test('where others run on, each slice that ends gives one turn, and nothing is done without', async (t) => {
  const turns: string[] = []
  const spare = new BackgroundWork((turn) => { turns.push('turn'); return turn() })
  const steps: number[] = []
  spare.beginSlice()
  spare.beginSlice()
  spare.beginSlice()
  let isDone = false
  const finished = spare.finish(work(60, steps)).then((said) => { isDone = true; return said })
  await sleep(30)
  t.equal(steps.length, 0, 'three jobs run')
  spare.endSlice(0.06)
  await sleep(0)
  const after = steps.length
  t.ok(after > 0 && after < 60, `${after} steps`)
  await sleep(30)
  t.same([steps.length, turns.length, isDone], [after, 1, false], 'two jobs run')
  spare.endSlice(1) // a turn of half a second, for less than 60 ms of work: this process may have to wait for a core
  t.equal(await finished, 'done', 'while one runs')
})

t.test('without jobs it goes on at once, others get their turn, and a fault is the fault of the work', async (t) => {
  const spare = new BackgroundWork()
  let turns = 0
  const watch = setInterval(() => { turns++ }, 5)
  t.equal(await spare.finish(work(200, [])), 'done')
  clearInterval(watch)
  t.ok(turns >= 3, `${turns} turns`)
  await t.rejects(spare.finish(broken()), { message: 'as it should' })
})

function* broken(): Generator<undefined, never> {
  yield
  throw new Error('as it should')
}

t.test('work that cannot be divided waits until no job runs, also behind one that has just arrived', async (t) => {
  const background = new BackgroundWork()
  await background.whenIdle()
  let isIdle = false
  const idle = background.whenIdle().then(() => { isIdle = true })
  background.beginSlice()
  background.beginSlice()
  await sleep(5)
  background.endSlice(0.01)
  await sleep(5)
  t.notOk(isIdle, 'one of two still runs')
  background.endSlice(0.01)
  background.beginSlice()
  await sleep(5)
  t.notOk(isIdle, 'the next one began at once')
  background.endSlice(0.01)
  await idle
})
