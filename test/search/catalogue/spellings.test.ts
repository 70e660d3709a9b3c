/** The ways in which an entry may be written by a model that hears it. */
import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import t, { type Test } from 'tap'
import { ToWords } from 'to-words/en-US'
import { MAX_SPELLINGS, maxSpellings, spellingsOf, toPhrase } from '../../../src/search/catalogue/spellings.js'
import { verbalize } from '../../../src/search/catalogue/spoken-numbers.js'
import { seededRandom } from '../../../src/domain/scoring/seeded-random.js'

const has = (t: Test, names: string[], ...expected: string[]): void => {
  const spellings = spellingsOf(names)
  for (const one of expected) t.ok(spellings.includes(one), `${names.join('|')} may be written "${one}"`)
}

t.test('cases, signs, hyphens and accents are written as models write them', (t) => {
  has(t, ['Running Shoes'], 'Running Shoes', 'running shoes', 'Running shoes')
  has(t, ['H&M'], 'H&M', 'H and M', 'h and m')
  has(t, ['E-Mail'], 'e-mail', 'e mail', 'email', 'Email')
  has(t, ['L\'Oréal'], 'L\'Oréal', 'l\'oreal', 'Loréal')
  has(t, ['iPhone15'], 'iPhone 15', 'iPhone fifteen')
  t.end()
})

t.test('numbers are written in figures and in words, whichever the catalogue has', (t) => {
  has(t, ['Route 66'], 'Route 66', 'route sixty six', 'route six six')
  has(t, ['Route Sixty Six'], 'Route 66', 'route 66')
  has(t, ['1984'], 'nineteen eighty four', 'one nine eight four')
  has(t, ['Gate 205'], 'gate two oh five', 'gate two hundred five', 'gate two hundred and five')
  has(t, ['1st Avenue'], 'first avenue')
  has(t, ['2.5 kg flour'], 'two point five kg flour')
  t.notOk(spellingsOf(['1st Avenue']).some((one) => one.includes(' st ')), 'an ordinal is not taken apart')
  t.end()
})

t.test('a script without cases has one spelling', (t) => {
  t.same(spellingsOf(['شاي أخضر']), ['شاي أخضر'])
  t.end()
})

t.test('spellings are bounded, never twice, the given ones first, and no alias goes without', (t) => {
  const aliases = Array.from({ length: 15 }, (_, i) => `Alias-${i} & ${i * 111}`)
  const spellings = spellingsOf(['The 12 Name', ...aliases])
  t.equal(spellings.length, MAX_SPELLINGS)
  t.equal(new Set(spellings).size, spellings.length)
  t.same(spellings, ['The 12 Name', ...aliases])
  t.same(spellingsOf(['Tea', 'Chai'], 3), ['Tea', 'Chai', 'tea'])
  t.same(toPhrase({ name: 'Tea', aliases: [], weight: 4 }), { spellings: ['Tea', 'tea'], weight: 4 })
  t.equal(maxSpellings(10), MAX_SPELLINGS)
  t.ok(maxSpellings(100_000) >= 4, 'of the largest catalogue')
  t.end()
})

t.test('whatever a name is made of, it has a spelling, and none is empty', (t) => {
  for (const name of [
    '&', '---', '007', '1234567890123', '½', '…', 'a'.repeat(200), '9'.repeat(200), '+ + +', 'e=mc2',
  ]) {
    const spellings = spellingsOf([name])
    t.ok(spellings.length >= 1, name.slice(0, 20))
    t.ok(spellings.every((one) => one.trim() === one && one !== ''), name.slice(0, 20))
    t.equal(spellings[0], name)
  }
  t.end()
})

const PIECES = [
  'a', 'B', 'é', 'ß', 'İ', 'ﬁ', 'Σ', 'ǆ', '1', '20', '1984', '007', '1st', '22nd', 'Route', 'Sixty', 'six', 'one',
  'hundred', 'and', 'million', '&', '+', '%', '.', ' ', '-', '–', '’', '/', '(', '漢字', '한국', 'شاي', '2.5', 'iPhone15',
  '٣', '12345678', '1234567', '1000000', '½', 'oh', 'o', '\u0301', 'AC/DC',
]

/** More than any list of names has. */
const ALL = 1_000

/** Of all spellings of the made-up lists below, as they were when two implementations of the rules agreed on them. */
const PINNED = '7ff70d0a1c1aa107c5faf5b630429bcf3112b5d35956de59c15932b2f074f577'

function listsOfNames(): readonly (readonly string[])[] {
  const random = seededRandom(13)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
  const madeUp = (): string => {
    const pieces = Array.from({ length: 1 + Math.floor(random() * 9) }, () => pick(PIECES))
    return pieces.join(pick(['', ' '])).normalize('NFC').replace(/\s+/g, ' ').trim() || 'x'
  }
  return Array.from({ length: 4_000 }, () => Array.from({ length: 1 + Math.floor(random() * 4) }, madeUp))
}

