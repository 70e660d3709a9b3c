/** The ways in which an entry may be written by a model that hears it. */
import t, { type Test } from 'tap'
import { MOST_SPELLINGS, mostSpellings, spellingsOf, toPhrase } from '../../src/catalogue/spellings.js'

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
  t.equal(spellings.length, MOST_SPELLINGS)
  t.equal(new Set(spellings).size, spellings.length)
  t.same(spellings, ['The 12 Name', ...aliases])
  t.same(spellingsOf(['Tea', 'Chai'], 3), ['Tea', 'Chai', 'tea'])
  t.same(toPhrase({ name: 'Tea', aliases: [], weight: 4 }), { spellings: ['Tea', 'tea'], weight: 4 })
  t.equal(mostSpellings(10), MOST_SPELLINGS)
  t.ok(mostSpellings(100_000) >= 4, 'of the largest catalogue')
  t.end()
})

t.test('whatever a name is made of, it has a spelling, and none is empty', (t) => {
  for (const name of ['&', '---', '007', '1234567890123', '½', '…', 'a'.repeat(200), '9'.repeat(200), '+ + +', 'e=mc2']) {
    const spellings = spellingsOf([name])
    t.ok(spellings.length >= 1, name.slice(0, 20))
    t.ok(spellings.every((one) => one.trim() === one && one !== ''), name.slice(0, 20))
    t.equal(spellings[0], name)
  }
  t.end()
})
