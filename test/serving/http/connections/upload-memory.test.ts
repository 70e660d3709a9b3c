/** Who gets how much of the memory for uploads. */
import t from 'tap'
import { SMALL_BYTES, UploadMemory } from '../../../../src/serving/http/connections/upload-memory.js'

const MB = 1_000_000
const LIMITS = { maxUploadBytes: 25 * MB, maxUploadsBytes: 256 * MB }
const PIECE = 65_536

/** Sends bodies of this size for a client, piece by piece, until one has no memory. */
function fill(memory: UploadMemory, client: string, declared: number, bytes: number): number {
  for (let bodies = 0; bodies < 10_000; bodies++) {
    const reservation = memory.reserve(client, declared)
    for (let sent = 0; sent < bytes; sent += PIECE)
      if (!reservation.grow(Math.min(PIECE, bytes - sent))) {
        reservation.release()
        return bodies
      }
  }
  throw new Error('there is no end to it')
}

/** Takes what many clients can get for large bodies. */
function fillAsMany(memory: UploadMemory, largestBytes: number): void {
  for (const bytes of [largestBytes, SMALL_BYTES + 1]) {
    for (let client = 0; client < 200; client++) fill(memory, `client ${client}`, bytes, bytes)
  }
}

t.test(
  'one client fills four fifths of the open part, and others still come in with large bodies and small ones',
  async (t) => {
    const memory = new UploadMemory(LIMITS)
    fill(memory, 'greedy', 25 * MB, 25 * MB)
    t.ok(memory.bytesHeld > 0.7 * 224 * MB && memory.bytesHeld <= 0.8 * 224 * MB, `${memory.bytesHeld} bytes`)
    t.ok(memory.fits('other', 25 * MB))
    const large = memory.reserve('other', 25 * MB)
    let came = 0
    while (came < 25 * MB && large.grow(PIECE)) came += PIECE
    t.ok(came >= 25 * MB)
    large.release()
    t.ok(memory.fits('greedy', 500_000), 'a small one of its own too')
  },
)

t.test('many clients that hold all of the open part leave the reserve to small bodies', async (t) => {
  const memory = new UploadMemory(LIMITS)
  fillAsMany(memory, 25 * MB)
  t.notOk(memory.fits('other', 25 * MB))
  t.notOk(memory.fits('other', SMALL_BYTES + 1))
  t.ok(memory.fits('other', SMALL_BYTES))
  const clip = memory.reserve('other', 480_000)
  for (let sent = 0; sent < 480_000; sent += 48_000) t.ok(clip.grow(48_000))
  t.ok(fill(memory, 'yet another', 480_000, 480_000) >= 20)
})

t.test(
  'a declared length that does not come holds nothing, and half of a body is never refused the other half',
  async (t) => {
    const memory = new UploadMemory(LIMITS)
    const empty = Array.from({ length: 1_000 }, () => memory.reserve('greedy', 25 * MB))
    t.equal(memory.bytesReserved, 0)
    for (const one of empty) t.ok(one.grow(1))
    t.equal(memory.bytesReserved, 2_000)
    const half = memory.reserve('honest', 20 * MB)
    t.ok(half.grow(10 * MB))
    t.equal(memory.bytesReserved, 2_000 + 20 * MB)
    fillAsMany(memory, 25 * MB)
    t.ok(half.grow(10 * MB))
  },
)

t.test('a body of unknown length counts as it comes, and leaves the reserve when it grows large', async (t) => {
  const memory = new UploadMemory({ maxUploadBytes: 3 * MB, maxUploadsBytes: 16 * MB })
  const streamed = memory.reserve('a', 0)
  t.ok(streamed.grow(100_000))
  t.equal(memory.bytesReserved, 100_000)
  fillAsMany(memory, 3 * MB)
  for (let sent = 200_000; sent <= 1_000_000; sent += 100_000) t.ok(streamed.grow(100_000), `${sent} bytes`)
  t.notOk(streamed.grow(100_000), 'no small one any more')
  streamed.release()
})

t.test('everything is given back, once, and bodies that were given up hold nothing more', async (t) => {
  const memory = new UploadMemory(LIMITS)
  const one = memory.reserve('a', 1000)
  t.ok(one.grow(400))
  t.equal(memory.bytesHeld, 400)
  t.equal(memory.bytesReserved, 800)
  one.release()
  one.release()
  t.notOk(one.grow(100))
  t.equal(memory.bytesHeld, 0)
  t.equal(memory.bytesReserved, 0)
})

t.test('where the whole has memory for one largest upload only, that one comes in', async (t) => {
  const memory = new UploadMemory({ maxUploadBytes: 50_000, maxUploadsBytes: 50_000 })
  const one = memory.reserve('a', 50_000)
  t.ok(one.grow(20_000))
  t.ok(one.grow(30_000))
  t.notOk(memory.fits('a', 1))
  t.notOk(memory.fits('b', 1))
})
