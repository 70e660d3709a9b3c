/** Calibrated confidence: its order, its limits, and which calibration applies. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { parseCalibration, readCalibration, type Calibration } from '../../../src/recognition/confidence/calibration.js'
import {
  correctnessOf, correctnessOfWord, doubtOf, posteriorsOf,
} from '../../../src/recognition/confidence/correctness.js'
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

function decoded(meanLogProbability: number, tokens = 3, agreement = 1, model = NAME): Segment {
  return {
    ...REPORT.segments[0]!, meanLogProbability, tokens: Array.from({ length: tokens }, () => 7), agreement, model,
  }
}

t.test('the shipped calibration is valid and belongs to the default model', async (t) => {
  const model = { name: NAME, digest: modelDigest(await readManifest(MODELS, NAME)) }
  t.same(await readCalibration(MODELS, model), SHIPPED)
  t.ok(SHIPPED.held.all.clips > 300 && Object.keys(SHIPPED.held.sources).length >= 6, 'it has figures of every source')
})

t.test('a calibration of another model, or a broken one, is refused; without a file there is none', async (t) => {
  const model = { name: NAME, digest: SHIPPED.model.digest }
  const refused = (change: object, why: RegExp): void => {
    t.throws(() => parseCalibration(JSON.stringify({ ...SHIPPED, ...change }), 'here', model), {
      code: 'CONFIDENCE_INVALID', message: why,
    })
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

t.test('the more probable the words, the higher their correctness', (t) => {
  const means = Array.from({ length: 200 }, (_, index) => -3 + index * 0.015)
  const probabilities = means.map((mean) => correctnessOf(SHIPPED, [decoded(mean)])!)
  t.ok(probabilities.every((probability, index) => index === 0 || probability > probabilities[index - 1]!))
  t.ok(
    correctnessOf(SHIPPED, [decoded(-0.1, 12)])! < correctnessOf(SHIPPED, [decoded(-0.1, 3)])!,
    'more words of the same mean are right less often',
  )
  t.ok(
    correctnessOf(SHIPPED, [decoded(-0.1, 3, 1 / 3)])! < correctnessOf(SHIPPED, [decoded(-0.1, 3)])!,
    'and words of one decoding pass in three',
  )
  t.ok(
    correctnessOf(SHIPPED, [decoded(-0.1), decoded(-0.1)])! < correctnessOf(SHIPPED, [decoded(-0.1)])!,
    'and two clips together',
  )
  t.end()
})

t.test('correctness falls as another alternative comes closer, and is highest without others', (t) => {
  const correctness = (...logProbabilities: number[]): number =>
    correctnessOf(SHIPPED, [decoded(-0.1)], logProbabilities.map((logProbability) => ({ logProbability })))!
  const gaps = Array.from({ length: 50 }, (_, index) => correctness(-0.4, -0.4 - index * 0.2))
  t.ok(gaps.every((probability, index) => index === 0 || probability > gaps[index - 1]!))
  t.ok(correctness(-0.4) > gaps.at(-1)! && correctness(-0.4, -2, -2) < correctness(-0.4, -2))
  t.ok(correctness(-800, 0) < 1e-6, 'near 0 if another alternative is far more probable')
  t.end()
})

t.test('the correctness of a word follows its probability and the agreement of its segment', (t) => {
  const correctness = (logProbability: number, agreement = 1, model = NAME): number | null =>
    correctnessOfWord(SHIPPED, { logProbability }, { agreement, model })
  const probabilities = [0, -0.001, -0.1, -1, -10, -1e6, -Infinity].map((logProbability) =>
    correctness(logProbability)!,
  )
  t.ok(
    probabilities.every(
      (probability, index) =>
        probability >= 0 && probability <= 1 && (index === 0 || probability < probabilities[index - 1]!),
    ),
    probabilities.join(),
  )
  t.ok(correctness(-0.1, 1 / 3)! < correctness(-0.1)!)
  t.equal(correctness(-0.1, 1, 'whisper-base'), null)
  t.equal(correctnessOfWord(null, { logProbability: -0.1 }, { agreement: 1, model: NAME }), null)
  t.end()
})

t.test('an older file, without curves for words and alternatives, is read', (t) => {
  const { words, readings: { first, ...readings }, ...rest } = SHIPPED
  t.ok(words !== undefined && first !== undefined)
  const old = parseCalibration(JSON.stringify({ ...rest, readings }), 'here', SHIPPED.model)
  t.equal(correctnessOfWord(old, { logProbability: -0.1 }, { agreement: 1, model: NAME }), null)
  t.equal(
    correctnessOf(old, [decoded(-0.1)], [{ logProbability: -0.4 }, { logProbability: -0.5 }]),
    correctnessOf(SHIPPED, [decoded(-0.1)]),
  )
  t.end()
})

t.test('every correctness and posterior is a number from 0 to 1', (t) => {
  const random = seededRandom(3)
  for (const mean of [0, -0, -1e-300, -1, -1e6, -Number.MAX_VALUE, -Infinity]) {
    for (const tokens of [0, 1, 448]) {
      const probability = correctnessOf(SHIPPED, [decoded(mean, tokens, 1 / 3)])!
      t.ok(probability >= 0 && probability <= 1, `${mean}, ${tokens} tokens: ${probability}`)
    }
  }
  for (let round = 0; round < 500; round++) {
    const alternatives = Array.from({ length: Math.floor(random() * 8) }, () => ({
      logProbability: -(random() ** 3) * 1e4,
    }))
    const posteriors = posteriorsOf(SHIPPED, random(), alternatives)
    t.equal(posteriors.length, alternatives.length)
    const sum = posteriors.reduce((total, posterior) => total + posterior, 0)
    if (!posteriors.every((posterior) => posterior >= 0 && posterior <= 1) || sum > 1 + 1e-12) t.fail(posteriors.join())
  }
  t.end()
})

t.test('without text, without a calibration, or with words of another model there is no correctness', (t) => {
  t.equal(correctnessOf(SHIPPED, []), null)
  t.equal(correctnessOf(null, [decoded(-0.1)]), null)
  t.equal(correctnessOf(undefined, [decoded(-0.1)]), null)
  t.equal(correctnessOf(SHIPPED, [decoded(-0.1), decoded(-0.1, 3, 1, 'whisper-base')]), null)
  t.end()
})

t.test('the first posterior is the correctness; the others are in the order of their probability', (t) => {
  const posteriors = posteriorsOf(SHIPPED, 0.6, [-1, -2, -3, -9].map((logProbability) => ({ logProbability })))
  const [first, ...others] = posteriors
  t.equal(first, 0.6)
  t.same(others, others.toSorted((a, b) => b - a))
  t.ok(others.every((posterior) => posterior > 0))
  t.ok(Math.abs(others.reduce((sum, posterior) => sum + posterior, 0) - 0.4 * SHIPPED.readings.elsewhere) < 1e-12)
  t.same(posteriorsOf(SHIPPED, 0.6, [{ logProbability: -1 }]), [0.6])
  t.equal(doubtOf([decoded(0, 3)]), 0)
  t.end()
})

t.test('a model with an altered calibration is not loaded', async (t) => {
  const folder = t.testdir()
  cpSync(path.join(MODELS, NAME, 'model.json'), path.join(folder, NAME, 'model.json'))
  writeFileSync(
    path.join(folder, NAME, 'confidence.json'),
    JSON.stringify({ ...SHIPPED, model: { name: NAME, digest: 'x' } }),
  )
  await t.rejects(readCalibration(folder, { name: NAME, digest: modelDigest(await readManifest(folder, NAME)) }), {
    code: 'CONFIDENCE_INVALID',
  })
})
