/** Tokens and what may be said with them: signatures, time, duplicates, texts, and what is counted. */
import t from 'tap'
import { SpeechError, type ErrorCode } from '../../../src/domain/errors.js'
import { Duplicates } from '../../../src/monitoring/feedback/duplicates.js'
import { FEEDBACK_EVENTS, LABEL_SOURCES } from '../../../src/monitoring/feedback/events.js'
import { Feedback } from '../../../src/monitoring/feedback/feedback.js'
import { digestOfTranscript, issueToken, readToken, type AnswerFacts } from '../../../src/monitoring/feedback/token.js'
import { normalizeText } from '../../../src/domain/scoring/normalize.js'
import { REPORT } from '../../serving/http/fake-service.js'

const SECRET = 'a secret of thirty-two characters'
const FACTS: AnswerFacts = {
  id: 'answer-1', model: 'a-model', language: 'en', issuedSeconds: 1_800_000_000, words: 3, confidence: 0.9312,
  transcriptDigest: digestOfTranscript('Play some jazz.'),
}

function codeOf(work: () => unknown): ErrorCode | undefined {
  try {
    work()
  } catch (thrown) {
    if (thrown instanceof SpeechError) return thrown.code
    throw thrown
  }
  return undefined
}

t.test('a token says what was signed, and holds no word of the answer', (t) => {
  for (const facts of [FACTS, { ...FACTS, confidence: null, words: 0, id: 'ü'.repeat(128) }]) {
    const token = issueToken(facts, SECRET)
    t.match(token, /^[\w-]+$/, 'safe in a header and in a URL')
    t.same(readToken(token, SECRET), facts)
    t.notMatch(Buffer.from(token, 'base64url').toString('latin1'), /jazz/i)
  }
  t.equal(readToken(issueToken({ ...FACTS, confidence: 0.931249 }, SECRET), SECRET).confidence, 0.9312)
  t.end()
})

t.test('whatever bit of a token is flipped, it is refused', (t) => {
  const bytes = Buffer.from(issueToken(FACTS, SECRET), 'base64url')
  const accepted = []
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = Buffer.from(bytes)
    flipped[bit >> 3]! ^= 1 << (bit & 7)
    if (codeOf(() => readToken(flipped.toString('base64url'), SECRET)) !== 'TOKEN_INVALID') accepted.push(bit)
  }
  t.same(accepted, [])
  t.ok(bytes.length * 8 > 800)
  t.end()
})

t.test('whatever character of a token is another one, it is refused: there is one spelling', (t) => {
  for (const words of [3, 33, 333]) { // the last character holds six, four or two bits
    const token = issueToken({ ...FACTS, words }, SECRET)
    for (let at = 0; at < token.length; at++) {
      for (const other of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/= ') {
        if (other === token[at]) continue
        if (codeOf(() => readToken(token.slice(0, at) + other + token.slice(at + 1), SECRET)) !== 'TOKEN_INVALID') {
          t.fail(`${other} at ${at}`)
        }
      }
      if (codeOf(() => readToken(token.slice(0, at), SECRET)) !== 'TOKEN_INVALID') t.fail(`cut at ${at}`)
    }
    for (const changed of [`${token}A`, `${token}=`, ` ${token}`, 'ü', '\u{1f600}']) {
      t.equal(codeOf(() => readToken(changed, SECRET)), 'TOKEN_INVALID')
    }
  }
  t.equal(codeOf(() => readToken(issueToken(FACTS, 'another secret'), SECRET)), 'TOKEN_INVALID')
  t.end()
})

t.test('a transcript is recognized whatever a client did to its blanks and its case, and by its words alone', (t) => {
  const digest = digestOfTranscript('Café, play some jazz.')
  for (const same of [
    'Café, play some jazz.\n', ' Café,  play\tsome jazz.', 'CAFÉ, PLAY SOME JAZZ.', 'Cafe\u0301, play some jazz.',
  ]) {
    t.equal(digestOfTranscript(same), digest, same)
  }
  for (const other of ['Cafe, play some jazz.', 'Café, play some jazz', 'Café play some jazz.', '']) {
    t.not(digestOfTranscript(other), digest, other)
  }
  t.end()
})

