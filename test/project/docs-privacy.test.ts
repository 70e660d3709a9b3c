/**
 * docs/privacy.md and docs/security.md against the code: what they list of tokens, log lines, the drift record and
 * bounds is what there is.
 */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { BENCHES } from '../../bench/benches.js'
import t from 'tap'
import { MAX_PHRASE_CHARACTERS, MAX_PHRASES } from '../../src/search/catalogue/inline.js'
import { ClipRecord } from '../../src/monitoring/drift/record.js'
import { ERRORS, SpeechError } from '../../src/domain/errors.js'
import { digestOfTranscript, issueToken, readToken } from '../../src/monitoring/feedback/token.js'
import { projectRoot } from '../../src/domain/project-root.js'
import { SETTINGS } from '../../src/domain/settings.js'
import { REPORT, setUp, post, CLIP } from '../serving/http/fake-service.js'
import { drawRow } from '../monitoring/drift/rows.js'

const read = (file: string): string => readFileSync(path.join(projectRoot, file), 'utf8')

/** Rows of the tables below a heading, as cells. */
function rowsBelow(file: string, heading: string): string[][] {
  const section = read(file)
    .split(/^#+ /m)
    .find((part) => part.startsWith(`${heading}\n`))!
  return section
    .split('\n')
    .filter((line) => /^\| (?!---)/.test(line))
    .slice(1)
    .map((line) =>
      line
        .slice(2, -2)
        .split(' | ')
        .map((cell) => cell.trim()),
    )
}

const words = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, word]) => word!)

/** Fields of a log line, without those that every line has; those with a star need not be there. */
const LINES = new Map(
  rowsBelow('docs/privacy.md', 'Log').map(([message, fields = '']) => {
    const optional = [...fields.matchAll(/`(\w+)`\*/g)].map(([, name]) => name!)
    return [words(message!)[0]!, { all: words(fields), optional }] as const
  }),
)

/** The call of a function, from its opening parenthesis on. */
function callAt(source: string, start: number): string {
  let depth = 0
  for (let at = start; at < source.length; at++) {
    if (source[at] === '(') depth++
    if (source[at] === ')' && --depth === 0) return source.slice(start, at)
  }
  throw new Error('a parenthesis is not closed')
}

/** The messages that a source logs: the last argument of each call, a string or a constant that is one. */
function messagesOf(source: string): string[] {
  const calls = [...source.matchAll(/\blog(?:ger)?(?:\.(?:trace|debug|info|warn|error|fatal)|\[[^\]]+\])(?=\()/g)]
  return calls.map(({ 0: name, index }) => {
    const call = callAt(source, index + name.length)
    const [, text, constant] = /(?:'([^']+)'|\b([A-Za-z_]\w*))\s*$/.exec(call) ?? []
    const message = text ?? new RegExp(`\\bconst ${constant} =\\s*'([^']+)'`).exec(source)?.[1]
    if (message === undefined) throw new Error(`the message of ${name}${call.slice(0, 100)} is no string`)
    return message
  })
}

t.test('a message of a constant counts like one that is written out', (t) => {
  const source =
    "const LOUD = 'a constant'\nlogger.warn({ host }, LOUD)\nrequest.log[x ? 'info' : 'warn']({ a: f(1) }, 'b (c)')"
  t.same(messagesOf(source), ['a constant', 'b (c)'])
  t.throws(() => messagesOf('logger.warn({ host }, elsewhere)'))
  t.end()
})

t.test('a token holds the fields that are listed, in that order, and no word', async (t) => {
  const secret = 'a secret of thirty-two characters'
  const facts = {
    id: 'answer-1',
    model: 'm',
    language: 'en',
    issuedSeconds: 1_800_000_000,
    words: 3,
    confidence: 0.9,
    transcriptDigest: digestOfTranscript('play some jazz'),
  }
  const token = issueToken(facts, secret)
  const listed = rowsBelow('docs/privacy.md', 'Feedback tokens').map(([field]) => words(field!)[0]!)
  t.same(Object.keys(readToken(token, secret)), listed)
  const content = Buffer.from(token, 'base64url').subarray(1, -32).toString()
  t.same(
    JSON.parse(content),
    listed.map((field) => facts[field as keyof typeof facts]),
    'readable without the secret, as the page says',
  )
  t.notMatch(content, /jazz/)
})

