/** The jobs of a recognition process, with clocks that the test sets: what each is charged, and when it pauses. */
import t from 'tap'
import { ProcessTime } from '../../../src/recognition/process/job-time.js'
import { TimeSlices } from '../../../src/recognition/process/time-slices.js'

function make() {
  const clock = { now: 0, processor: 0 }
  const events: string[] = []
  const process = new ProcessTime(() => clock.now, () => clock.processor)
  const slices = new TimeSlices(process, {
    onBegin: () => { events.push('begin') },
    onEnd: (seconds) => { events.push(`end ${seconds}`) },
    onPaused: (id) => { events.push(`paused ${id}`) },
  })
  /** Two threads are busy. */
  const pass = (seconds: number): void => {
    clock.now += seconds
    clock.processor += 2 * seconds
  }
  return { slices, events, pass, process }
}

t.test('jobs that run at the same time share the time and the processor time, and the time passes for each', (t) => {
  const { slices, pass } = make()
  const one = slices.begin(1)
  pass(2)
  const two = slices.begin(2)
  pass(4)
  one.end()
  pass(1)
  two.end()
  pass(100)
  t.match(one.time, { workSeconds: 4, processorSeconds: 8, elapsedSeconds: 6 })
  t.match(two.time, { workSeconds: 3, processorSeconds: 6, elapsedSeconds: 5 })
  t.end()
})

t.test('a job that is paused is charged nothing, and goes on when it is resumed', async (t) => {
  const { slices, events, pass } = make()
  const one = slices.begin(1)
  pass(0.25)
  let isResumed = false
  const paused = one.pause().then(() => { isResumed = true })
  const two = slices.begin(2)
  pass(8)
  two.end()
  await Promise.resolve()
  t.notOk(isResumed)
  slices.resume(7)
  t.notOk(isResumed, 'it is another one that is resumed')
  slices.resume(1)
  await paused
  pass(0.5)
  one.end()
  t.match(one.time, { workSeconds: 0.75, processorSeconds: 1.5, elapsedSeconds: 0.75 })
  t.same(events, ['begin', 'end 0.25', 'paused 1', 'begin', 'end 8', 'begin', 'end 0.5'])
})

t.test('a slice is short by the share that it had: beside others a job pauses less often', async (t) => {
  const { slices, events, pass } = make()
  const [one] = [slices.begin(1), slices.begin(2), slices.begin(3), slices.begin(4)]
  pass(0.3)
  await one.pause()
  t.same(events.filter((event) => event !== 'begin'), [], '0.3 s, of which 0.075 s were its own')
  pass(0.3)
  void one.pause()
  t.ok(events.includes('paused 1'))
})

t.test('background work is charged to no job', (t) => {
  const { slices, pass, process } = make()
  const one = slices.begin(1)
  pass(1)
  process.exclude(() => { pass(5) })
  pass(1)
  one.end()
  t.match(one.time, { workSeconds: 2, processorSeconds: 4 })
  t.end()
})
