/** A live session over made-up detection and recognition: loud samples are speech, and their values are the words. */
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { SpeechError } from '../../../src/domain/errors.js'
import type { Report } from '../../../src/domain/report.js'
import type { LiveEvent, LiveOptions, LivePorts, UtteranceAudio } from '../../../src/recognition/live/ports.js'
import { LiveSession } from '../../../src/recognition/live/session.js'
import { detect, samplesIn } from './made-up-detector.js'
import { REPORT } from '../../serving/http/fake-service.js'

const RATE = 16_000
const FORMAT = { codec: 'pcm_s16', sampleRate: RATE, channels: 1, byteOrder: 'little' } as const
const OPTIONS: LiveOptions = { format: FORMAT, endpointing: 'balanced', partials: false, maxUtteranceSeconds: 10 }
const WORDS = ['', 'play', 'some', 'jazz', 'to', 'stop']

/** Word `n` is a stretch of samples of the value n · 1000. */
function audioOf(...parts: readonly (readonly [word: number, seconds: number])[]): Uint8Array {
  const samples = parts.flatMap(([word, seconds]) =>
    Array.from({ length: Math.round(seconds * RATE) }, () => word * 1000))
  return new Uint8Array(Int16Array.from(samples).buffer)
}

function textOf(audio: Uint8Array): string {
  const words: string[] = []
  let last = 0
  for (const sample of samplesIn(audio)) {
    if (sample !== last && sample !== 0) words.push(WORDS[sample / 1000]!)
    last = sample
  }
  return words.join(' ')
}

function reportOf(text: string): Report {
  return { ...REPORT, text, rawText: text, noSpeechReason: text === '' ? 'no_speech_detected' : null }
}

const recognize = async ({ audio }: UtteranceAudio): Promise<Report> => reportOf(textOf(audio))
const PORTS: LivePorts = { detect, recognize, recognizePartly: recognize }

interface Heard { readonly session: LiveSession; readonly events: LiveEvent[]; readonly faults: Error[] }

function open(options: Partial<LiveOptions> = {}, ports: Partial<LivePorts> = {}): Heard {
  const events: LiveEvent[] = []
  const faults: Error[] = []
  const session = new LiveSession({ ...OPTIONS, ...options }, { ...PORTS, ...ports },
    (event) => { events.push(event) }, (fault) => { faults.push(fault) })
  return { session, events, faults }
}

/** What matters of the events, without times of the clock. */
function summary(events: readonly LiveEvent[]): string[] {
  return events.map((event) => {
    switch (event.kind) {
      case 'speech_started': return `started ${event.atSeconds.toFixed(2)}`
      case 'speech_stopped': return `stopped ${event.atSeconds.toFixed(2)}`
      case 'partial': return `partial ${event.stable.join(' ')}|${event.unstable.join(' ')}`
      case 'final': return `final ${event.reason} "${event.report.text}" after ${event.pauseSeconds.toFixed(2)}`
      case 'failed': return `failed ${event.error.code}`
    }
  })
}

const TWO_QUERIES = audioOf([0, 1], [1, 0.4], [2, 0.3], [3, 0.4], [0, 2], [5, 0.5], [0, 1.5])

t.test('two queries with a pause between them are two utterances', async (t) => {
  const { session, events } = open()
  session.push(TWO_QUERIES)
  await session.finish()
  t.same(summary(events), [
    'started 0.99', 'stopped 2.62', 'final pause "play some jazz" after 0.51',
    'started 4.10', 'stopped 5.12', 'final pause "stop" after 0.51',
  ])
})

t.test('the events do not depend on the pieces in which the stream arrives', async (t) => {
  const whole = open()
  whole.session.push(TWO_QUERIES)
  await whole.session.finish()
  for (const size of [333, 1_024, 6_400, 64_001]) {
    const { session, events } = open()
    for (let at = 0; at < TWO_QUERIES.byteLength; at += size) {
      session.push(TWO_QUERIES.subarray(at, at + size))
      if (at % 3 === 0) await sleep(0)
    }
    await session.finish()
    t.same(summary(events), summary(whole.events), `pieces of ${size} bytes`)
  }
})

