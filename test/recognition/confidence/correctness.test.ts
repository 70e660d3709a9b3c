/** From a report to a probability: its order, its limits, and whose calibration is taken. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { parseCalibration, readCalibration, type Calibration } from '../../../src/recognition/confidence/calibration.js'
import { correctnessOf, correctnessOfWord, doubtOf, sharesOf } from '../../../src/recognition/confidence/correctness.js'
import { modelDigest, readManifest } from '../../../src/engine/manifest.js'
import { readConfig } from '../../../src/config.js'
import { projectRoot } from '../../../src/domain/project-root.js'
import { seededRandom } from '../../../src/domain/scoring/seeded-random.js'
import type { Segment } from '../../../src/domain/transcript.js'
import { REPORT } from '../../serving/http/fake-service.js'

const MODELS = path.join(projectRoot, 'models')
const NAME = readConfig({}).models[0]!
const FILE = path.join(MODELS, NAME, 'confidence.json')
const SHIPPED = JSON.parse(readFileSync(FILE, 'utf8')) as Calibration

function heard(meanLogProbability: number, tokens = 3, agreement = 1, model = NAME): Segment {
  return { ...REPORT.segments[0]!, meanLogProbability, tokens: Array.from({ length: tokens }, () => 7), agreement, model }
}

t.test('the shipped calibration is valid, and is that of the default model', async (t) => {
  const model = { name: NAME, digest: modelDigest(await readManifest(MODELS, NAME)) }
  t.same(await readCalibration(MODELS, model), SHIPPED)
  t.ok(SHIPPED.held.all.clips > 300 && Object.keys(SHIPPED.held.sources).length >= 6, 'with figures of every source')
})

t.test('a calibration of another model, or one that is broken, is refused; without a file there is none', async (t) => {
  const model = { name: NAME, digest: SHIPPED.model.digest }
  const refused = (change: object, why: RegExp): void => {
    t.throws(() => parseCalibration(JSON.stringify({ ...SHIPPED, ...change }), 'here', model), { code: 'CONFIDENCE_INVALID', message: why })
  }
  refused({ model: { name: NAME, digest: '000000000000' } }, /fitted for .* \(000000000000\)/)
  refused({ model: { name: 'whisper-base', digest: model.digest } }, /fitted for whisper-base/)
  refused({ correctness: { intercept: 1, slope: 0.2 } }, /\/correctness\/slope/)
  refused({ readings: { temperature: 0, elsewhere: 0.3 } }, /\/readings\/temperature/)
  refused({ format: 'another/1' }, /\/format/)
  refused({ words: { ...SHIPPED.words, correctness: { intercept: 1, slope: 0.2 } } }, /\/words\/correctness\/slope/)
  t.throws(() => parseCalibration('{', 'here', model), { code: 'CONFIDENCE_INVALID', message: /not JSON/ })
  t.equal(await readCalibration(t.testdir(), model), null)
})

t.test('the more probable the words, the more probably they are right', (t) => {
  const means = Array.from({ length: 200 }, (_, index) => -3 + index * 0.015)
  const probabilities = means.map((mean) => correctnessOf(SHIPPED, [heard(mean)])!)
  t.ok(probabilities.every((probability, index) => index === 0 || probability > probabilities[index - 1]!))
  t.ok(correctnessOf(SHIPPED, [heard(-0.1, 12)])! < correctnessOf(SHIPPED, [heard(-0.1, 3)])!, 'of as probable words, more are right less often')
  t.ok(correctnessOf(SHIPPED, [heard(-0.1, 3, 1 / 3)])! < correctnessOf(SHIPPED, [heard(-0.1, 3)])!, 'and words that came out once in three hearings')
  t.ok(correctnessOf(SHIPPED, [heard(-0.1), heard(-0.1)])! < correctnessOf(SHIPPED, [heard(-0.1)])!, 'and all of two clips')
  t.end()
})

t.test('the nearer another reading comes, the less the first is believed; one that stands alone is believed most', (t) => {
  const believed = (...logProbabilities: number[]): number => correctnessOf(SHIPPED, [heard(-0.1)], logProbabilities.map((logProbability) => ({ logProbability })))!
  const gaps = Array.from({ length: 50 }, (_, index) => believed(-0.4, -0.4 - index * 0.2))
  t.ok(gaps.every((probability, index) => index === 0 || probability > gaps[index - 1]!))
  t.ok(believed(-0.4) > gaps.at(-1)! && believed(-0.4, -2, -2) < believed(-0.4, -2))
  t.ok(believed(-800, 0) < 1e-6, 'one that is nothing against another is not believed')
  t.end()
})

t.test('a word is believed by its own probability and the hearings of its segment, and none of another model', (t) => {
  const believed = (logProbability: number, agreement = 1, model = NAME): number | null => correctnessOfWord(SHIPPED, { logProbability }, { agreement, model })
  const probabilities = [0, -0.001, -0.1, -1, -10, -1e6, -Infinity].map((logProbability) => believed(logProbability)!)
  t.ok(probabilities.every((probability, index) => probability >= 0 && probability <= 1 && (index === 0 || probability < probabilities[index - 1]!)), probabilities.join())
  t.ok(believed(-0.1, 1 / 3)! < believed(-0.1)!)
  t.equal(believed(-0.1, 1, 'whisper-base'), null)
  t.equal(correctnessOfWord(null, { logProbability: -0.1 }, { agreement: 1, model: NAME }), null)
  t.end()
})

t.test('a file from before words and readings had curves of their own is read, and says nothing of them', (t) => {
  const { words, readings: { first, ...readings }, ...rest } = SHIPPED
  t.ok(words !== undefined && first !== undefined)
  const old = parseCalibration(JSON.stringify({ ...rest, readings }), 'here', SHIPPED.model)
  t.equal(correctnessOfWord(old, { logProbability: -0.1 }, { agreement: 1, model: NAME }), null)
  t.equal(correctnessOf(old, [heard(-0.1)], [{ logProbability: -0.4 }, { logProbability: -0.5 }]), correctnessOf(SHIPPED, [heard(-0.1)]))
  t.end()
})

t.test('no report has a probability that is no number, or outside of 0 to 1', (t) => {
  const random = seededRandom(3)
  for (const mean of [0, -0, -1e-300, -1, -1e6, -Number.MAX_VALUE, -Infinity]) {
    for (const tokens of [0, 1, 448]) {
      const probability = correctnessOf(SHIPPED, [heard(mean, tokens, 1 / 3)])!
      t.ok(probability >= 0 && probability <= 1, `${mean}, ${tokens} tokens: ${probability}`)
    }
  }
  for (let round = 0; round < 500; round++) {
    const readings = Array.from({ length: Math.floor(random() * 8) }, () => ({ logProbability: -(random() ** 3) * 1e4 }))
    const shares = sharesOf(SHIPPED, random(), readings)
    t.equal(shares.length, readings.length)
    if (!shares.every((share) => share >= 0 && share <= 1) || shares.reduce((sum, share) => sum + share, 0) > 1 + 1e-12) t.fail(`shares ${shares.join()}`)
  }
  t.end()
})

t.test('without text, without a calibration, or with words of another model there is no probability', (t) => {
  t.equal(correctnessOf(SHIPPED, []), null)
  t.equal(correctnessOf(null, [heard(-0.1)]), null)
  t.equal(correctnessOf(undefined, [heard(-0.1)]), null)
  t.equal(correctnessOf(SHIPPED, [heard(-0.1), heard(-0.1, 3, 1, 'whisper-base')]), null)
  t.end()
})

t.test('the first reading has the probability of the transcript, the others by their own', (t) => {
  const shares = sharesOf(SHIPPED, 0.6, [-1, -2, -3, -9].map((logProbability) => ({ logProbability })))
  t.equal(shares[0], 0.6)
  t.ok(shares[1]! > shares[2]! && shares[2]! > shares[3]! && shares[3]! > 0)
  t.ok(Math.abs(shares.slice(1).reduce((sum, share) => sum + share, 0) - 0.4 * SHIPPED.readings.elsewhere) < 1e-12)
  t.same(sharesOf(SHIPPED, 0.6, [{ logProbability: -1 }]), [0.6])
  t.equal(doubtOf([heard(0, 3)]), 0)
  t.end()
})

t.test('an altered calibration keeps a model from loading', async (t) => {
  const folder = t.testdir()
  cpSync(path.join(MODELS, NAME, 'model.json'), path.join(folder, NAME, 'model.json'))
  writeFileSync(path.join(folder, NAME, 'confidence.json'), JSON.stringify({ ...SHIPPED, model: { name: NAME, digest: 'x' } }))
  await t.rejects(readCalibration(folder, { name: NAME, digest: modelDigest(await readManifest(folder, NAME)) }), { code: 'CONFIDENCE_INVALID' })
})