t.test('of many statements the newest half of the capacity is remembered, and never more than the capacity', (t) => {
  const capacity = 1_000
  const duplicates = new Duplicates(capacity)
  for (let index = 0; index < 10 * capacity; index++) {
    if (duplicates.knows(`statement ${index}`)) t.fail(`${index} is new`)
    duplicates.remember([`statement ${index}`])
    if (!duplicates.knows(`statement ${Math.max(0, index - capacity / 2 + 1)}`)) {
      t.fail(`${index}: what was said ${capacity / 2} before is known`)
    }
    if (duplicates.size > capacity) t.fail(`${duplicates.size} are held`)
  }
  t.notOk(duplicates.knows('statement 0'), 'forgotten')
  duplicates.remember(['new', 'statement 0'])
  t.ok(['new', 'statement 0'].every((statement) => duplicates.knows(statement)))
  t.end()
})

interface Setup {
  readonly feedback: Feedback
  readonly counted: unknown[][]
  readonly clock: { milliseconds: number }
  readonly token: (text?: string, language?: string) => string
}

function setUp(): Setup {
  const counted: unknown[][] = []
  const clock = { milliseconds: 1_800_000_000_000 }
  const feedback = new Feedback({
    secret: SECRET, expirySeconds: 100, models: ['a-model'], now: () => clock.milliseconds,
    observer: {
      happened: (...said) => { counted.push(['happened', ...said]) },
      clicked: (rank) => { counted.push(['clicked', rank]) },
      labelled: (...said) => { counted.push(['labelled', ...said]) },
      unmatched: (...said) => { counted.push(['unmatched', ...said]) },
    },
  })
  let answers = 0
  const token = (text = 'Play some jazz.', language = 'en'): string =>
    feedback.answered({ ...REPORT, text, language, model: 'a-model', confidence: 0.9 }, `answer ${answers++}`)
  return { feedback, counted, clock, token }
}

t.test('each kind of event counts once for an answer, each source of a label once', (t) => {
  const { feedback, counted, token } = setUp()
  const [first, second] = [token(), token()]
  for (const event of FEEDBACK_EVENTS) {
    t.equal(feedback.tell(first, { event }).id, 'answer 0')
    t.equal(codeOf(() => feedback.tell(first, { event })), 'FEEDBACK_DUPLICATE')
    t.equal(feedback.tell(second, { event }).id, 'answer 1')
  }
  for (const source of LABEL_SOURCES) {
    const label = { reference: 'play some jazz now', transcript: 'Play some jazz.', source }
    t.match(feedback.label(first, label), { id: 'answer 0', label: { words: 4, errors: 1 } })
    t.equal(codeOf(() => feedback.label(first, label)), 'FEEDBACK_DUPLICATE')
  }
  t.equal(counted.filter(([kind]) => kind === 'happened').length, 2 * FEEDBACK_EVENTS.length)
  t.same(
    counted.filter(([kind]) => kind === 'labelled').map(([, model, source]) => [model, source]),
    LABEL_SOURCES.map((source) => ['a-model', source]),
  )
  t.same(counted.find(([kind]) => kind === 'labelled')![3], { words: 4, substitutions: 0, deletions: 1, insertions: 0 })
  t.equal(
    counted.filter(([kind, reason]) => kind === 'unmatched' && reason === 'duplicate').length,
    FEEDBACK_EVENTS.length + LABEL_SOURCES.length,
  )
  t.end()
})

t.test('a token is good until it expires, and not without its secret', (t) => {
  const { feedback, counted, clock, token } = setUp()
  const old = token()
  clock.milliseconds += 100_000
  t.equal(codeOf(() => feedback.tell(old, { event: 'clicked' })), undefined)
  clock.milliseconds += 1
  t.equal(codeOf(() => feedback.tell(old, { event: 'typed' })), 'TOKEN_EXPIRED')
  t.equal(
    codeOf(() => feedback.label(old, { reference: '', transcript: 'Play some jazz.', source: 'random' })),
    'TOKEN_EXPIRED',
  )
  const drawn = (): Feedback =>
    new Feedback({
      secret: undefined, expirySeconds: 100, models: [],
      observer: { happened() {}, clicked() {}, labelled() {}, unmatched() {} },
    })
  const own = drawn()
  const answered = own.answered(REPORT, 'x')
  t.equal(codeOf(() => own.tell(answered, { event: 'clicked' })), undefined)
  t.equal(codeOf(() => drawn().tell(answered, { event: 'clicked' })), 'TOKEN_INVALID', 'each process draws its own')
  t.same(counted.filter(([kind]) => kind === 'unmatched'), [['unmatched', 'expired'], ['unmatched', 'expired']])
  t.end()
})

