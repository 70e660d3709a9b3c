/** Phrases that come with requests: made once, in turns, and remembered within a bound. */
import t from 'tap'
import { InlineLists, MAX_PHRASES, readPhrases } from '../../../src/search/catalogue/inline.js'
import { toPhrase } from '../../../src/search/catalogue/spellings.js'
import { rank } from '../../../src/search/ranking/ranking.js'

const read = (...phrases: string[]): ReturnType<typeof readPhrases> => readPhrases(phrases, 'phrases')

t.test('a list has the spellings of its phrases, and its index finds them', async (t) => {
  const lists = new InlineLists()
  const inline = read('Route 66', 'tea')
  t.same(await lists.list(inline, 'a client'), {
    id: inline.id, phrases: ['Route 66', 'tea'].map((name) => toPhrase({ name, aliases: [], weight: 1 })),
  })
  const { hits } = rank(
    [{ text: 'route sixty six', confidence: 0.9, logProbability: -1, phrases: [] }], [],
    await lists.searchable(inline, 'a client'), { limit: 5, threshold: 0.5 },
  )
  t.equal(inline.phrases[hits[0]!.entry], 'Route 66')
})

t.test('the same list is made once, however many requests bring it, whatever the order of its phrases', async (t) => {
  const lists = new InlineLists()
  const [first, second] = [lists.list(read('tea', 'coffee'), 'a client'), lists.list(read('coffee', 'tea'), 'a client')]
  t.equal(first, second, 'while it is made')
  t.equal(lists.list(read('tea', 'coffee'), 'a client'), first, 'and later')
  t.equal(lists.searchable(read('tea', 'coffee'), 'a client'), lists.searchable(read('coffee', 'tea'), 'a client'))
  t.not(lists.list(read('tea'), 'a client'), first)
  await Promise.all([first, lists.searchable(read('tea', 'coffee'), 'a client'), lists.list(read('tea'), 'a client')])
  t.equal(lists.size, 2)
})

t.test('lists are forgotten by their bytes, the one asked for longest ago first', async (t) => {
  const large = (letter: string): ReturnType<typeof readPhrases> =>
    readPhrases(Array.from({ length: MAX_PHRASES }, (_, index) => `${letter} ${'long '.repeat(18)}${index}`), 'phrases')
  const probe = new InlineLists()
  await probe.list(large('a'), 'a client')
  const lists = new InlineLists(3.5 * probe.bytes)
  for (const letter of ['a', 'b', 'c']) await lists.list(large(letter), 'a client')
  const kept = lists.list(large('a'), 'a client')
  await lists.list(large('d'), 'a client')
  t.equal(lists.list(large('a'), 'a client'), kept, 'it was asked for lately')
  t.equal(lists.size, 3)
  for (let round = 0; round < 12; round++) {
    await Promise.all([lists.list(large(`x${round}`), 'a client'), lists.searchable(large(`x${round}`), 'a client')])
    t.ok(lists.bytes <= 3.5 * probe.bytes, `${lists.bytes} bytes`)
  }
})

t.test('what fails is tried again, and takes no room', async (t) => {
  const lists = new InlineLists()
  const { id, phrases } = read('tea')
  let failures = 2
  const faulty = {
    id,
    get phrases() {
      if (failures-- > 0) throw new Error('as wanted')
      return phrases
    },
  }
  await t.rejects(lists.list(faulty, 'a client'), { message: 'as wanted' })
  await t.rejects(lists.searchable(faulty, 'a client'), { message: 'as wanted' })
  t.equal(lists.size, 0)
  t.match(await lists.list(faulty, 'a client'), { id })
})

t.test('lists of a client are made one after the other, up to a limit, and other clients do not wait', async (t) => {
  const lists = new InlineLists()
  const order: string[] = []
  const make = async (phrase: string, client: string): Promise<void> => {
    await lists.list(read(...Array.from({ length: 50 }, (_, index) => `${phrase} ${index}`)), client)
    order.push(phrase)
  }
  const greedy = Array.from({ length: 16 }, (_, index) => make(`greedy${index}`, 'greedy'))
  await t.rejects(make('one more', 'greedy'), { code: 'QUEUE_FULL' })
  await Promise.all([...greedy, make('modest', 'modest')])
  t.ok(order.indexOf('modest') <= 2, `it came after ${order.indexOf('modest')} of the others`)
  await make('one more', 'greedy')
})
