/** Phrases that come with requests: made once, in turns, and remembered within a bound. */
import t from 'tap'
import { InlineLists, MOST_PHRASES, readPhrases } from '../../src/catalogue/inline.js'
import { toPhrase } from '../../src/catalogue/spellings.js'
import { rank } from '../../src/search/ranking.js'

const read = (...phrases: string[]): ReturnType<typeof readPhrases> => readPhrases(phrases, 'phrases')

t.test('a list has the spellings of its phrases, and its index finds them', async (t) => {
  const lists = new InlineLists()
  const inline = read('Route 66', 'tea')
  t.same(await lists.list(inline), { id: inline.id, phrases: ['Route 66', 'tea'].map((name) => toPhrase({ name, aliases: [], weight: 1 })) })
  const { hits } = rank([{ text: 'route sixty six', confidence: 0.9, logProbability: -1, phrases: [] }], [], await lists.searchable(inline), { limit: 5, threshold: 0.5 })
  t.equal(inline.phrases[hits[0]!.entry], 'Route 66')
})

t.test('the same list is made once, however many requests bring it, whatever the order of its phrases', async (t) => {
  const lists = new InlineLists()
  const [first, second] = [lists.list(read('tea', 'coffee')), lists.list(read('coffee', 'tea'))]
  t.equal(first, second, 'while it is made')
  t.equal(lists.list(read('tea', 'coffee')), first, 'and later')
  t.equal(lists.searchable(read('tea', 'coffee')), lists.searchable(read('coffee', 'tea')))
  t.not(lists.list(read('tea')), first)
  await Promise.all([first, lists.searchable(read('tea', 'coffee')), lists.list(read('tea'))])
  t.equal(lists.size, 2)
})

t.test('lists are forgotten by their bytes, the one asked for longest ago first', async (t) => {
  const large = (letter: string): ReturnType<typeof readPhrases> => readPhrases(Array.from({ length: MOST_PHRASES }, (_, index) => `${letter} ${'long '.repeat(18)}${index}`), 'phrases')
  const probe = new InlineLists()
  await probe.list(large('a'))
  const lists = new InlineLists(3.5 * probe.bytes)
  for (const letter of ['a', 'b', 'c']) await lists.list(large(letter))
  const kept = lists.list(large('a'))
  await lists.list(large('d'))
  t.equal(lists.list(large('a')), kept, 'it was asked for lately')
  t.equal(lists.size, 3)
  for (let round = 0; round < 12; round++) {
    await Promise.all([lists.list(large(`x${round}`)), lists.searchable(large(`x${round}`))])
    t.ok(lists.bytes <= 3.5 * probe.bytes, `${lists.bytes} bytes`)
  }
})
