/** The phrases of the bench of spelling, and what counts as typed. */
import t from 'tap'
import { isAsTyped } from '../../bench/spelling/as-typed.js'
import { PHRASES, spellingsOf } from '../../bench/spelling/phrases.js'

t.test('there are sixty different phrases', async (t) => {
  t.equal(new Set(PHRASES.map(({ said }) => said)).size, 60)
  t.ok(PHRASES.every(({ said, typed }) => said.trim() !== '' && spellingsOf(typed).every((one) => !/[{}|=]/.test(one))))
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
