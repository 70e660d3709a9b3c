/** What becomes a catalogue and what does not: each fault by its code and its line, and hostile files end early. */
import t from 'tap'
import { MAX_ENTRIES, MAX_ROW_CHARACTERS, type Entry } from '../../../src/search/catalogue/entry.js'
import { readPhrases } from '../../../src/search/catalogue/inline.js'
import { formatOfUpload, parseCatalogue, type CatalogueFormat } from '../../../src/search/catalogue/parse.js'
import { SpeechError } from '../../../src/domain/errors.js'

const parse = (text: string, format: CatalogueFormat = 'csv'): Promise<Entry[]> =>
  parseCatalogue(Buffer.from(text), format)
const entry = (id: string, name: string, rest: Partial<Entry> = {}): Entry =>
  ({ id, name, aliases: [], weight: 1, tags: [], ...rest })

t.test('both formats say the same', async (t) => {
  const expected = [
    entry('1', 'Running "pro" shoes, red', { aliases: ['jogger', 'trainers'], weight: 2.5, tags: ['sale'] }),
    entry('2', 'Tea'),
  ]
  t.same(
    await parse('id,name,aliases,weight,tags\n2,Tea,,,\n1,"Running ""pro"" shoes, red",jogger|trainers,2.5,sale\n'),
    expected,
  )
  t.same(
    await parse(
      '{"id":"2","name":"Tea"}\n\n{"id":1,"name":"Running \\"pro\\" shoes, red","aliases":["jogger","trainers"],"weight":2.5,"tags":["sale"]}',
      'jsonl',
    ),
    expected,
  )
})

t.test('spreadsheets: byte order mark, CRLF, semicolons or tabs, upper-case headings, extra columns', async (t) => {
  for (const delimiter of [',', ';', '\t']) {
    const rows = [
      ['Price', 'ID', 'Name', 'Aliases'], ['9,99', 'b', 'Tee', 'Grüner Tee|'], ['"1"', 'a', '  Kaffee   groß ', ''],
    ]
    const text = `\ufeff${rows.map((row) => row.map((cell) => (cell.includes(delimiter) ? `"${cell}"` : cell)).join(delimiter)).join('\r\n')}`
    t.same(
      await parse(text), [entry('a', 'Kaffee groß'), entry('b', 'Tee', { aliases: ['Grüner Tee'] })],
      JSON.stringify(delimiter),
    )
  }
})

t.test('rows in another order, cut at other places, make the same catalogue', async (t) => {
  const rows = Array.from({ length: 3_000 }, (_, i) => `id${i},"name ${i} of ü, é and 茶",alias ${i}`)
  const straight = await parse(['id,name,aliases', ...rows].join('\n'))
  t.equal(straight.length, 3_000)
  t.same(await parse(['id,name,aliases', ...rows.reverse()].join('\n')), straight)
  t.same(
    await parse(
      rows
        .map((_, i) => JSON.stringify({ id: `id${i}`, name: `name ${i} of ü, é and 茶`, aliases: [`alias ${i}`] }))
        .join('\n'),
      'jsonl',
    ),
    straight,
  )
})

t.test('one name has one spelling, and text is text in whatever direction it is written', async (t) => {
  const [first] = await parse('id,name\n1,Cafe\u0301')
  t.equal(first!.name, 'Caf\u00e9')
  t.same(
    await parse('id,name\n1,شاي أخضر\n2,תה ירוק\n3,می‌خواهم'),
    [entry('1', 'شاي أخضر'), entry('2', 'תה ירוק'), entry('3', 'می‌خواهم')], 'a joiner too',
  )
})

