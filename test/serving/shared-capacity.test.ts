/** A room that clients share: what one may hold, what always stays free, and that nobody is remembered. */
import t from 'tap'
import { SharedCapacity } from '../../src/serving/shared-capacity.js'

/** Takes units for a client until no more fit. */
function fill(share: SharedCapacity, client: string, unit = 1): number {
  while (share.fits(client, unit)) share.take(client, unit)
  return share.heldBy(client)
}

t.test('one client alone gets four fifths, and a new one still fits', async (t) => {
  const share = new SharedCapacity(1000)
  t.equal(fill(share, 'greedy'), 800)
  t.equal(share.held, 800)
  t.ok(share.fits('new', 200), 'all that is left')
  t.notOk(share.fits('new', 201))
  t.notOk(share.fits('greedy', 1))
})

t.test('greedy clients that take turns get the same', async (t) => {
  const share = new SharedCapacity(1000)
  const clients = Array.from({ length: 10 }, (_, index) => `client ${index}`)
  for (let took = true; took;) {
    took = false
    for (const client of clients) {
      if (!share.fits(client, 1)) continue
      share.take(client, 1)
      took = true
    }
  }
  const held = clients.map((client) => share.heldBy(client))
  t.ok(Math.max(...held) - Math.min(...held) <= 1, `${held.join(' ')}`)
  t.ok(Math.abs(held[0]! - 4 / 41 * 1000) <= 1, 'ALPHA / (1 + n ALPHA) of the room')
  t.ok(share.fits('one more', 1))
})

t.test('a client above its share is not robbed, but gets no more until others have theirs', async (t) => {
  const share = new SharedCapacity(1000)
  fill(share, 'first')
  fill(share, 'second')
  t.equal(share.heldBy('first'), 800)
  t.ok(share.heldBy('second') >= 150)
  t.notOk(share.fits('first', 1))
  share.give('first', 800)
  t.equal(share.heldBy('first'), 0)
  t.ok(share.fits('second', 400))
})

t.test('small rooms', async (t) => {
  t.equal(fill(new SharedCapacity(1), 'only'), 1, 'a room for one takes one')
  t.equal(fill(new SharedCapacity(4), 'only'), 3)
  t.equal(fill(new SharedCapacity(0), 'only'), 0)
  t.ok(new SharedCapacity(10).fits('only', 10), 'a first amount needs only to fit')
  t.notOk(new SharedCapacity(10).fits('only', 11))
})

t.test('what is taken without asking still counts', async (t) => {
  const share = new SharedCapacity(10)
  share.take('a', 12)
  t.notOk(share.fits('b', 1))
  share.give('a', 12)
  t.ok(share.fits('b', 10))
})

t.test('a client that holds nothing is forgotten, whatever the rounding', async (t) => {
  const share = new SharedCapacity(600)
  for (let index = 0; index < 1000; index++) {
    const client = `client ${index}`
    for (const seconds of [0.1, 0.2, 0.7]) share.take(client, seconds)
    for (const seconds of [0.7, 0.1, 0.2]) share.give(client, seconds)
  }
  share.take('nothing', 0)
  t.equal(share.clients, 0)
  t.equal(share.held, 0)
})

t.test('nobody gives back more than is held', async (t) => {
  const share = new SharedCapacity(10)
  share.take('a', 2)
  t.throws(() => { share.give('a', 3) }, RangeError)
  t.throws(() => { share.give('b', 1) }, RangeError)
  t.equal(share.held, 2)
})
