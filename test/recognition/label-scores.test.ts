/** Places in which a label and a transcript differ, and what the audio says about them: with scripted scores. */
import t from 'tap'
import type { Hypothesis } from '../../src/domain/transcript.js'
import { scoreLabel } from '../../src/recognition/label-scores.js'

/** A hypothesis of log-probability −1 whose model gives these texts these scores, and −20 to all others. */
function heard(text: string, scores: Readonly<Record<string, number>> = {}, asked: string[] = []): Hypothesis {
  return {
    text, tokens: [1], logProbabilities: [-1], stopped: 'end_of_text', language: 'en',
    rescore: async (texts) => {
      asked.push(...texts)
      return texts.map((one) => scores[one] ?? -20)
    },
  }
}

t.test('a label with the same words has no differences, however it is written', async (t) => {
  for (const label of ['play the blues', 'PLAY THE BLUES', 'Play the Blues!', 'play, the blues']) {
    t.same(await scoreLabel(heard('Play the blues.'), label), [], label)
  }
  t.same(await scoreLabel(heard('Room 22.'), 'room twenty two'), [], 'numbers in figures and in words')
  t.same(await scoreLabel(heard('It is over.'), "it's over"), [], 'contractions')
  t.same(await scoreLabel(heard('Press star, then pound.'), 'press * - then #'), [], 'symbols that are spoken')
})

t.test('each place is scored on its own, with the rest of the transcript as it is', async (t) => {
  const asked: string[] = []
  const scores = { 'Play the shoes, tonight.': -9, 'Play the blues, today': -2 }
  const found = await scoreLabel(heard('Play the blues, tonight.', scores, asked), 'play the shoes today')
  t.same(found, [{ at: 2, label: ['shoes', 'today'], heard: ['blues', 'tonight'], logLikelihoodRatio: 19 }],
    'neighbours are one place')
  const apart = await scoreLabel(heard('Play some blues for me tonight.', {
    'Play the blues for me tonight.': -4, 'Play some blues for me today': -1.5,
  }, asked), 'play the blues for me today')
  t.same(apart, [
    { at: 1, label: ['the'], heard: ['some'], logLikelihoodRatio: 3 },
    { at: 5, label: ['today'], heard: ['tonight'], logLikelihoodRatio: 0.5 },
  ])
})

t.test('words that the label lacks, and words that it has too many', async (t) => {
  t.same(await scoreLabel(heard('Turn off the lights.', { 'Turn the lights.': -11 }), 'turn the lights'),
    [{ at: 1, label: [], heard: ['off'], logLikelihoodRatio: 10 }])
  t.same(await scoreLabel(heard('Turn the lights.', { 'Turn off the lights.': -0.5 }), 'turn off the lights'),
    [{ at: 1, label: ['off'], heard: [], logLikelihoodRatio: -0.5 }])
})

t.test('a label in one case may mean a name: the more probable spelling counts', async (t) => {
  const asked: string[] = []
  const found = await scoreLabel(heard('Call Jane now.', { 'Call John now.': -3 }, asked), 'CALL JOHN NOW')
  t.same(asked, ['Call john now.', 'Call John now.'])
  t.equal(found[0]!.logLikelihoodRatio, 2)
})

t.test('a label that has hardly a word in common is compared as a whole', async (t) => {
  const many = Array.from({ length: 40 }, (_, index) => index % 2 === 0 ? 'and' : `x${index}`)
  const other = many.map((word, index) => index % 2 === 0 ? word : `y${index}`)
  const found = await scoreLabel(heard(many.join(' ')), other.join(' '))
  t.equal(found.length, 1)
  t.match(found[0], { at: 0, logLikelihoodRatio: 19 })
  t.equal(found[0]!.label.length, 40)
})