t.test('every fault has its code, its line and its field', async (t) => {
  const cases: [string, CatalogueFormat, RegExp, string | undefined][] = [
    ['', 'csv', /it has no entries/, undefined],
    ['name\na', 'csv', /line 1: has no column "id"/, 'id'],
    ['id,name\n', 'csv', /it has no entries/, undefined],
    ['id,nam\n1,a', 'csv', /line 1: has no column "name"/, 'name'],
    ['id,name,Name\n1,a,b', 'csv', /line 1: names the column "name" twice/, undefined],
    ['id,name\n1,a\n2,b,c\n', 'csv', /line 3: /, undefined],
    ['id,name\n1,"a\n2,b\n', 'csv', /line 3: .*quote/i, undefined],
    ['id,name\n1,\n', 'csv', /line 2: name is missing/, 'name'],
    ['id,name\n1,a\n1,b', 'csv', /line 3: id "1" is already in line 2/, 'id'],
    ['id,name\n1,a\u0007', 'csv', /line 2: name has the character U\+0007/, 'name'],
    ['id,name\n1,"a\nb"', 'csv', /name has the character U\+000A/, 'name'],
    ['id,name\n1,a\u202eb', 'csv', /U\+202E/, 'name'],
    ['id,name\n1,a\u2066b', 'csv', /U\+2066/, 'name'],
    ['id,name,weight\n1,a,-1', 'csv', /line 2: weight/, 'weight'],
    ['id,name,weight\n1,a,1e9', 'csv', /line 2: weight/, 'weight'],
    ['id,name,weight\n1,a,1001', 'csv', /line 2: weight/, 'weight'],
    [`id,name\n1,${'x'.repeat(201)}`, 'csv', /line 2: name has more than 200/, 'name'],
    [
      `id,name,aliases\n1,a,${Array.from({ length: 17 }, (_, i) => i).join('|')}`, 'csv',
      /line 2: aliases has more than 16/, 'aliases',
    ],
    ['{"id":1}', 'jsonl', /line 1: name is missing/, 'name'],
    ['\n{"id":1,"name":"a"}\n{"id":2,', 'jsonl', /line 3: is not JSON/, undefined],
    ['[1,"a"]', 'jsonl', /line 1: is not an object/, undefined],
    ['{"id":1,"name":"\\ud800"}', 'jsonl', /U\+D800/, 'name'],
    ['{"id":1,"name":["a"]}', 'jsonl', /name must be text/, 'name'],
    ['{"id":1,"name":"a","aliases":"b"}', 'jsonl', /aliases must be a list/, 'aliases'],
    ['{"id":1,"name":"a","weight":"2"}', 'jsonl', /weight must be a number/, 'weight'],
    ['{"id":{},"name":"a"}', 'jsonl', /id must be text/, 'id'],
    ['{"__proto__":{"id":1},"name":"a"}', 'jsonl', /id is missing/, 'id'],
  ]
  for (const [text, format, message, parameter] of cases) {
    await t.rejects(
      parse(text, format), { code: 'CATALOGUE_INVALID', message, parameter }, JSON.stringify(text.slice(0, 40)),
    )
  }
  await t.rejects(
    parseCatalogue(Buffer.from([...Buffer.from('id,name\n1,'), 0xff, 0xfe]), 'csv'),
    { code: 'CATALOGUE_INVALID', message: /UTF-8/ },
  )
})

t.test('a row of a megabyte, and nesting without end, are refused by the limit of a row', async (t) => {
  const long = { code: 'CATALOGUE_INVALID', message: new RegExp(`more than ${MAX_ROW_CHARACTERS} characters`) }
  await t.rejects(parse(`id,name\n1,${'x'.repeat(1e6)}\n`), long)
  await t.rejects(parse(`id,name\n1,"${'x\n'.repeat(5e5)}`), long, 'inside quotes that never end')
  await t.rejects(parse('x'.repeat(1e6)), long, 'a heading')
  await t.rejects(parse(`{"id":1,"name":"${'x'.repeat(1e6)}"}`, 'jsonl'), long)
  await t.rejects(parse('['.repeat(1e6), 'jsonl'), long)
})

t.test('a million rows end at the limit of entries, and others get their turn meanwhile', async (t) => {
  const million = Buffer.from(`id,name\n${Array.from({ length: 1e6 }, (_, i) => `${i},n`).join('\n')}`)
  let turns = 0
  const watch = setInterval(() => { turns++ }, 1)
  const since = performance.now()
  await t.rejects(parseCatalogue(million, 'csv'), {
    code: 'CATALOGUE_TOO_LARGE', message: new RegExp(`${MAX_ENTRIES} entries`),
  })
  clearInterval(watch)
  t.ok(turns > 10, `${turns} turns in ${Math.round(performance.now() - since)} ms`)
})

t.test('the format is the media type, or the first character where that says nothing', (t) => {
  t.equal(formatOfUpload('text/csv; charset=utf-8', Buffer.from('{')), 'csv')
  t.equal(formatOfUpload('application/x-ndjson', Buffer.from('id')), 'jsonl')
  t.equal(formatOfUpload('application/x-www-form-urlencoded', Buffer.from('\ufeff {"id"')), 'jsonl')
  t.equal(formatOfUpload('', Buffer.from('id,name')), 'csv')
  t.end()
})

t.test('phrases of a request are checked as names are, and one list has one id', (t) => {
  const { phrases, id } = readPhrases(['tea ', 'coffee', 'tea'], 'phrases')
  t.same(phrases, ['coffee', 'tea'])
  t.equal(readPhrases(['coffee', 'tea'], 'phrases').id, id)
  t.not(readPhrases(['coffee'], 'phrases').id, id)
  for (const given of [['a\u0000'], [' '], ['x'.repeat(101)], Array.from({ length: 201 }, String)]) {
    t.throws(() => readPhrases(given, 'prompt'), new SpeechError('REQUEST_INVALID').constructor)
    t.throws(() => readPhrases(given, 'prompt'), { code: 'REQUEST_INVALID', parameter: 'prompt' })
  }
  t.end()
})