t.test('words that ask for more wait longer, and a complete name less', async (t) => {
  const query = audioOf([0, 0.5], [1, 0.5], [4, 0.3], [0, 3])
  const asking = open()
  asking.session.push(query)
  await asking.session.finish()
  t.match(summary(asking.events).at(-1), /^final pause "play to" after 1\.2/)
  const complete = open({}, { completenessOf: () => 'complete' })
  complete.session.push(query)
  await complete.session.finish()
  t.match(summary(complete.events).at(-1), /^final complete "play to" after 0\.3/)
})

t.test('what is prepared in a pause is the answer, and is dropped when speech goes on', async (t) => {
  const recognized: string[] = []
  const aborted: string[] = []
  const { session, events } = open({}, {
    async recognize(utterance, signal) {
      const text = textOf(utterance.audio)
      recognized.push(text)
      signal.addEventListener('abort', () => { aborted.push(text) })
      return reportOf(text)
    },
  })
  session.push(audioOf([0, 0.5], [1, 0.5], [0, 0.4], [2, 0.5], [0, 1]))
  await session.finish()
  t.same(recognized, ['play', 'play some'], 'once a pause, and not again at its end')
  t.same(aborted, ['play'])
  t.match(summary(events), ['started 0.48', /^stopped/, /^final pause "play some"/])
})

t.test('the decision of a pause waits for its words, however late they come', async (t) => {
  const slow = open({}, { recognize: async (utterance) => { await sleep(50); return recognize(utterance) } })
  const fast = open()
  for (const { session } of [slow, fast]) {
    session.push(TWO_QUERIES)
    await session.finish()
  }
  t.same(summary(slow.events), summary(fast.events))
})

t.test('finish recognizes what is being said, to the last word', async (t) => {
  const { session, events } = open()
  session.push(audioOf([0, 0.2], [1, 0.4], [2, 0.1]))
  await session.finish()
  t.match(summary(events).at(-1), 'final end_of_stream "play some" after 0.00')
})

t.test('manual: an utterance is what the client says, with everything before the speech', async (t) => {
  const { session, events } = open({ endpointing: 'manual' })
  session.push(audioOf([0, 1.2], [1, 0.4], [0, 2], [2, 0.4]))
  await session.commit()
  session.push(audioOf([0, 0.2], [3, 0.4]))
  await session.commit()
  const finals = events.filter((event) => event.kind === 'final')
  t.same(finals.map(({ report, startSeconds, endSeconds }) => [report.text, startSeconds, endSeconds]), [
    ['play some', 0, 4], ['jazz', 4, 4.6],
  ])
  t.same(finals.map(({ reason }) => reason), ['committed', 'committed'])
})

t.test('a commit without detected speech is recognized too, and says why there is no text', async (t) => {
  const { session, events } = open()
  session.push(audioOf([0, 0.5]))
  await session.commit()
  t.match(events, [{ kind: 'final', report: { text: '', noSpeechReason: 'no_speech_detected' } }])
  await session.commit()
  t.equal(events.length, 1, 'nothing has arrived since')
})

t.test('clear drops what was said', async (t) => {
  const { session, events } = open({ endpointing: 'manual' })
  session.push(audioOf([1, 0.5]))
  await sleep(5)
  session.clear()
  session.push(audioOf([2, 0.5]))
  await session.commit()
  t.match(summary(events).at(-1), /^final committed "some"/)
})

t.test('clear while a pause waits for its words drops them too', async (t) => {
  const words: (() => void)[] = []
  const { session, events } = open({}, {
    recognize: (utterance) => new Promise((resolve) => {
      words.push(() => { resolve(reportOf(textOf(utterance.audio))) })
    }),
  })
  session.push(audioOf([0, 0.5], [1, 0.5], [0, 1]))
  while (words.length === 0) await sleep(1)
  session.clear()
  for (const answer of words.splice(0)) answer()
  const finished = session.finish()
  await finished
  t.same(summary(events), ['started 0.48'])
  session.cancel()
})

