/** Words of partial results that will not change. */
import t from 'tap'
import { changedWords, StablePrefix } from '../../../src/recognition/live/stable-prefix.js'

const TWO = { hypotheses: 2, heldWords: 1 }

t.test('words are stable when the last hypotheses agree, without the last word', async (t) => {
  const prefix = new StablePrefix(TWO)
  t.same(prefix.add('Play'), { stable: [], unstable: ['Play'] })
  t.same(prefix.add('Play some.'), { stable: ['Play'], unstable: ['some.'] })
  t.same(prefix.add('Play some chairs'), { stable: ['Play', 'some'], unstable: ['chairs'] })
  t.same(prefix.add('play some jazz music'), { stable: ['Play', 'some'], unstable: ['jazz', 'music'] })
})

t.test('a stable word stays, whatever later hypotheses say', async (t) => {
  const prefix = new StablePrefix(TWO)
  for (const text of ['turn on the light', 'turn on the light']) prefix.add(text)
  t.same(prefix.stable, ['turn', 'on', 'the'])
  t.same(prefix.add('burn off').stable, ['turn', 'on', 'the'])
  t.same(prefix.add('burn off the lights now').stable, ['turn', 'on', 'the'])
})

t.test('three hypotheses agree later than two', async (t) => {
  const prefix = new StablePrefix({ hypotheses: 3, heldWords: 0 })
  t.same(prefix.add('set a').stable, [])
  t.same(prefix.add('set a').stable, [])
  t.same(prefix.add('set a timer').stable, ['set', 'a'])
})

t.test('a number at the end is held back until a word follows', async (t) => {
  const prefix = new StablePrefix({ hypotheses: 2, heldWords: 0 })
  for (const text of ['wake me at twenty', 'wake me at twenty']) prefix.add(text)
  t.same(prefix.stable, ['wake', 'me', 'at'])
  for (const text of ['wake me at 25 past', 'wake me at 25 past']) prefix.add(text)
  t.same(prefix.stable, ['wake', 'me', 'at', '25', 'past'])
})

t.test('the last stable word has no full stop, since the text goes on', async (t) => {
  const prefix = new StablePrefix({ hypotheses: 2, heldWords: 0 })
  for (const text of ['I am here.', 'I am here.']) prefix.add(text)
  t.same(prefix.stable, ['I', 'am', 'here'])
})

t.test('changed words are counted by place, without case and punctuation', async (t) => {
  t.equal(changedWords(['What', 'is', 'that'], 'what, is that noise?'), 0)
  t.equal(changedWords(['What', 'is', 'that'], 'What was that'), 1)
  t.equal(changedWords(['What', 'is'], ''), 2)
})
