/** The phrases of the bench of spelling, and what counts as typed. */
import t from 'tap'
import { isAsTyped } from '../../bench/spelling/as-typed.js'
import { PHRASES, spellingsOf } from '../../bench/spelling/phrases.js'
import { UNSEEN_PHRASES } from '../../bench/spelling/unseen-phrases.js'

t.test('there are twice sixty different phrases', async (t) => {
  const all = [...PHRASES, ...UNSEEN_PHRASES]
  t.equal(PHRASES.length, 60)
  t.equal(UNSEEN_PHRASES.length, 60)
  t.equal(new Set(all.map(({ said }) => said)).size, 120)
  t.ok(all.every(({ said, typed }) => said.trim() !== '' && spellingsOf(typed).every((one) => !/[{}|=]/.test(one))))
})

t.test('choices are all spellings', async (t) => {
  t.same(spellingsOf('at {1|one} or {2|two}'), ['at 1 or 2', 'at 1 or two', 'at one or 2', 'at one or two'])
})

t.test('a mark at the end and a capital at the beginning do not count, all else does', async (t) => {
  t.ok(isAsTyped('Play Jazz, on TV.', 'play jazz on TV'))
  t.ok(isAsTyped('At 3 p.m.', 'at 3 {p.m.|pm}'))
  t.ok(isAsTyped('At 3 pm', 'at 3 {p.m.|pm}'))
  for (const text of ['Play jazz on Tv.', 'Play jazz on TV..', 'Play jazz on T. V.', 'Play jazz', 'Play the jazz on TV']) {
    t.notOk(isAsTyped(text, 'play jazz on TV'), text)
  }
})