t.test('every message of the log is listed, and no other', async (t) => {
  const files = [
    'src/main.ts',
    'src/serving/logger.ts',
    ...readdirSync(path.join(projectRoot, 'src/serving/http'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => `src/serving/http/${name}`),
  ]
  const logged = new Set(files.flatMap((file) => messagesOf(read(file))))
  t.ok(logged.size > 20)
  t.same([...LINES.keys()].sort(), [...logged].sort())
  const elsewhere = readdirSync(path.join(projectRoot, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !/^(serving\/http\/|serving\/logger|serving\/welcome|main|commands\/)/.test(name))
    .filter((name) =>
      /\b(?:log|logger)\.(?:trace|debug|info|warn|error|fatal)\(|process\.std(?:out|err)\.write|console\.\w+\(/.test(
        read(`src/${name}`),
      ),
    )
  t.same(elsewhere, [], 'nothing else of the service writes')
})

t.test('lines of requests have the fields that are listed, and no word of a user', async (t) => {
  const catalogue = 'id,name\none,purple rhinoceros\n'
  const service = await setUp(t, {}, { answer: async () => ({ ...REPORT, cascade: null }) })
  const answer = (await (
    await post(`${service.url}/v1/transcriptions?phrases=secret%20phrase`, CLIP, {
      'earshot-session': 'secret session',
      authorization: 'Bearer secret key',
    })
  ).json()) as { feedbackToken: string }
  const json = { 'content-type': 'application/json' }
  await fetch(`${service.url}/v1/catalogues/zoo`, {
    method: 'PUT',
    body: catalogue,
    headers: { 'content-type': 'text/csv' },
  })
  await post(`${service.url}/v1/search?catalogue=zoo`, CLIP)
  await fetch(`${service.url}/v1/catalogues/zoo`, { method: 'DELETE' })
  const label = {
    token: answer.feedbackToken,
    transcript: REPORT.text,
    reference: 'secret reference',
    source: 'random',
    session: 'secret session',
  }
  await post(`${service.url}/v1/labels`, JSON.stringify(label), json)
  await post(
    `${service.url}/v1/feedback`,
    JSON.stringify({
      token: answer.feedbackToken,
      event: 'corrected',
      transcript: REPORT.text,
      text: 'secret correction',
    }),
    json,
  )
  await post(`${service.url}/v1/secret-path?secret=query`, CLIP)
  await post(`${service.url}/v1/transcriptions?language=secret_language`, CLIP)
  const lines = service.logged.map((line) => JSON.parse(line) as Record<string, unknown>)
  for (const { level, time, msg, requestId, hostname, pid, ...fields } of lines) {
    const listed = LINES.get(String(msg))
    if (String(msg).startsWith('Server listening')) continue // Fastify's own, at the start
    t.ok(listed !== undefined, `"${String(msg)}" is listed`)
    t.same(
      Object.keys(fields).filter((field) => !listed!.all.includes(field)),
      [],
      `${String(msg)} has no other field`,
    )
    t.same(
      listed!.all.filter((field) => !(field in fields) && !listed!.optional.includes(field)),
      [],
      `${String(msg)} has every field`,
    )
    t.ok([level, time, requestId].every((value) => value !== undefined))
    void [hostname, pid]
  }
  for (const message of ['answered', 'recognized', 'searched', 'feedback', 'catalogue taken in', 'catalogue removed'])
    t.ok(
      lines.some(({ msg }) => msg === message),
      message,
    )
  t.notMatch(
    service.logged.join('\n'),
    /jazz|rhinoceros|secret|127\.0\.0\.1(?!:\d+")/i,
    'no transcript, phrase, entry, correction, session, key, path or address',
  )
})

t.test('the text is the only field that logging transcripts adds', async (t) => {
  const service = await setUp(t, { EARSHOT_LOG_TRANSCRIPTS: 'true' })
  await post(`${service.url}/v1/transcriptions`, CLIP)
  const { msg, text, cascade, ...fields } = service.logged
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .find(({ msg }) => msg === 'recognized')!
  t.equal(text, REPORT.text)
  t.ok(cascade)
  t.same(LINES.get(String(msg))!.optional, ['cascade', 'text'])
  t.same(
    LINES.get(String(msg))!.all.filter((field) => !(field in fields)),
    ['cascade', 'text'],
  )
})

t.test(
  'a line of the drift record has the fields that are listed, and a session only as a hash of this process',
  async (t) => {
    const file = path.join(t.testdir(), 'record.jsonl')
    const hashes: unknown[] = []
    for (let start = 0; start < 2; start++) {
      const record = await ClipRecord.open(
        file,
        { model: { name: 'm', digest: 'd' }, pipeline: {} as never },
        10,
        { onError: (error) => t.fail(error.message), onRepaired: (bytes) => t.fail(`${bytes} bytes`) },
      )
      record!.add(drawRow(Math.random), 'secret session', 1)
      await record!.close()
      const [header, ...lines] = readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>)
      t.same(
        Object.keys(lines.at(-1)!),
        rowsBelow('docs/privacy.md', 'Drift record').map(([field]) => words(field!)[0]!),
      )
      for (const key of Object.keys(header!)) t.match(read('docs/privacy.md').split('## Drift record')[1], `\`${key}\``)
      hashes.push(lines.at(-1)!.session)
    }
    t.notMatch(readFileSync(file, 'utf8'), /secret/)
    t.match(hashes, [/^[\w-]{12}$/, /^[\w-]{12}$/])
    t.not(hashes[0], hashes[1], 'another key at each start')
  },
)

t.test(
  'docs/security.md lists every setting that bounds something, with its default, and codes that there are',
  async (t) => {
    const bounds = rowsBelow('docs/security.md', 'Bounds with a setting')
    const schemas = SETTINGS.properties as unknown as Record<
      string,
      { default: unknown; minimum?: number; maximum?: number }
    >
    for (const [, setting, fallback] of bounds) {
      const schema = schemas[words(setting!)[0]!]
      t.ok(schema !== undefined, `${setting} exists`)
      t.equal(words(fallback!)[0], String(schema?.default), `${setting}: its default`)
    }
    const listed = bounds.map(([, setting]) => words(setting!)[0]!)
    const NO_BOUNDS = [
      'EARSHOT_PORT', 'EARSHOT_CASCADE_BELOW', 'EARSHOT_COLLECT_UNIFORM', 'EARSHOT_COLLECT_DOUBTFUL',
      'EARSHOT_COLLECT_DOUBTFUL_BELOW', 'EARSHOT_COLLECT_DRIFTED', 'EARSHOT_COLLECT_CORRECTED', 'EARSHOT_LABEL_TWICE',
    ]
    const numeric = Object.entries(schemas)
      .filter(([name, { minimum }]) => minimum !== undefined && !NO_BOUNDS.includes(name))
      .map(([name]) => name)
    t.same([...listed].sort(), numeric.sort())
    const outcomes = [
      ...bounds.map(([, , , outcome]) => outcome!),
      ...rowsBelow('docs/security.md', 'Fixed bounds').map(([, , outcome]) => outcome!),
    ]
    for (const [, status, code] of outcomes.join('\n').matchAll(/(\d{3}) `([A-Z_]+)`/g)) {
      t.ok(code! in ERRORS, code!)
      t.equal(Number(status), new SpeechError(code as keyof typeof ERRORS).status, code!)
    }
    t.ok(
      rowsBelow('docs/security.md', 'Fixed bounds').some(
        ([what, bound]) =>
          what === 'phrases of a request' && bound === `${MAX_PHRASES} of ${MAX_PHRASE_CHARACTERS} characters`,
      ),
    )
  },
)

t.test('commands and tests that docs/security.md names exist', async (t) => {
  const text = read('docs/security.md') + read('SECURITY.md')
  for (const [, bench] of text.matchAll(/npm run bench -- (\w+)/g)) t.ok(BENCHES.some(({ name }) => name === bench), String(bench))
  const named = [...text.matchAll(/\btest\/[\w/-]+\.test\.ts/g)].map(([file]) => file)
  t.ok(named.length >= 5)
  for (const file of named)
    t.ok(readdirSync(path.join(projectRoot, path.dirname(file))).includes(path.basename(file)), file)
})
