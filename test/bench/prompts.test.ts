/** The bench of prompts: its words, and that its turns are what the service reads as context. */
import t from 'tap'
import { confusableIn, CONFUSABLE, TURNS } from '../../bench/prompts/confusable.js'
import { readPrompt } from '../../src/serving/http/transcription/prompt.js'

t.test('at least thirty words have one that sounds alike, and every turn with either is context', async (t) => {
  t.ok(CONFUSABLE.size >= 30)
  for (const word of [...CONFUSABLE].flat()) {
    for (const turn of TURNS) t.equal(readPrompt(turn(word)).kind, 'context', turn(word))
  }
  t.ok([...CONFUSABLE].every(([said, alike]) => said !== alike && alike !== ''))
})

t.test('the first word of a reference that has one counts', async (t) => {
  t.same(confusableIn('Zero.'), { said: 'zero', alike: 'hero' })
  t.same(confusableIn('Press one, or hold.'), { said: 'press', alike: 'dress' })
  t.equal(confusableIn('A pressing matter'), undefined)
  t.equal(confusableIn(''), undefined)
})
