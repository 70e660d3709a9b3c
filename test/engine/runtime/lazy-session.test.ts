/** Sessions that are opened lazily: once for all callers, again after a failure, and released only if opened. */
import t from 'tap'
import { openLazily } from '../../../src/engine/runtime/lazy-session.js'
import type { Session } from '../../../src/engine/runtime/session.js'

/** An opener that fails for the given number of calls, and its counts. */
function makeOpener(failures: number) {
  const counts = { opened: 0, released: 0 }
  const session = { async release() { counts.released++ } } as unknown as Session
  const open = async (): Promise<Session> => {
    if (counts.opened++ < failures) throw new Error('the disk is unavailable')
    return session
  }
  return { counts, open, session }
}

t.test('a graph is opened once for concurrent callers, and not before the first', async (t) => {
  const { counts, open, session } = makeOpener(0)
  const lazy = openLazily(open)
  t.equal(counts.opened, 0)
  t.same(await Promise.all([lazy.session(), lazy.session()]), [session, session])
  t.equal(counts.opened, 1)
  await lazy.release()
  t.equal(counts.released, 1)
})

t.test('after a failure the next call opens again', async (t) => {
  const { counts, open, session } = makeOpener(1)
  const lazy = openLazily(open)
  await t.rejects(Promise.all([lazy.session(), lazy.session()]), { message: 'the disk is unavailable' })
  t.equal(counts.opened, 1)
  t.equal(await lazy.session(), session)
})

t.test('a session that was not opened is not released', async (t) => {
  const { counts, open } = makeOpener(1)
  const lazy = openLazily(open)
  await lazy.release()
  await t.rejects(lazy.session())
  await lazy.release()
  t.equal(counts.released, 0)
})
