/** What ranking promises, whatever its weights are. */
import t from 'tap'
import type { Alternative } from '../../../src/domain/phrases.js'
import { NameIndex, toName } from '../../../src/search/ranking/name-index.js'
import {
  DEFAULT_THRESHOLD, rank, rankInSteps, type Match, type Ranking, type Searchable,
} from '../../../src/search/ranking/ranking.js'
import { runToCompletion } from '../../../src/domain/interruptible-work.js'
import { seededRandom } from '../../../src/domain/scoring/seeded-random.js'

type Named = readonly [name: string, weight?: number, ...aliases: string[]]

function catalogue(entries: readonly Named[]): Searchable {
  const names = entries.flatMap(([name, , ...aliases], entry) => [name, ...aliases].map((one) => toName(entry, one)))
  return { index: runToCompletion(NameIndex.build(names)), weights: entries.map(([, weight = 1]) => weight) }
}

const reading = (text: string, logProbability = -1, extra: Partial<Alternative> = {}): Alternative =>
  ({ text, confidence: 0.9, logProbability, phrases: [], ...extra })
const OPTIONS = { limit: 10, threshold: DEFAULT_THRESHOLD }
const search = (said: string | readonly Alternative[], entries: readonly Named[], options = OPTIONS): Ranking =>
  rank(typeof said === 'string' ? [reading(said)] : said, [], catalogue(entries), options)
const names = (matches: readonly Match[], entries: readonly Named[]): string[] =>
  matches.map(({ entry }) => entries[entry]![0])

const SHOP: readonly Named[] = [
  ['Nike Air Max 90'], ['Nike Air Force'], ['Firefox'], ['night'], ['mouse'], ['bed'], ['me'],
  ['running shoes', 1, 'joggers'], ['write'], ['Route 66'], ['coat'], ['شاي أخضر'], ['AC/DC'],
]

t.test('what was said is found, however it is written, and says why', (t) => {
  const cases: [string, string, string[]][] = [
    ['nike air max ninety', 'Nike Air Max 90', ['heard']],
    ['Nike Air Macs 90.', 'Nike Air Max 90', ['spelled_alike', 'sounds_alike']],
    ['fire fox', 'Firefox', ['spelled_alike', 'sounds_alike']],
    ['Knight!', 'night', ['spelled_alike', 'sounds_alike']],
    ['right', 'write', ['sounds_alike']],
    ['Show me running shoes', 'running shoes', ['heard']],
    ['Joggers', 'running shoes', ['heard']],
    ['route sixty six please', 'Route 66', ['heard']],
    ['شاي أخضر', 'شاي أخضر', ['heard']],
  ]
  for (const [said, name, why] of cases) {
    const [first] = search(said, SHOP).hits
    t.equal(first && SHOP[first.entry]![0], name, said)
    t.same(first?.why, why, said)
  }
  t.end()
})

t.test('another word is another thing: at most a suggestion', (t) => {
  for (const said of ['house', 'bad', 'cat', 'no', 'weather tomorrow', 'tell me a joke', 'shoe polish', '...', '']) {
    t.same(search(said, SHOP).hits, [], said)
  }
  t.same(names(search('bad', SHOP).didYouMean, SHOP), ['bed'])
  t.equal(names(search('nike', SHOP).didYouMean, SHOP).length, 2, 'a part of two names')
  t.same(search('', SHOP), { hits: [], didYouMean: [] })
  t.same(rank([], [], catalogue(SHOP), OPTIONS), { hits: [], didYouMean: [] })
  t.end()
})

t.test('the exact name beats one that is alike, whatever their weights', (t) => {
  for (const [exact, alike] of [
    ['night', 'knight'], ['firefox', 'fire foxes'], ['nike air max', 'nike air macs'], ['bed', 'bad'],
  ] as const) {
    for (const entries of [[[exact, 0], [alike, 1000]], [[alike, 1000], [exact, 0]]] as Named[][]) {
      t.equal(names(search(exact, entries).hits, entries)[0], exact)
    }
  }
  t.end()
})

t.test('weights decide between what is otherwise equal, then the order of the catalogue', (t) => {
  const entries: Named[] = [['green tea', 1], ['Green Tea', 5], ['green-tea', 0.1], ['GREEN TEA', 1]]
  t.same(names(search('green tea', entries).hits, entries), ['Green Tea', 'green tea', 'GREEN TEA', 'green-tea'])
  t.end()
})

