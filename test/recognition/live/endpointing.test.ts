/** How long a pause has to be until an utterance is over. */
import t from 'tap'
import { pauseLimits, pauseNeeded, type PauseFacts } from '../../../src/recognition/live/endpointing.js'

const BALANCED = pauseLimits('balanced')!
const facts = (given: Partial<PauseFacts>): PauseFacts =>
  ({ text: 'play some jazz', confidence: 0.9, completeness: 'unknown', speechSeconds: 1, ...given })
const pauseAfter = (given: Partial<PauseFacts>): number => pauseNeeded(BALANCED, facts(given))

t.test('a complete name needs the shortest pause, one that others continue the longest', async (t) => {
  t.equal(pauseAfter({}), BALANCED.usual)
  t.equal(pauseAfter({ completeness: 'complete' }), BALANCED.shortest)
  t.equal(pauseAfter({ completeness: 'continues' }), BALANCED.longest)
})

t.test('after words that ask for more, the pause may be long', async (t) => {
  for (const text of ['Navigate to', 'bread and', 'Call the', 'um', 'twenty point', 'five five one']) {
    t.equal(pauseAfter({ text }), BALANCED.longest, text)
  }
  for (const text of ['what time is it', 'call mom.', 'one']) t.equal(pauseAfter({ text }), BALANCED.usual, text)
  t.equal(pauseAfter({ text: 'Lost in Translation to', completeness: 'complete' }), BALANCED.shortest, 'a known name')
})

t.test('slow speakers and doubtful words get a longer pause, up to the longest', async (t) => {
  t.ok(pauseAfter({ speechSeconds: 4 }) > BALANCED.usual)
  t.ok(pauseAfter({ confidence: 0.4 }) > pauseAfter({ confidence: 0.9 }))
  t.ok(pauseAfter({ confidence: 0.1, speechSeconds: 10 }) <= BALANCED.longest)
  t.equal(pauseAfter({ text: '', confidence: null }), BALANCED.usual)
})

t.test('profiles are ordered, a given pause scales its profile, and manual has none', async (t) => {
  const [fast, patient] = [pauseLimits('fast')!, pauseLimits('patient')!]
  for (const key of ['usual', 'shortest', 'longest'] as const) {
    t.ok(fast[key] < BALANCED[key] && BALANCED[key] < patient[key], key)
  }
  const scaled = pauseLimits('balanced', 2 * BALANCED.usual)!
  t.equal(scaled.usual, 2 * BALANCED.usual)
  t.ok(Math.abs(scaled.shortest - 2 * BALANCED.shortest) < 1e-9)
  t.equal(pauseLimits('manual'), null)
})
