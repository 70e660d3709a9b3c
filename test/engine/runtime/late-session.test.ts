/** Sessions that are opened late: once for all who wait, again after a failure, and released only if there is one. */
import t from 'tap'
import { openWhenNeeded } from '../../../src/engine/runtime/late-session.js'
import type { Session } from '../../../src/engine/runtime/session.js'

/** Fails as often as it is told to, and counts. */
function makeOpener(failures: number) {
  const counts = { opened: 0, released: 0 }
  const session = { async release() { counts.released++ } } as unknown as Session
  const open = async (): Promise<Session> => {
    if (counts.opened++ < failures) throw new Error('the disk is away')
    return session
  }
  return { counts, open, session }
}

t.test('a graph is opened once, however many need it at a time, and only then', async (t) => {
  const { counts, open, session } = makeOpener(0)
  const late = openWhenNeeded(open)
  t.equal(counts.opened, 0)
  t.same(await Promise.all([late.session(), late.session()]), [session, session])
  t.equal(counts.opened, 1)
  await late.release()
  t.equal(counts.released, 1)
})

t.test('what could not be opened is tried again by the next one', async (t) => {
  const { counts, open, session } = makeOpener(1)
  const late = openWhenNeeded(open)
  await t.rejects(Promise.all([late.session(), late.session()]), { message: 'the disk is away' })
  t.equal(counts.opened, 1)
  t.equal(await late.session(), session)
})

t.test('there is nothing to release where nothing was opened', async (t) => {
  const { counts, open } = makeOpener(1)
  const late = openWhenNeeded(open)
  await late.release()
  await t.rejects(late.session())
  await late.release()
  t.equal(counts.released, 0)
})