t.test('the order of alternatives matters, and a more probable one never loses to a less probable one', (t) => {
  const entries: Named[] = [['cap'], ['cat']]
  const order = (...texts: string[]): string[] =>
    names(search(texts.map((text, index) => reading(text, -1 - index)), entries).hits, entries)
  t.same(order('cat', 'cap'), ['cat', 'cap'])
  t.same(order('cap', 'cat'), ['cap', 'cat'])
  let before = Infinity
  for (const gap of [0, 0.5, 1, 2, 4, 8]) {
    const { score } = search(
      [reading('nothing at all', -1), reading('cat', -1 - gap)], entries, { limit: 1, threshold: 0 },
    ).hits[0]!
    t.ok(score < before, `${gap}: ${score}`)
    before = score
  }
  t.end()
})

t.test('a second alternative finds what the first has missed', (t) => {
  const entries: Named[] = [['Kallax shelf'], ['Billy bookcase']]
  t.same(names(search([reading('call axle', -1)], entries).hits, entries), [])
  t.same(
    names(search([reading('call axle', -1), reading('kallax shelf', -1.4)], entries).hits, entries), ['Kallax shelf'],
  )
  t.end()
})

t.test('low confidence lowers a score, and a phrase found by the decoder counts as heard', (t) => {
  const scores = [0.95, 0.7, 0.4, 0.1].map((confidence) =>
    search([reading('bed', -1, { confidence })], SHOP, { limit: 1, threshold: 0 }).hits[0]!.score)
  t.same([...scores].sort((a, b) => b - a), scores)
  t.ok(scores[0]! >= DEFAULT_THRESHOLD && scores[3]! < DEFAULT_THRESHOLD)
  const [first] = search([reading('a c d c', -1, { phrases: [12] })], SHOP).hits
  t.match(first, { entry: 12, why: ['heard'] })
  t.end()
})

t.test('a hit says how the transcript relates to it', (t) => {
  const inText = (said: string | readonly Alternative[]): string | undefined => search(said, SHOP).hits[0]?.inText
  t.equal(inText('nike air max ninety'), 'whole')
  t.equal(inText('Show me running shoes'), 'part')
  t.equal(inText('fire fox'), 'similar')
  t.equal(inText([reading('hire flocks', -1), reading('firefox', -1.2)]), 'no')
  t.end()
})

t.test('the probability of a phrase replaces the score of a whole alternative, and decides from 0.35 on', (t) => {
  const scored = (said: string, ...probabilities: (readonly [phrase: number, probability: number])[]): Match[] => {
    const scores = probabilities.map(([phrase, probability]) =>
      ({ phrase, probability, logProbability: -1, logLikelihoodRatio: 0 }))
    return [...rank([reading(said)], scores, catalogue(SHOP), { limit: 3, threshold: 0 }).hits]
  }
  t.match(scored('bed', [5, 0.1], [4, 0.05])[0], { entry: 5, score: 0.1 })
  t.match(scored('bed', [4, 0.6], [5, 0.1]), [{ entry: 4, score: 0.6, inText: 'no' }, { entry: 5, score: 0.1 }])
  const [first] = scored('show me running shoes', [7, 0.001])
  t.ok(first!.entry === 7 && first!.score > 0.4, 'the transcript says more than the phrase')
  t.end()
})

t.test('nothing below the threshold is a hit, and no score leaves [0, 1], on anything', (t) => {
  const random = seededRandom(5)
  const words = ['nike', 'air', 'max', 'tea', 'green', 'night', 'bed', 'shoe', '66', 'route', 'fox', 'fire', '茶', 'é']
  const phrase = (most: number): string =>
    Array.from({ length: 1 + Math.floor(random() * most) }, () => words[Math.floor(random() * words.length)]).join(' ')
  for (let round = 0; round < 200; round++) {
    const entries = Array.from({ length: 1 + Math.floor(random() * 20) }, (): Named => [phrase(4), random() * 3])
    const readings = Array.from({ length: 1 + Math.floor(random() * 5) }, (_, i) =>
      reading(phrase(6), -i * random(), { confidence: random(), phrases: random() < 0.3 ? [0] : [] }))
    const threshold = random()
    const { hits, didYouMean } = search(readings, entries, { limit: 5, threshold })
    t.ok(
      hits.every(({ score }) => score >= threshold && score <= 1)
        && didYouMean.every(({ score }) => score < threshold && score >= 0),
    )
    t.ok(hits.length === 0 || didYouMean.length === 0)
    t.ok(hits.length <= 5 && new Set(hits.map(({ entry }) => entry)).size === hits.length)
    t.ok([...hits, ...didYouMean].every(({ why }) => why.length > 0))
  }
  t.end()
})

