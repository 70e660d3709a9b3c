/** No list and no catalogue keeps the server from answering others for more than a moment. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { makeCatalogue } from '../../src/catalogue/catalogue.js'
import type { Entry } from '../../src/catalogue/entry.js'
import { InlineLists, readPhrases } from '../../src/catalogue/inline.js'
import { parseCatalogue } from '../../src/catalogue/parse.js'
import { validate } from '../../src/catalogue/validation.js'
import { seededRandom } from '../../src/scoring/seeded-random.js'

/** CPU time of the main thread, milliseconds; undefined where the kernel does not tell. Other processes of the machine do not count. */
function threadMs(): number | undefined {
  try {
    return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'latin1').split(' ')[0]) / 1e6
  } catch {
    return undefined
  }
}

/** The longest that the thread computed between two rounds of the event loop; the few longest may be garbage collection and compilation. */
async function longestTurns(work: () => Promise<unknown>): Promise<number[]> {
  const turns: number[] = []
  let isOn = true
  let last = threadMs()!
  const look = (): void => {
    const now = threadMs()!
    turns.push(now - last)
    last = now
    if (isOn) setImmediate(look)
  }
  setImmediate(look)
  await work()
  isOn = false
  return turns.sort((a, b) => b - a)
}

const skip = threadMs() === undefined ? 'the kernel tells no CPU time of a thread' : false
const random = seededRandom(21)
const digits = (count: number): string => Array.from({ length: count }, () => Math.floor(10 * random())).join('')

t.test('phrases full of numbers are made ready in short turns, and at once the second time', { skip }, async (t) => {
  const phrases = Array.from({ length: 200 }, () => Array.from({ length: 20 }, () => digits(4)).join(' '))
  const lists = new InlineLists()
  const make = async (): Promise<void> => {
    const inline = readPhrases(phrases, 'phrases')
    await Promise.all([lists.list(inline), lists.searchable(inline)])
  }
  const first = await longestTurns(make)
  t.ok(first[2]! < 20, `${first[2]} ms`)
  const again = await longestTurns(make)
  t.ok(again.reduce((sum, one) => sum + one, 0) < 20)
})

t.test('fifty requests with lists of their own at the same time have their turns one after the other', { skip }, async (t) => {
  const lists = new InlineLists()
  const given = Array.from({ length: 50 }, () => readPhrases(Array.from({ length: 20 }, () => `${digits(4)} ${digits(4)} ${digits(4)}`), 'phrases'))
  const turns = await longestTurns(() => Promise.all(given.map((inline) => lists.list(inline))))
  t.ok(turns[2]! < 25, `${turns[2]} ms`)
})

t.test('a catalogue of numeric aliases is read, made and looked through in short turns', { skip }, async (t) => {
  const rows = Array.from({ length: 1_500 }, (_, id) => JSON.stringify({ id: digits(12) + id, name: `Model ${digits(7)}`, aliases: Array.from({ length: 16 }, () => `Alias ${digits(4)} ${digits(3)}`) }))
  const bytes = Buffer.from(rows.join('\n'))
  let entries: readonly Entry[] = []
  const reading = await longestTurns(async () => { entries = await parseCatalogue(bytes, 'jsonl') })
  t.ok(reading[3]! < 25, `${reading[3]} ms reading`)
  t.same(entries.map(({ id }) => id), entries.map(({ id }) => id).toSorted(), 'by id')
  const made = await longestTurns(async () => {
    const { catalogue } = await makeCatalogue('shop', 1, entries)
    await validate(entries, catalogue.index.names, [])
  })
  t.ok(made[3]! < 25, `${made[3]} ms making`)
})

t.test('one entry of the longest names does not hold up anybody', { skip }, async (t) => {
  const worst = ['1 '.repeat(99), 'a1'.repeat(100), '\ufdfa'.repeat(200), `e${'\u0301\u0323'.repeat(99)}`, '$1 '.repeat(66), '1'.repeat(200)]
  for (const name of worst.map((one) => one.trim())) {
    const entry: Entry = { id: 'x', name, aliases: Array.from({ length: 16 }, (_, index) => `${name.slice(0, 195)} ${index}`), weight: 1, tags: [] }
    const turns = await longestTurns(() => makeCatalogue('shop', 1, [entry]))
    t.ok(turns[1]! < 25, `${turns[1]} ms for ${JSON.stringify(name.slice(0, 8))}`)
  }
})
