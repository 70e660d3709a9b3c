/**
 * No list and no catalogue keeps the server from answering others for more than a moment. What a moment is depends on
 * the machine, so steps are compared with the whole work that they are a part of, in the same process.
 */
import t from 'tap'
import { makeCatalogue } from '../../../src/search/catalogue/catalogue.js'
import type { Entry } from '../../../src/search/catalogue/entry.js'
import { InlineLists, readPhrases } from '../../../src/search/catalogue/inline.js'
import { parseCatalogue } from '../../../src/search/catalogue/parse.js'
import { validate } from '../../../src/search/catalogue/validation.js'
import { seededRandom } from '../../../src/domain/scoring/seeded-random.js'

/** Of each step the shortest of so many runs counts: the others hold garbage collection and other programs too. */
const RUNS = 3

/**
 * How long each step takes, milliseconds. The clock that decides when a turn is over jumps at every look, so that each
 * turn is one step: what is done between two looks.
 */
async function stepsOf(work: () => Promise<unknown>): Promise<number[]> {
  const shortest: number[] = []
  for (let run = 0; run < RUNS; run++) {
    const steps = await stepsOfOneRun(work)
    if (run > 0) t.equal(steps.length, shortest.length, 'every run has the same steps')
    for (const [index, step] of steps.entries()) shortest[index] = Math.min(step, shortest[index] ?? Infinity)
  }
  return shortest
}

async function stepsOfOneRun(work: () => Promise<unknown>): Promise<number[]> {
  const now = performance.now.bind(performance)
  const steps: number[] = []
  let isOn = true
  let jumped = 0
  performance.now = () => (jumped += 1_000)
  try {
    let last = now()
    const look = (): void => {
      steps.push(now() - last)
      last = now()
      if (isOn) setImmediate(look)
    }
    setImmediate(look)
    await work()
  } finally {
    isOn = false
    performance.now = now
  }
  return steps
}

/** No step is more than this part of the whole. */
function isShort(steps: readonly number[], part: number): boolean {
  return longest(steps) <= part * sum(steps)
}

const sum = (steps: readonly number[]): number => steps.reduce((total, step) => total + step, 0)
const longest = (steps: readonly number[]): number => steps.reduce((most, step) => Math.max(most, step), 0)
const random = seededRandom(21)
const digits = (count: number): string => Array.from({ length: count }, () => Math.floor(10 * random())).join('')

t.test('phrases full of numbers are made ready a phrase at a time, and at once the second time', async (t) => {
  const phrases = Array.from({ length: 200 }, () => Array.from({ length: 20 }, () => digits(4)).join(' '))
  const inline = readPhrases(phrases, 'phrases')
  const make = async (lists: InlineLists): Promise<void> => {
    await Promise.all([lists.list(inline, 'a client'), lists.searchable(inline, 'a client')])
  }
  let lists = new InlineLists()
  const steps = await stepsOf(() => make(lists = new InlineLists()))
  t.ok(steps.length >= 2 * phrases.length, `${steps.length} steps`)
  t.ok(isShort(steps, 1 / 20), `${longest(steps)} of ${sum(steps)} ms`)
  const again = await stepsOf(() => make(lists))
  t.ok(again.length <= 2, `${again.length} steps`)
})

t.test('requests with lists of their own at the same time have their turns one after the other', async (t) => {
  const given = Array.from({ length: 50 }, () =>
    readPhrases(Array.from({ length: 20 }, () => `${digits(4)} ${digits(4)} ${digits(4)}`), 'phrases'))
  const steps = await stepsOf(async () => {
    const lists = new InlineLists()
    await Promise.all(given.map((inline, index) => lists.list(inline, `client ${index}`)))
  })
  t.ok(steps.length >= 50 * 20, `${steps.length} steps`)
  t.ok(isShort(steps, 1 / 20), `${longest(steps)} of ${sum(steps)} ms`)
})

const rows = Array.from({ length: 4_000 }, (_, id) => JSON.stringify({
  id: digits(12) + id,
  name: `Model ${digits(7)}`,
  aliases: Array.from({ length: 16 }, () => `Alias ${digits(4)} ${digits(3)}`),
}))

t.test('a catalogue of numeric aliases is read, made and looked through in short steps', async (t) => {
  const bytes = Buffer.from(rows.join('\n'))
  let entries: readonly Entry[] = []
  const reading = await stepsOf(async () => { entries = await parseCatalogue(bytes, 'jsonl') })
  t.ok(reading.length >= bytes.length / 32_768, `${reading.length} steps`)
  t.ok(isShort(reading, 1 / 4), `${longest(reading)} of ${sum(reading)} ms reading`)
  t.same(entries.map(({ id }) => id), entries.map(({ id }) => id).toSorted(), 'by id')
  const some = entries.slice(0, 300)
  const making = await stepsOf(async () => {
    const { catalogue } = await makeCatalogue('shop', 1, some)
    await validate(some, catalogue.index.names, [])
  })
  t.ok(making.length >= 17 * some.length, `${making.length} steps`)
  t.ok(isShort(making, 1 / 20), `${longest(making)} of ${sum(making)} ms making`)
})

t.test('one entry of the longest names does not hold up anybody', async (t) => {
  const worst = [
    '1 '.repeat(99), 'a1'.repeat(100), '\ufdfa'.repeat(200), `e${'\u0301\u0323'.repeat(99)}`, '$1 '.repeat(66),
    '1'.repeat(200),
  ]
  for (const name of worst.map((one) => one.trim())) {
    const aliases = Array.from({ length: 16 }, (_, index) => `${name.slice(0, 195)} ${index}`)
    const steps = await stepsOf(() => makeCatalogue('shop', 1, [{ id: 'x', name, aliases, weight: 1, tags: [] }]))
    t.ok(isShort(steps, 1 / 4), `${longest(steps)} of ${sum(steps)} ms for ${JSON.stringify(name.slice(0, 8))}`)
  }
})
