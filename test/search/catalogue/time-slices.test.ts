/** Long work in turns: everybody else has theirs in between, however much of it there is. */
import t from 'tap'
import { forEachSliced, runSliced, sortSliced } from '../../../src/search/catalogue/time-slices.js'
import { seededRandom } from '../../../src/domain/scoring/seeded-random.js'

function spin(milliseconds: number): void {
  for (const until = performance.now() + milliseconds; performance.now() < until;);
}

/** Counts the rounds of the event loop. */
function watchRounds(): { readonly round: () => number; readonly stop: () => void } {
  let rounds = 0
  let isOn = true
  const next = (): void => {
    rounds++
    if (isOn) setImmediate(next)
  }
  setImmediate(next)
  return { round: () => rounds, stop: () => { isOn = false } }
}

t.test('the clock is looked at before every item, since one may take long', async (t) => {
  const rounds = watchRounds()
  const began: number[] = []
  await forEachSliced(Array.from({ length: 12 }), () => {
    began.push(rounds.round())
    spin(9)
  })
  rounds.stop()
  t.equal(new Set(began).size, 12, 'each item had a round of its own')
})

t.test('however many have long work, one of them has a turn in each round', async (t) => {
  const rounds = watchRounds()
  const turns: { readonly round: number; readonly worker: number }[] = []
  await Promise.all(Array.from({ length: 20 }, (_, worker) => forEachSliced([1, 2, 3], () => {
    turns.push({ round: rounds.round(), worker })
    spin(9)
  })))
  rounds.stop()
  t.equal(turns.length, 60)
  for (const round of new Set(turns.map((turn) => turn.round))) {
    t.ok(turns.filter((turn) => turn.round === round).length <= 2, 'never all at once')
  }
  t.same(
    turns.slice(0, 20).map(({ worker }) => worker), Array.from({ length: 20 }, (_, worker) => worker),
    'in the order in which they came',
  )
})

t.test('what a step throws is thrown, and the line goes on', async (t) => {
  const failing = runSliced((function* () {
    yield
    throw new Error('as wanted')
  })())
  const following = runSliced((function* () {
    yield
    return 'done'
  })())
  await t.rejects(failing, { message: 'as wanted' })
  t.equal(await following, 'done')
})

t.test('sorting in turns is sorting, and stable', async (t) => {
  const random = seededRandom(3)
  for (const length of [0, 1, 2, 511, 512, 513, 1_024, 5_000]) {
    const items = Array.from({ length }, (_, index) => ({ key: Math.floor(random() * 50), index }))
    const compare = (a: { key: number }, b: { key: number }): number => a.key - b.key
    t.same(await sortSliced(items, compare), items.toSorted(compare), `${length} items`)
  }
})