t.test('a delay is what the client says, and never more than the age of the token', (t) => {
  const { feedback, counted, clock, token } = setUp()
  const asked = [token(), token(), token()]
  clock.milliseconds += 20_000
  const delays = [undefined, 3, 50]
  asked.forEach((given, index) => feedback.tell(given, { event: 'clicked', delaySeconds: delays[index] }))
  t.same(counted.map(([, , , delay]) => delay), [20, 3, 20])
  clock.milliseconds -= 60_000
  feedback.tell(asked[0]!, { event: 'accepted' })
  t.equal(counted.at(-1)![3], 0, 'another replica\'s clock may be ahead')
  t.end()
})

t.test('a correction is an event and a label at once, or neither', (t) => {
  const { feedback, counted, token } = setUp()
  const given = token()
  const correction = { reference: 'play sun jazz', transcript: 'Play some jazz.' }
  t.equal(
    codeOf(() => feedback.tell(given, { event: 'corrected', correction: { ...correction, transcript: 'play' } })),
    'TRANSCRIPT_OTHER',
  )
  t.same(counted, [['unmatched', 'other_text']], 'and it may be said again')
  feedback.tell(given, { event: 'corrected', correction })
  t.same(counted.slice(1), [
    ['happened', 'a-model', 'corrected', 0],
    ['labelled', 'a-model', 'correction', { words: 3, substitutions: 1, deletions: 0, insertions: 0 }],
  ])
  t.equal(codeOf(() => feedback.label(given, { ...correction, source: 'correction' })), 'FEEDBACK_DUPLICATE')
  t.equal(
    codeOf(() => feedback.label(given, { ...correction, source: 'random' })), undefined,
    'a random sample must be able to hold what users corrected',
  )
  t.end()
})

t.test('only random labels make the rate, and only those of models served here', (t) => {
  const { feedback, token } = setUp()
  const label = (source: 'random' | 'correction' | 'canary_set', model: string): void => {
    const given = model === 'a-model'
      ? token()
      : feedback.answered({ ...REPORT, text: 'Play some jazz.', model }, `${source} ${Math.random()}`)
    feedback.label(given, { reference: 'play some jazz now', transcript: 'Play some jazz.', source })
  }
  for (let index = 0; index < 40; index++) for (const source of LABEL_SOURCES) {
    if (source !== 'random') label(source, 'a-model')
  }
  for (let index = 0; index < 40; index++) label('random', 'model-of-another-replica')
  t.same([...feedback.estimates()], [[
    'a-model', { errorRate: null, calibrationPValue: null, estimatedErrorRate: null },
  ]])
  for (let index = 0; index < 40; index++) label('random', 'a-model')
  t.same(feedback.estimates().get('a-model')!.errorRate, { estimate: 0.25, low: 0.25, high: 0.25 })
  t.end()
})

t.test('texts of too many words are refused, and no text takes a time that grows with its square', (t) => {
  const { feedback, token } = setUp()
  const given = token()
  t.equal(
    codeOf(() =>
      feedback.label(given, { reference: 'word '.repeat(501), transcript: 'Play some jazz.', source: 'random' })),
    'REQUEST_INVALID',
  )
  t.equal(
    codeOf(() =>
      feedback.label(given, { reference: 'word '.repeat(500), transcript: 'Play some jazz.', source: 'random' })),
    undefined,
  )
  for (const piece of ['[', '<']) {
    const since = performance.now()
    normalizeText(piece.repeat(100_000), 'en') // the square of it would take ten seconds
    t.ok(performance.now() - since < 2_000, `${piece}: ${performance.now() - since} ms`)
  }
  t.end()
})