t.test('all spellings of a few names, in their order', (t) => {
  const table: Readonly<Record<string, readonly string[]>> = {
    'H&M': ['H&M', 'h&m', 'H&m', 'H and M', 'h and m', 'H and m', 'H And M'],
    'E-Mail': ['E-Mail', 'e-mail', 'E-mail', 'E Mail', 'e mail', 'E mail', 'EMail', 'email', 'Email'],
    'L\'Oréal': ['L\'Oréal', 'l\'oréal', 'L\'oréal', 'L\'Oreal', 'l\'oreal', 'L\'oreal', 'LOréal', 'loréal', 'Loréal'],
    'Route Sixty Six': ['Route Sixty Six', 'route sixty six', 'Route sixty six', 'Route 66', 'route 66'],
    '1st Avenue': ['1st Avenue', '1st avenue', 'first Avenue', 'first avenue', 'First avenue', 'First Avenue'],
    'Gate 205': [
      'Gate 205', 'gate 205', 'Gate two hundred five', 'gate two hundred five', 'Gate Two Hundred Five',
      'Gate two hundred and five', 'gate two hundred and five', 'Gate Two Hundred And Five', 'Gate two oh five',
      'gate two oh five', 'Gate Two Oh Five', 'Gate two zero five', 'gate two zero five', 'Gate Two Zero Five',
    ],
    '2.5 kg': [
      '2.5 kg', '2.5 Kg', '2 point 5 kg', '2 Point 5 Kg', 'two point five kg', 'Two point five kg',
      'Two Point Five Kg',
    ],
    'AC/DC': ['AC/DC', 'ac/dc', 'Ac/dc', 'AC DC', 'ac dc', 'Ac dc', 'Ac Dc'],
  }
  t.same(spellingsOf(['Y'], ALL), ['Y', 'y', 'why', 'Why'], 'a letter has its name')
  t.same(spellingsOf(['constructor'], ALL), ['constructor', 'Constructor'], 'a word that is a name in JavaScript')
  for (const [name, spellings] of Object.entries(table)) t.same(spellingsOf([name], ALL), spellings, name)
  const inTurns = ['Tea 2', 'Chai', 'tea 2', 'chai', 'Tea two', 'tea two', 'Tea Two']
  t.same(spellingsOf(['Tea 2', 'Chai'], ALL), inTurns, 'names take turns')
  t.end()
})

t.test('names of every kind are spelled as they always were', (t) => {
  const digest = createHash('sha256')
  for (const names of listsOfNames()) digest.update(JSON.stringify(spellingsOf(names, ALL)))
  t.equal(digest.digest('hex'), PINNED)
  t.end()
})

t.test('fewer spellings are the first of all of them', (t) => {
  const differing = listsOfNames().flatMap((names) => {
    const all = spellingsOf(names, ALL)
    const isFirstOfAll = (most: number): boolean => isDeepStrictEqual(spellingsOf(names, most), all.slice(0, most))
    const wrong = [1, 3, 8, MAX_SPELLINGS].filter((most) => !isFirstOfAll(most))
    return wrong.map((most) => ({ names, most }))
  })
  t.same(differing, [])
  t.end()
})

t.test('numbers are read as the library reads them', (t) => {
  const library = new ToWords()
  const random = seededRandom(7)
  const numbers = [
    ...Array.from({ length: 2_100 }, (_, value) => value), 999_999, 1_000_000, 1_000_001, 9_999_999,
    ...Array.from({ length: 5_000 }, () => Math.floor(10 ** (7 * random()))),
  ]
  t.same(numbers.filter((value) => verbalize(String(value), 'whole') !== library.convert(value).toLowerCase()), [])
  t.same(numbers.filter((value) => verbalize(`${value}th`, 'whole') !== library.toOrdinal(value).toLowerCase()), [])
  t.end()
})

t.test('the worst name of two hundred characters takes moments', (t) => {
  const worst = [
    '1 '.repeat(100), '1234 '.repeat(40), 'a1'.repeat(100), '1'.repeat(199) + 'a', '$1 '.repeat(66),
    '\ufdfa'.repeat(200), `e${'\u0301\u0323'.repeat(99)}`, '1st '.repeat(50), 'million '.repeat(25), '['.repeat(200),
    '. '.repeat(100),
  ]
  for (const name of worst) {
    const since = process.cpuUsage()
    for (let round = 0; round < 20; round++) spellingsOf([name.trim()])
    const { user } = process.cpuUsage(since)
    t.ok(user / 20_000 < 20, `${JSON.stringify(name.slice(0, 12))}: ${user / 20_000} ms`)
  }
  t.end()
})
