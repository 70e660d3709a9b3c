/** Facts that follow from a report: what a word is, and that metrics, drift and feedback count the same words. */
import t from 'tap'
import { factsOf } from '../../src/domain/report-facts.js'
import type { Report } from '../../src/domain/report.js'
import { FEATURE_NAMES, featureRow, type FeatureName } from '../../src/monitoring/drift/features.js'
import { Feedback } from '../../src/monitoring/feedback/feedback.js'
import { readToken } from '../../src/monitoring/feedback/token.js'
import { Telemetry } from '../../src/monitoring/metrics/telemetry.js'
import { REPORT } from '../serving/http/fake-service.js'

const SECRET = 'a secret of thirty-two characters'

const WORDS: readonly (readonly [text: string, words: readonly string[]])[] = [
  ["it's 5 o'clock", ["it's", '5', "o'clock"]],
  ['voice-search', ['voice', 'search']],
  ['hello , world', ['hello', 'world']],
  ['♪ la ♪', ['la']],
  ['Two words.', ['two', 'words']],
  ['', []],
]

/** The number of words that each of the three counts. */
async function counted(report: Report): Promise<Record<'metrics' | 'drift' | 'feedback', unknown>> {
  const telemetry = new Telemetry([report.model], { version: '1', revision: 'r', node_version: 'v' })
  telemetry.recognized(report, { model: report.model, secondsSinceUpload: 1, deadlineSeconds: 30, audioBytes: 1 })
  const exposed = new RegExp(`^asr_words_total\\{model="${report.model}"\\} (\\d+)$`, 'm').exec(
    await telemetry.exposition(),
  )
  const observer = { happened() {}, clicked() {}, labelled() {}, unmatched() {} }
  const feedback = new Feedback({ secret: SECRET, expirySeconds: 60, models: [report.model], observer })
  return {
    metrics: Number(exposed?.[1]),
    drift: featureOf(report, 'transcript_words'),
    feedback: readToken(feedback.answered(report, 'an-id'), SECRET).words,
  }
}

function featureOf(report: Report, name: FeatureName): unknown {
  return featureRow(report)[FEATURE_NAMES.indexOf(name)]
}

t.test('a word is a run of letters, digits and apostrophes', (t) => {
  for (const [text, words] of WORDS) t.same(factsOf({ ...REPORT, rawText: text }).words, words, `"${text}"`)
  t.end()
})

t.test('metrics, drift and feedback count the same words', async (t) => {
  for (const [text, { length }] of WORDS) {
    t.same(await counted({ ...REPORT, rawText: text }), { metrics: length, drift: length, feedback: length }, `"${text}"`)
  }
})

t.test('rates are per second of the audio that was given to the model', (t) => {
  const report: Report = { ...REPORT, rawText: 'voice-search', input: { ...REPORT.input, speechSeconds: 0.5 } }
  t.equal(factsOf(report).wordsPerSecond, 4)
  t.equal(featureOf(report, 'words_per_second'), 4)
  t.equal(factsOf(report).tokensPerSecond, 2 * factsOf(report).tokenCount)
  t.equal(featureOf(report, 'tokens_per_second'), factsOf(report).tokensPerSecond)
  t.equal(factsOf({ ...report, text: '' }).wordsPerSecond, null, 'without text')
  t.equal(factsOf({ ...report, input: { ...report.input, speechSeconds: 0 } }).tokensPerSecond, null, 'without audio')
  t.end()
})

t.test('the state says whether there is text, and why not', (t) => {
  t.equal(factsOf({ ...REPORT, text: 'a' }).state, 'text')
  for (const noSpeechReason of ['nothing_recognized', 'words_rejected'] as const) {
    t.equal(factsOf({ ...REPORT, text: '', noSpeechReason }).state, 'nothing_recognized')
  }
  t.equal(factsOf({ ...REPORT, text: '', noSpeechReason: 'digital_silence' }).state, 'no_speech')
  t.end()
})

t.test('the facts of a report are computed once', (t) => {
  const report = { ...REPORT }
  t.equal(factsOf(report), factsOf(report))
  t.end()
})