t.test('other languages lose case and punctuation, and those without spaces are compared by character', (t) => {
  t.same(normalizeText('Twenty-one, colour!', 'en'), ['20', '1', 'color'])
  t.same(normalizeText('Spiel’ „Größe“, bitte: 21!', 'de'), ['spiel', 'größe', 'bitte', '21'])
  t.same(normalizeText('IŞIK', 'tr'), ['ışık'])
  t.same(normalizeText('天気は どう？', 'ja'), ['天', '気', 'は', 'ど', 'う'])
  t.same(normalizeText(' … ', 'fr'), [])
  t.end()
})

t.test(
  'texts that cannot be compared are refused before the comparison, at little cost if they are sent again',
  (t) => {
    const { feedback, token } = setUp()
    const transcript = 'Play some jazz.'
    const tooLong = [
      'word '.repeat(800),
      '\ufdfa'.repeat(4_000),
      `e${'\u0301\u0323'.repeat(1_999)}`,
      `e${'\u0301'.repeat(2_000)}${'\u0323'.repeat(1_999)}`,
      'dollars and '.repeat(333),
      'a1'.repeat(2_000),
      '1'.repeat(4_000),
    ]
    for (const text of tooLong) {
      const given = token()
      const label = { reference: text, transcript, source: 'random' as const }
      t.equal(
        codeOf(() => feedback.label(given, label)),
        'REQUEST_INVALID',
      )
      const since = process.cpuUsage()
      for (let again = 0; again < 50; again++)
        t.match(
          codeOf(() => feedback.label(given, label)),
          /REQUEST_INVALID|FEEDBACK_DUPLICATE/,
        )
      const { user } = process.cpuUsage(since)
      t.ok(user / 50_000 < 10, `${user / 50_000} ms each: ${text.slice(0, 12)}`)
      t.equal(
        codeOf(() => feedback.label(token(), { ...label, reference: transcript, transcript: text })),
        text.startsWith('a1') || text.startsWith('1') ? 'TRANSCRIPT_OTHER' : 'REQUEST_INVALID',
      )
    }
    t.end()
  },
)

t.test('a text that only its comparison shows to be too long is compared three times at most', (t) => {
  const { feedback, counted, token } = setUp()
  const given = token()
  const label = { reference: '1'.repeat(600), transcript: 'Play some jazz.', source: 'random' as const }
  for (let tries = 0; tries < 3; tries++) t.equal(codeOf(() => feedback.label(given, label)), 'REQUEST_INVALID')
  t.equal(codeOf(() => feedback.label(given, label)), 'FEEDBACK_DUPLICATE')
  t.equal(codeOf(() => feedback.label(given, { ...label, reference: 'play some jazz' })), 'FEEDBACK_DUPLICATE')
  t.equal(
    codeOf(() => feedback.label(given, { ...label, reference: 'play some jazz', source: 'canary_set' })), undefined,
    'other statements are not touched',
  )
  t.equal(codeOf(() => feedback.tell(given, { event: 'accepted' })), undefined)
  const corrected = {
    event: 'corrected' as const, correction: { reference: '1'.repeat(600), transcript: 'Play some jazz.' },
  }
  for (let tries = 0; tries < 3; tries++) t.equal(codeOf(() => feedback.tell(given, corrected)), 'REQUEST_INVALID')
  t.equal(codeOf(() => feedback.tell(given, corrected)), 'FEEDBACK_DUPLICATE')
  t.same(counted.filter(([kind]) => kind === 'labelled').length, 1)
  t.end()
})

t.test('a second statement is known before its texts are looked at', (t) => {
  const { feedback, token } = setUp()
  const given = token()
  t.equal(
    codeOf(() => feedback.label(given, { reference: 'play jazz', transcript: 'Play some jazz.', source: 'random' })),
    undefined,
  )
  t.equal(
    codeOf(() => feedback.label(given, { reference: 'word '.repeat(800), transcript: 'another', source: 'random' })),
    'FEEDBACK_DUPLICATE',
  )
  t.end()
})
