/** Which clips are collected, and with which probability. */
import t from 'tap'
import {
  applyingReasons, drawReasons, isDoubtful, samplingProbability, type Shares,
} from '../../../src/data/collection/policy.js'
import type { CollectionReason } from '../../../src/data/collection/collected-clip.js'
import { seededRandom } from '../../../src/domain/scoring/seeded-random.js'
import { chiSquareTail } from '../../../src/monitoring/drift/statistics.js'
import { DOUBTFUL, SURE } from './made-up.js'

const SHARES: Shares = { uniform: 0.02, doubtful: 0.3, drifted: 0.25, corrected: 0.8 }

t.test('a clip is doubtful by correctness, else by confidence, disagreement, and words that are not credible', (t) => {
  t.notOk(isDoubtful(SURE, 0.5))
  t.ok(isDoubtful(DOUBTFUL, 0.5))
  t.notOk(isDoubtful({ ...SURE, correctness: 0.5 }, 0.5), 'below means below')
  t.notOk(isDoubtful({ ...SURE, correctness: 0.9, confidence: 0.1 }, 0.5), 'correctness is calibrated, so it counts')
  t.ok(isDoubtful({ ...SURE, correctness: null, confidence: 0.4 }, 0.5))
  t.notOk(isDoubtful({ ...SURE, correctness: null, confidence: 0.6 }, 0.5))
  const [segment] = SURE.segments
  t.ok(isDoubtful({ ...SURE, segments: [{ ...segment!, agreement: 0.67 }] }, 0.5))
  const cascade = {
    model: 'larger', escalations: 1, disagreements: 1, reasons: ['low_confidence' as const], seconds: 1,
  }
  t.ok(isDoubtful({ ...SURE, cascade }, 0.5), 'both models found other words')
  t.notOk(isDoubtful({ ...SURE, cascade: { ...cascade, disagreements: 0 } }, 0.5), 'both found the same ones')
  const silent = { ...SURE, text: '', correctness: null, confidence: null, segments: [] }
  t.notOk(isDoubtful({ ...silent, noSpeechReason: 'no_speech_detected' }, 0.5))
  t.ok(isDoubtful({ ...silent, noSpeechReason: 'words_rejected' }, 0.5))
  t.ok(isDoubtful({ ...silent, noSpeechReason: 'nothing_recognized' }, 0.5))
  t.end()
})

t.test('which policies apply depends on the clip alone', (t) => {
  t.same(applyingReasons(SURE, [], 0.5), ['uniform'])
  t.same(applyingReasons(DOUBTFUL, ['snr'], 0.5), ['uniform', 'doubtful', 'drifted'])
  t.end()
})

t.test('the probability is that of being drawn by any policy that applies', (t) => {
  t.equal(samplingProbability(['uniform'], SHARES), 1 - 0.98)
  t.equal(samplingProbability(['uniform', 'doubtful'], SHARES), 1 - 0.98 * 0.7)
  t.equal(samplingProbability(['uniform', 'corrected'], { ...SHARES, corrected: 1 }), 1)
  t.equal(samplingProbability(['uniform'], { ...SHARES, uniform: 0 }), 0)
  t.end()
})

t.test('clips are drawn as often as their probability says, each policy on its own', (t) => {
  const random = seededRandom(16)
  const kinds: CollectionReason[][] = [
    ['uniform'], ['uniform', 'doubtful'], ['uniform', 'drifted'], ['uniform', 'doubtful', 'drifted', 'corrected'],
  ]
  const clips = 20_000
  let statistic = 0
  for (const applying of kinds) {
    let collected = 0
    const drawnBy = new Map<CollectionReason, number>()
    for (let clip = 0; clip < clips; clip++) {
      const drawn = drawReasons(applying, SHARES, random)
      if (drawn.length > 0) collected++
      for (const reason of drawn) drawnBy.set(reason, (drawnBy.get(reason) ?? 0) + 1)
    }
    const cells = [
      [collected, samplingProbability(applying, SHARES)] as const,
      ...applying.map((reason) => [drawnBy.get(reason) ?? 0, SHARES[reason]] as const),
    ]
    for (const [count, probability] of cells) {
      const deviation = (count - clips * probability) ** 2 / (clips * probability * (1 - probability))
      t.ok(deviation < 15, `${applying.join('+')}: ${count} of ${clips} at ${probability.toFixed(3)}`)
    }
    statistic += (collected - clips * cells[0]![1]) ** 2 / (clips * cells[0]![1] * (1 - cells[0]![1]))
  }
  t.ok(chiSquareTail(statistic, kinds.length) > 0.001, `chi-square ${statistic.toFixed(2)} of ${kinds.length} degrees`)
  t.end()
})
