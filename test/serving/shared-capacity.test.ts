/** A room that clients capacity: what one may hold, what always stays free, and that nobody is remembered. */
import t from 'tap'
import { SharedCapacity } from '../../src/serving/shared-capacity.js'

/** Takes units for a client until no more fit. */
function fill(capacity: SharedCapacity, client: string, unit = 1): number {
  while (capacity.fits(client, unit)) capacity.acquire(client, unit)
  return capacity.heldBy(client)
}

t.test('one client alone gets four fifths, and a new one still fits', async (t) => {
  const capacity = new SharedCapacity(1000)
  t.equal(fill(capacity, 'greedy'), 800)
  t.equal(capacity.held, 800)
  t.ok(capacity.fits('new', 200), 'all that is left')
  t.notOk(capacity.fits('new', 201))
  t.notOk(capacity.fits('greedy', 1))
})

t.test('greedy clients that take turns get the same', async (t) => {
  const capacity = new SharedCapacity(1000)
  const clients = Array.from({ length: 10 }, (_, index) => `client ${index}`)
  for (let took = true; took;) {
    took = false
    for (const client of clients) {
      if (!capacity.fits(client, 1)) continue
      capacity.acquire(client, 1)
      took = true
    }
  }
  const held = clients.map((client) => capacity.heldBy(client))
  t.ok(Math.max(...held) - Math.min(...held) <= 1, `${held.join(' ')}`)
  t.ok(Math.abs(held[0]! - 4 / 41 * 1000) <= 1, 'ALPHA / (1 + n ALPHA) of the room')
  t.ok(capacity.fits('one more', 1))
})

t.test('a client above its capacity is not robbed, but gets no more until others have theirs', async (t) => {
  const capacity = new SharedCapacity(1000)
  fill(capacity, 'first')
  fill(capacity, 'second')
  t.equal(capacity.heldBy('first'), 800)
  t.ok(capacity.heldBy('second') >= 150)
  t.notOk(capacity.fits('first', 1))
  capacity.release('first', 800)
  t.equal(capacity.heldBy('first'), 0)
  t.ok(capacity.fits('second', 400))
})

t.test('small rooms', async (t) => {
  t.equal(fill(new SharedCapacity(1), 'only'), 1, 'a room for one takes one')
  t.equal(fill(new SharedCapacity(4), 'only'), 3)
  t.equal(fill(new SharedCapacity(0), 'only'), 0)
  t.ok(new SharedCapacity(10).fits('only', 10), 'a first amount needs only to fit')
  t.notOk(new SharedCapacity(10).fits('only', 11))
})

t.test('what is taken without asking still counts', async (t) => {
  const capacity = new SharedCapacity(10)
  capacity.acquire('a', 12)
  t.notOk(capacity.fits('b', 1))
  capacity.release('a', 12)
  t.ok(capacity.fits('b', 10))
})

t.test('a client that holds nothing is forgotten, whatever the rounding', async (t) => {
  const capacity = new SharedCapacity(600)
  for (let index = 0; index < 1000; index++) {
    const client = `client ${index}`
    for (const seconds of [0.1, 0.2, 0.7]) capacity.acquire(client, seconds)
    for (const seconds of [0.7, 0.1, 0.2]) capacity.release(client, seconds)
  }
  capacity.acquire('nothing', 0)
  t.equal(capacity.clients, 0)
  t.equal(capacity.held, 0)
})

t.test('no more is released than is held', async (t) => {
  const capacity = new SharedCapacity(10)
  capacity.acquire('a', 2)
  t.throws(() => { capacity.release('a', 3) }, RangeError)
  t.throws(() => { capacity.release('b', 1) }, RangeError)
  t.equal(capacity.held, 2)
})
