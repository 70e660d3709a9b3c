/** Error rates of clips that were drawn with different probabilities. */
import t from 'tap'
import { seededRandom } from '../../../src/domain/scoring/seeded-random.js'
import { weightedErrorRate, type WeightedClip } from '../../../src/data/statistics/weighted-error-rate.js'

const clip = (
  errors: number, words: number, samplingProbability: number, speaker: string | null = null,
): WeightedClip => ({ errors, words, weight: 1 / samplingProbability, speaker })

t.test('each clip counts as often as it stands for', async (t) => {
  t.equal(weightedErrorRate([clip(1, 4, 0.5), clip(0, 4, 1)]).percent, 100 * 2 / 12)
  t.equal(weightedErrorRate([clip(1, 4, 1), clip(0, 4, 1)]).percent, 100 * 1 / 8, 'equal weights are no weights')
  t.equal(weightedErrorRate([clip(1, 4, 0.01), clip(0, 4, 0.01)]).percent, 100 * 1 / 8, 'the scale of weights does not matter')
  t.ok(Number.isNaN(weightedErrorRate([clip(0, 0, 1)]).percent))
})

t.test('without errors, the limit is that of as many equal words as the weighted ones are worth', async (t) => {
  t.same(weightedErrorRate([clip(0, 40, 1), clip(0, 40, 1)]).interval, { low: 0, high: 100 * 3.69 / 80 })
  const { interval } = weightedErrorRate([clip(0, 40, 0.1), clip(0, 40, 1)])
  t.equal(interval.high, 100 * 3.69 / ((400 + 40) ** 2 / (4_000 + 40)))
  t.ok(Number.isNaN(weightedErrorRate([clip(1, 40, 1)]).interval.low), 'one clip says nothing about others')
})

t.test('the interval draws speakers where there are enough of them', async (t) => {
  const clips = Array.from({ length: 60 }, (_, index) => clip(index % 12 === 0 ? 4 : 0, 4, 1, `speaker ${index % 12}`))
  const bySpeaker = weightedErrorRate(clips)
  const byClip = weightedErrorRate(clips.map((one) => ({ ...one, speaker: null })))
  t.same([bySpeaker.by, byClip.by], ['speaker', 'clip'])
  t.ok(bySpeaker.interval.high - bySpeaker.interval.low > 1.5 * (byClip.interval.high - byClip.interval.low), 'the errors of one speaker are one event')
  t.same(weightedErrorRate(clips, { seed: 3 }), weightedErrorRate(clips, { seed: 3 }))
})

t.test('weights undo what sampling by doubt does to a rate', async (t) => {
  const random = seededRandom(5)
  let [errors, words, covered] = [0, 0, 0]
  const rounds = 60
  for (let round = 0; round < rounds; round++) {
    const sample: WeightedClip[] = []
    for (let index = 0; index < 2_000; index++) {
      const isHard = random() < 0.1
      const wrong = Number(random() < (isHard ? 0.5 : 0.02)) * 2
      ;[errors, words] = [errors + wrong, words + 4]
      const probability = isHard ? 0.5 : 0.05
      if (random() < probability) sample.push(clip(wrong, 4, probability))
    }
    const { interval: { low, high } } = weightedErrorRate(sample, { rounds: 400, seed: round + 1 })
    const truth = 100 * (0.1 * 0.5 + 0.9 * 0.02) * 2 / 4
    if (low <= truth && truth <= high) covered++
    const plain = weightedErrorRate(sample.map((one) => ({ ...one, weight: 1 })))
    t.ok(plain.interval.low > truth, 'the plain rate is too high, and sure of it')
  }
  t.ok(Math.abs(errors / words - 0.034) < 0.002)
  t.ok(covered >= 52, `${covered} of ${rounds}`)
})