t.test('an utterance without end is ended', async (t) => {
  const { session, events } = open({ maxUtteranceSeconds: 2 })
  session.push(audioOf([1, 5]))
  await session.finish()
  const finals = events.filter((event) => event.kind === 'final')
  t.same(finals.map(({ reason }) => reason), ['max_length', 'max_length', 'end_of_stream'])
  t.ok(finals.every(({ startSeconds, endSeconds }) => endSeconds - startSeconds < 2.1))
})

t.test('partial results come while somebody speaks; their stable words only grow', async (t) => {
  const { session, events } = open({ partials: true })
  const query = audioOf([0, 0.5], [1, 0.7], [2, 0.7], [3, 0.7], [5, 0.7], [0, 1.5])
  for (let at = 0; at < query.byteLength; at += 3_200) {
    session.push(query.subarray(at, at + 3_200))
    await sleep(1)
  }
  await session.finish()
  const partials = events.filter((event) => event.kind === 'partial')
  t.ok(partials.length >= 6, `${partials.length} partial results`)
  for (const [index, { stable }] of partials.entries()) {
    const before = partials[index - 1]?.stable ?? []
    t.same(stable.slice(0, before.length), before)
  }
  t.same(partials.at(-1)?.stable, ['play', 'some', 'jazz'])
  t.match(events.at(-1), { kind: 'final', changedWords: 0 })
})

t.test('a partial result that the service has no time for is none, and nothing comes after the final one', async (t) => {
  let asked = 0
  const busy = open({ partials: true }, { recognizePartly: async () => { asked++; return null } })
  busy.session.push(TWO_QUERIES)
  await busy.session.finish()
  t.ok(asked > 0)
  t.notOk(busy.events.some(({ kind }) => kind === 'partial'))
  const recognizePartly = async (utterance: UtteranceAudio): Promise<Report> => {
    await sleep(30)
    return recognize(utterance)
  }
  const late = open({ partials: true }, { recognizePartly })
  late.session.push(TWO_QUERIES)
  await late.session.finish()
  await sleep(60)
  t.equal(late.events.at(-1)?.kind, 'final')
})

t.test('an utterance that fails is told, and the session goes on', async (t) => {
  let calls = 0
  const { session, events, faults } = open({}, {
    recognize: async (utterance) => {
      if (calls++ === 0) throw new SpeechError('QUEUE_FULL')
      return recognize(utterance)
    },
  })
  session.push(TWO_QUERIES)
  await session.finish()
  t.match(summary(events), [/^started/, /^stopped/, 'failed QUEUE_FULL', /^started/, /^stopped/, /^final pause "stop"/])
  t.same(faults, [])
})

t.test('a bug in a partial result ends the session, and is no unhandled rejection', async (t) => {
  const bug = new TypeError('a bug')
  const { session, faults } = open({ partials: true }, { recognizePartly: () => Promise.reject(bug) })
  session.push(audioOf([1, 1]))
  while (faults.length === 0) await sleep(1)
  t.same(faults, [bug])
  session.cancel()
})

t.test('a detector that fails ends the session, and whoever waits is told', async (t) => {
  const fault = new SpeechError('SHUTTING_DOWN')
  const { session, faults } = open({}, { detect: () => Promise.reject(fault) })
  session.push(TWO_QUERIES)
  await t.rejects(session.finish(), { code: 'SHUTTING_DOWN' })
  t.same(faults, [fault])
  await t.rejects(session.commit(), { code: 'SHUTTING_DOWN' })
})

t.test('cancel: no event follows', async (t) => {
  const { session, events } = open()
  session.push(TWO_QUERIES)
  const finished = session.finish()
  session.cancel()
  await t.rejects(finished, { code: 'CANCELLED' })
  await sleep(10)
  t.same(events, [])
})

t.test('an hour of silence is not kept', async (t) => {
  const { session } = open()
  const second = audioOf([0, 1])
  for (let count = 0; count < 3_600; count++) {
    session.push(second)
    if (session.backlogSeconds > 5) await sleep(0)
  }
  await sleep(20)
  t.ok(session.bytesHeld < 20 * 32_000, `${session.bytesHeld} bytes`)
  session.cancel()
})