t.test('a catalogue in another order gives the same hits with the same scores', (t) => {
  const random = seededRandom(9)
  const words = [
    'nike', 'air', 'max', 'tea', 'green', 'night', 'bed', 'shoe', 'route', 'fox', 'fire', 'lamp', 'table', 'oak',
  ]
  const all = new Set<string>()
  while (all.size < 600) all.add(
    Array.from({ length: 2 + Math.floor(random() * 3) }, () => words[Math.floor(random() * words.length)]).join(' '),
  )
  // As the catalogue keeps them: sorted by id, which does not depend on the order of a file.
  const sorted = [...all].sort().map((name): Named => [name, 1])
  const shuffled = sorted
    .map((entry) => ({ entry, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ entry }) => entry)
  for (let i = 0; i < 30; i++) {
    const said = `${sorted[i * 19]![0]} ${words[i % words.length]}`
    const [one, two] = [search(said, sorted), search(said, shuffled)]
    t.same(two.hits.map(({ score }) => score), one.hits.map(({ score }) => score), said)
    t.equal(names(two.hits, shuffled)[0], names(one.hits, sorted)[0])
  }
  t.end()
})

t.test('many names are searched in milliseconds, also where all of them share their words', (t) => {
  const random = seededRandom(3)
  const syllables = [
    'ka', 'lo', 'mi', 'ter', 'san', 'dro', 'vel', 'pin', 'gar', 'bo', 'chi', 'ne', 'ru', 'sto', 'wex', 'fle',
  ]
  const word = (): string => Array.from({ length: 3 }, () => syllables[Math.floor(random() * 16)]).join('')
  const entries = Array.from({ length: 30_000 }, (): Named => [`the new ${word()} shop`])
  const searchable = catalogue(entries)
  const times = Array.from({ length: 60 }, (_, i) => {
    const readings = Array.from({ length: 5 }, (_, k) =>
      reading(k === 0 ? entries[i * 400]![0] : `the new ${word()} shop`, -1 - k))
    const since = performance.now()
    const { hits } = rank(readings, [], searchable, OPTIONS)
    t.equal(entries[hits[0]!.entry]![0], entries[i * 400]![0])
    return performance.now() - since
  }).sort((a, b) => a - b)
  t.ok(times[30]! < 100, `median ${times[30]!.toFixed(1)} ms for five readings`)
  t.end()
})

t.test('a ranking is done in short steps, also for long alternatives and many names in them', (t) => {
  const random = seededRandom(9)
  const words = Array.from({ length: 120 }, () =>
    Array.from({ length: 3 }, () => ['ka', 'to', 'mi', 're', 'so', 'lu'][Math.floor(6 * random())]!).join(''))
  const said = Array.from({ length: 10 }, () =>
    Array.from({ length: 32 }, () => words[Math.floor(words.length * random())]!))
  const entries = said.flatMap((own) => own.flatMap((_, start) => Array.from({ length: 16 }, (__, copy): Named => {
    const name = own.slice(start, start + 1 + copy % 8).join(' ')
    return [copy < 8 ? name : name.replace(/[aeiou]/g, () => 'aeiou'[Math.floor(5 * random())]!)]
  })))
  const searchable = catalogue(entries)
  const readings = said.map((own, index) => reading(own.join(' '), -1 - index))
  const steps = rankInSteps(readings, [], searchable, OPTIONS)
  const slowest: number[] = []
  let result: Ranking | undefined
  while (result === undefined) {
    const since = process.cpuUsage()
    const { done, value } = steps.next()
    slowest.push(process.cpuUsage(since).user / 1000)
    if (done) result = value
  }
  slowest.sort((a, b) => b - a)
  t.ok(slowest.length > 300, `${slowest.length} steps`)
  // One may have been compiled, or collected garbage.
  t.ok(slowest[10]! < 20, `${slowest[10]} ms`)
  t.same(result, rank(readings, [], searchable, OPTIONS))
  t.end()
})
