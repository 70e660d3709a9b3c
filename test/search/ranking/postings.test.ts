/** The inverted index in flat arrays, against lists in objects. */
import t from 'tap'
import { NameIndex, toName, toUtterance } from '../../../src/search/ranking/name-index.js'
import { Postings } from '../../../src/search/ranking/postings.js'
import { seededRandom } from '../../../src/domain/scoring/seeded-random.js'
import { runToCompletion } from '../../../src/domain/interruptible-work.js'

t.test('values of a key are in order; a list beyond the limit is cut off or dropped', (t) => {
  const random = seededRandom(5)
  const pairs = Array.from({ length: 20_000 }, (_, value) =>
    [`key ${Math.floor(3_000 * random() ** 3)}`, value] as const)
  for (const beyond of ['cut', 'drop'] as const) {
    const postings = new Postings({ most: 20, beyond })
    for (const [key] of pairs) postings.count(key)
    runToCompletion(postings.allocate())
    for (const [key, value] of pairs) postings.fill(key, value)
    const keys = new Set(pairs.map(([key]) => key))
    t.equal(postings.size, keys.size)
    const faults = [...keys].filter((key) => {
      const all = pairs.filter(([other]) => other === key).map(([, value]) => value)
      const kept = all.length <= 20 ? all : beyond === 'cut' ? all.slice(0, 20) : []
      return postings.countOf(postings.find(key)) !== all.length
        || [...postings.valuesOf(postings.find(key))].join() !== kept.join()
    })
    t.same(faults, [], beyond)
    t.same([...postings.valuesOf(postings.find('nothing'))], [])
  }
  t.end()
})

t.test('an index without names, or of names without words, finds nothing', (t) => {
  for (const names of [[], ['…', '—']]) {
    const index = runToCompletion(NameIndex.build(names.map((name, entry) => toName(entry, name))))
    t.same(index.candidates(toUtterance('tea')), [])
  }
  t.end()
})

t.test('a name that grows beyond what an utterance can be is cut, others are not', (t) => {
  t.ok(toName(0, '\ufdfa'.repeat(200)).words.length <= 1_000)
  t.equal(toName(0, 'word '.repeat(40)).words, 'word '.repeat(40).trim())
  t.end()
})
