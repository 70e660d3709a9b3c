/** Which prompts are lists: a turn of a conversation is context, whatever words it has. */
import t from 'tap'
import { readPrompt } from '../../../../src/serving/http/transcription/prompt.js'

/** Words that sound alike: what a turn says, and what the speaker may say next. */
const CONFUSABLE = [
  'fifteen fifty', 'thirteen thirty', 'fourteen forty', 'sixteen sixty', 'seventeen seventy', 'eighteen eighty',
  'nineteen ninety', 'John Joan', 'Smith Smyth', 'jazz chess', 'left Leaf', 'up Wow', 'stop shop', 'Austin Boston',
  'Aaron Erin', 'Mary Murray', 'Tuesday Thursday', 'two ten', 'five nine', 'B D', 'M N', 'F S', 'can can\'t',
  'accept except', 'Dallas Dulles', 'Newark New York', 'cash cache', 'west rest', 'pin pen', 'coffee copy',
].map((pair) => pair.split(' '))

const TURNS = [
  (word: string) => `Did you say ${word}?`,
  (word: string) => `Okay, ${word}`,
  (word: string) => `I have ${word}, is that right`,
  (word: string) => `Thanks. Let me check ${word}; one moment.`,
  (word: string) => `Agent: the number is ${word}\nCaller: fine`,
  (word: string) => `${word}, John Smith`,
  (word: string) => `John Smith, Boston, ${word}.`,
  (word: string) => `Monday\n${word}`,
  (word: string) => `the first, the second, and ${word}`,
  (word: string) => `${word}, fifteen, Boston`,
  (word: string) => word,
]

t.test('the previous turn is context for thirty confusable pairs, with either word', async (t) => {
  t.equal(CONFUSABLE.length, 30)
  for (const word of CONFUSABLE.flat()) {
    for (const turn of TURNS) t.match(readPrompt(turn(word)), { kind: 'context', phrases: [] }, turn(word))
  }
})

t.test('a list has a label, or at least three short parts', async (t) => {
  t.same(readPrompt('Kallax, Billy\tbookcase\r\nIvar; Ivar,').phrases, ['Kallax', 'Billy bookcase', 'Ivar'])
  t.same(readPrompt('Glossary: John Smith, St. Pancras.').phrases, ['John Smith', 'St. Pancras'])
  t.same(readPrompt('keywords: jazz').phrases, ['jazz'])
  t.same(readPrompt('Route 66, Kallax, Billy').phrases, ['Route 66', 'Kallax', 'Billy'], 'no part is a number alone')
  t.same(readPrompt('Words: fifteen, fifty').phrases, ['fifteen', 'fifty'], 'with a label, numbers are phrases')
  t.equal(readPrompt('one two three four five six, jazz, Kallax').kind, 'context', 'a clause among the parts')
  t.equal(readPrompt('twenty-five, Kallax, Billy').kind, 'context', 'a number among the parts')
  t.equal(readPrompt('').kind, 'context')
})
