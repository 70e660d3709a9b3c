/** Time that several jobs use at once, with a clock that the test sets. */
import t from 'tap'
import { seededRandom } from '../../fixtures/kit/statistics.js'
import { SharedTime } from '../../src/domain/shared-time.js'

t.test('each instant counts in equal parts for those that are there, and for nobody where none is', (t) => {
  let now = 100
  const time = new SharedTime(() => now)
  now += 5
  const first = time.enter()
  now += 2
  const second = time.enter()
  now += 4
  t.equal(time.leave() - first, 2 + 4 / 2)
  now += 1
  t.equal(time.leave() - second, 4 / 2 + 1)
  now += 50
  const third = time.enter()
  now += 3
  t.equal(time.shareSeconds - third, 3)
  t.end()
})

t.test('work that is excluded is charged to nobody, also where it throws', (t) => {
  let now = 0
  const time = new SharedTime(() => now)
  const since = time.enter()
  now += 1
  t.equal(time.exclude(() => { now += 10; return 'done' }), 'done')
  t.throws(() => time.exclude(() => { now += 10; throw new Error('as it should') }), { message: 'as it should' })
  now += 1
  t.equal(time.leave() - since, 2)
  t.end()
})

t.test('whoever comes and goes, the shares add up to the time in which somebody was there', (t) => {
  const random = seededRandom(7)
  let [now, busy, given] = [0, 0, 0]
  const time = new SharedTime(() => now)
  const present: number[] = []
  for (let step = 0; step < 5_000; step++) {
    const passed = random()
    now += passed
    if (present.length > 0) busy += passed
    if (present.length > 0 && random() < 0.5) given += time.leave() - present.shift()!
    else present.push(time.enter())
  }
  for (const since of present) given += time.leave() - since
  t.ok(Math.abs(given - busy) < 1e-6 * busy, `${given} of ${busy}`)
  t.end()
})
