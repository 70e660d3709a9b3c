/** Numbers as digits and as words: the table of docs/spelling.md, what stays as it is, and the way there and back. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { projectRoot } from '../../../src/domain/project-root.js'
import { seededRandom } from '../../../src/domain/scoring/seeded-random.js'
import { formatText } from '../../../src/recognition/formatting/format-transcript.js'

const digits = (text: string): string => formatText(text, 'en', { format: 'modern', numbers: 'digits' })
const words = (text: string): string => formatText(text, 'en', { format: 'modern', numbers: 'words' })

function documented(heading: string): [string, string][] {
  const text = readFileSync(path.join(projectRoot, 'docs/spelling.md'), 'utf8')
  const section = text.split(/^## /m).find((part) => part.startsWith(heading))!
  return [...section.matchAll(/^\| ([^`|]+) \| ([^`|]+) \|$/gm)]
    .map(([, from, to]) => [from!, to!] as [string, string]).filter(([from]) => !/^(---|said|written)/.test(from))
}

t.test('number words become digits as docs/spelling.md says', async (t) => {
  const cases = documented('Numbers as digits')
  t.ok(cases.length >= 30, `${cases.length} cases`)
  for (const [said, written] of cases) t.equal(digits(said), written)
})

t.test('digits become words as docs/spelling.md says', async (t) => {
  const cases = documented('Numbers as words')
  t.ok(cases.length >= 15, `${cases.length} cases`)
  for (const [written, said] of cases) t.equal(words(written), said)
})

t.test('what can be read in several ways stays as heard', async (t) => {
  const cases = [
    'no one', 'one of them', 'a hundred times', 'hundreds of people', 'seven eleven', 'one two', 'three thirty',
    'a twenty second timer', 'second to none', 'fourteen, sixty two', 'ten, twenty, thirty', 'oh no', 'first of all',
    'five five', 'thousands', 'forty seven eleven', 'a table for four', 'point taken', 'the one',
  ]
  for (const text of cases) t.equal(digits(text), text)
})

t.test('figures with other signs stay as they are', async (t) => {
  for (const text of ['MP3', '5-10', '1/2', 'B2B', '4K', '3D', '192.168.0.1', '12:75', '2nd-hand']) {
    t.equal(words(text), text)
    t.equal(digits(text), text)
  }
})

t.test('marks and the words around a number stay', async (t) => {
  t.equal(digits('"Twenty-five dollars," she said.'), '"$25," she said.')
  t.equal(digits('At (three thirty p.m.), please.'), 'At (3:30 p.m.), please.')
  t.equal(digits('It is twenty five. One more.'), 'It is 25. One more.')
  t.equal(words('Press 1. 2 is next.'), 'Press one. Two is next.')
})

t.test('a number in words and back is the same number', async (t) => {
  const random = seededRandom(5)
  const drawn = Array.from({ length: 3_000 }, () => Math.floor(10 ** (1 + 5 * random())))
  const numbers = [...Array.from({ length: 3_000 }, (_, index) => index + 10), ...drawn]
  for (const number of numbers) {
    const back = digits(words(String(number))).replaceAll(',', '')
    if (back !== String(number)) t.fail(`${number} → ${words(String(number))} → ${back}`)
    const money = `$${number.toLocaleString('en-US')}`
    if (digits(words(money)).replaceAll(',', '') !== `$${number}`) t.fail(`${money} → ${words(money)}`)
  }
  for (let cents = 1; cents < 100; cents++) {
    const price = `$7.${String(cents).padStart(2, '0')}`
    t.equal(digits(words(price)), price)
    t.equal(digits(words(`${cents}%`)), `${cents}%`)
  }
  for (let minute = 0; minute < 60; minute++) {
    const time = `7:${String(minute).padStart(2, '0')} p.m.`
    t.equal(digits(words(time)), minute === 0 ? '7 o\'clock p.m.' : time)
  }
  for (let day = 1; day <= 31; day++) {
    const date = `May ${day}${['th', 'st', 'nd', 'rd'][day > 10 && day < 14 ? 0 : day % 10] ?? 'th'}`
    t.equal(digits(words(date)), date)
  }
})

t.test('other languages stay as heard', async (t) => {
  t.equal(formatText('twenty five', 'de', { format: 'modern', numbers: 'digits' }), 'twenty five')
  t.equal(formatText('25', 'de', { format: 'modern', numbers: 'words' }), '25')
})

t.test('a long text takes no time', async (t) => {
  const since = performance.now()
  for (const piece of ['twenty ', 'one ', 'hundred ', 'and ', 'one, ', '1', '1 ', 'point one ', 'twenty-']) {
    digits(piece.repeat(5_000))
    words(piece.repeat(5_000))
  }
  t.ok(performance.now() - since < 5_000, `${performance.now() - since} ms`)
})
