/**
 * The figures of labels against plain computations, and the test of the calibration against its own promise: without
 * drift it rejects as often as it says, whatever errors of one utterance or one session have in common.
 */
import t from 'tap'
import { bootstrapInterval } from '../../../fixtures/kit/bootstrap.js'
import { groupBy, seededRandom } from '../../../fixtures/kit/statistics.js'
import {
  calibrationPValue, estimatedErrorRate, type ConfidenceBin, type LabelledAnswer,
} from '../../../src/monitoring/feedback/calibration-test.js'
import { ConceptDriftMonitor, type ScoredAnswer } from '../../../src/monitoring/feedback/concept-drift.js'

/** Upper edges of the bins, and the share of words that are wrong in each. */
const BINS = [
  [0.5, 0.5], [0.7, 0.35], [0.8, 0.25], [0.85, 0.2], [0.9, 0.15], [0.93, 0.1], [0.95, 0.08], [0.97, 0.05], [0.98, 0.03],
  [1, 0.01],
] as const
const BASELINE_UTTERANCES = 600

/**
 * How errors come together: all of a session's words have the rate of their bin times one factor, drawn from a gamma
 * law of this shape and the mean 1.
 */
interface Law { readonly utterancesPerSession: number; readonly shape: number }

const LAWS: Readonly<Record<string, Law>> = {
  'words are independent': { utterancesPerSession: 1, shape: Infinity },
  'utterances differ': { utterancesPerSession: 1, shape: 0.5 },
  'sessions differ': { utterancesPerSession: 4, shape: 1 },
}

/** Labelled answers in which errors are `factor` times as frequent as in the baseline, at the same confidence. */
function drawAnswers(
  random: () => number, count: number, { utterancesPerSession, shape }: Law, factor = 1,
): LabelledAnswer[] {
  const answers: LabelledAnswer[] = []
  for (let session = 0; answers.length < count; session++) {
    const own = factor * (shape === Infinity ? 1 : drawGamma(random, shape) / shape)
    const utterances = 1 + Math.floor(random() * (2 * utterancesPerSession - 1))
    for (let utterance = 0; utterance < utterances && answers.length < count; utterance++) {
      const confidence = 1 - 0.6 * random() ** 3
      const words = 1 + Math.floor(random() * 7)
      const rate = Math.min(0.95, own * BINS[binOf(confidence)]![1])
      let errors = 0
      for (let word = 0; word < words; word++) if (random() < rate) errors++
      answers.push({ confidence, words, errors, group: `session ${session}` })
    }
  }
  return answers
}

/** Marsaglia and Tsang 2000. */
function drawGamma(random: () => number, shape: number): number {
  if (shape < 1) return drawGamma(random, shape + 1) * random() ** (1 / shape)
  const d = shape - 1 / 3
  for (;;) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
    const v = (1 + normal / Math.sqrt(9 * d)) ** 3
    if (v > 0 && Math.log(1 - random()) < normal * normal / 2 + d - d * v + d * Math.log(v)) return d * v
  }
}

function binOf(confidence: number): number {
  return BINS.findIndex(([upTo]) => confidence <= upTo)
}

function tableOf(answers: readonly LabelledAnswer[]): ConfidenceBin[] {
  const table = BINS.map(([upTo]) => ({ upTo, words: 0, errors: 0 }))
  for (const { confidence, words, errors } of answers) {
    const bin = table[binOf(confidence!)]!
    bin.words += words
    bin.errors += errors
  }
  return table
}

function sumOf(answers: readonly LabelledAnswer[], field: 'words' | 'errors'): number {
  return answers.reduce((sum, answer) => sum + answer[field], 0)
}

/** p-values of so many label sets, each against a baseline of its own. */
function simulate(rounds: number, utterances: number, law: Law, factor = 1): number[] {
  const random = seededRandom(5)
  return Array.from({ length: rounds }, () =>
    calibrationPValue(
      drawAnswers(random, utterances, law, factor), tableOf(drawAnswers(random, BASELINE_UTTERANCES, law)),
    )!)
}

const shareBelow = (values: readonly number[], limit: number): number =>
  values.filter((value) => value < limit).length / values.length

t.test('without drift, the calibration test rejects at its level, also if errors are correlated', async (t) => {
  for (const [name, law] of Object.entries(LAWS)) {
    const pValues = simulate(2_000, 200, law)
    const rejected = shareBelow(pValues, 0.05)
    t.ok(rejected > 0.03 && rejected < 0.07, `${name}: ${100 * rejected} % at 5 %`)
    for (const limit of [0.25, 0.5, 0.75]) {
      t.ok(Math.abs(shareBelow(pValues, limit) - limit) < 0.05, `${name}: ${shareBelow(pValues, limit)} below ${limit}`)
    }
    t.ok(shareBelow(pValues, 0.001) < 0.006, `${name}: ${shareBelow(pValues, 0.001)} below 0.001`)
  }
})

t.test('with as few utterances and sessions as it is given, it rejects hardly more often', async (t) => {
  for (const [name, law] of Object.entries(LAWS)) {
    const rejected = shareBelow(simulate(2_000, law.utterancesPerSession === 1 ? 60 : 80, law), 0.05)
    t.ok(rejected > 0.03 && rejected < 0.08, `${name}: ${100 * rejected} % at 5 %`)
  }
})

t.test('where the errors at each confidence double, it nearly always rejects', async (t) => {
  for (const [name, law] of Object.entries(LAWS)) {
    const rejected = shareBelow(simulate(200, 300, law, 2), 0.05)
    t.ok(rejected > 0.9, `${name}: ${100 * rejected} % of 300 utterances`)
  }
  t.ok(shareBelow(simulate(200, 300, LAWS['words are independent']!, 0.5), 0.05) > 0.9, 'fewer errors are a change too')
})

t.test('other confidences are no other relation', async (t) => {
  const random = seededRandom(2)
  const table = tableOf(drawAnswers(random, BASELINE_UTTERANCES, LAWS['words are independent']!))
  const pValues = Array.from({ length: 500 }, () => {
    const doubtful = drawAnswers(random, 2_000, LAWS['words are independent']!)
      .filter(({ confidence }) => confidence! < 0.85 || random() < 0.1)
      .slice(0, 200)
    return calibrationPValue(
      doubtful, tableOf(drawAnswers(random, BASELINE_UTTERANCES, LAWS['words are independent']!)),
    )!
  })
  t.ok(shareBelow(pValues, 0.05) < 0.08, `${100 * shareBelow(pValues, 0.05)} % at 5 %`)
  t.ok(
    estimatedErrorRate([{ confidence: 0.4, words: 4 }], table)! > 5 * estimatedErrorRate(
      [{ confidence: 0.99, words: 4 }], table,
    )!,
    'which the estimate shows',
  )
})

t.test('where nothing can be compared, there is no p-value', async (t) => {
  const answers = drawAnswers(seededRandom(1), 100, LAWS['utterances differ']!)
  const table = tableOf(answers)
  t.equal(calibrationPValue([], table), null)
  t.equal(calibrationPValue(answers, table.map((bin) => ({ ...bin, words: 0, errors: 0 }))), null)
  t.equal(calibrationPValue(answers.map((answer) => ({ ...answer, confidence: null })), table), null)
  t.equal(
    calibrationPValue(answers.map((answer) => ({ ...answer, errors: 0 })), table.map((bin) => ({ ...bin, errors: 0 }))),
    null, 'no error anywhere',
  )
  t.equal(
    calibrationPValue(answers.map((answer) => ({ ...answer, group: 'one' })), table), null, 'one group has no variance',
  )
  t.ok(
    calibrationPValue(
      answers.map((answer) => ({ ...answer, errors: 0 })),
      tableOf(drawAnswers(seededRandom(1), BASELINE_UTTERANCES, LAWS['utterances differ']!)),
    )! < 1e-4,
    'no error where many are due',
  )
})

t.test('an estimate is the mean over the words of answers, and knows only what its table knows', async (t) => {
  const table = [
    { upTo: 0.5, words: 10, errors: 5 }, { upTo: 0.8, words: 0, errors: 0 }, { upTo: 1, words: 100, errors: 10 },
  ]
  const of = (...answers: [number, number][]): number | null =>
    estimatedErrorRate(answers.map(([confidence, words]) => ({ confidence, words })), table)
  t.equal(of([0.5, 1], [0.51, 100], [0.9, 3]), (0.5 + 3 * 0.1) / 4, 'an edge belongs to the bin below it')
  t.equal(of([0.6, 3]), null)
  t.equal(
    estimatedErrorRate([{ confidence: 0.99, words: 2 }], table.slice(0, 1)), 0.5, 'above the last edge is the last bin',
  )
})

function labelAll(
  concept: ConceptDriftMonitor, answers: readonly LabelledAnswer[],
  session: (answer: LabelledAnswer) => string | undefined,
): void {
  for (const answer of answers) {
    const { confidence, words, errors } = answer
    concept.labelled({ confidence, words, errors, session: session(answer) } satisfies ScoredAnswer)
  }
}

t.test(
  'the word error rate is that of the newest thousand labels, with a bootstrap interval over sessions',
  async (t) => {
    const answers = drawAnswers(seededRandom(9), 1_500, LAWS['sessions differ']!)
    const newest = answers.slice(-1_000)
    const bySession = new ConceptDriftMonitor()
    labelAll(bySession, answers, ({ group }) => group)
    const rate = bySession.estimates().errorRate!
    t.equal(rate.estimate, sumOf(newest, 'errors') / sumOf(newest, 'words'))
    // The ring has wrapped: the order of the groups, and so the draws, differ. Two bootstraps differ by their noise.
    const sums = [...groupBy(newest, ({ group }) => group).values()].map((own) => [
      sumOf(own, 'errors'),
      sumOf(own, 'words'),
    ])
    const plain = bootstrapInterval(sums, ([errors, words]) => errors! / words!)
    t.ok(
      Math.abs(rate.low - plain.low) < 0.005 && Math.abs(rate.high - plain.high) < 0.005,
      `${rate.low} to ${rate.high}, plainly ${plain.low} to ${plain.high}`,
    )
    const byUtterance = new ConceptDriftMonitor()
    labelAll(byUtterance, answers, () => undefined)
    const narrow = byUtterance.estimates().errorRate!
    t.ok(narrow.high - narrow.low < rate.high - rate.low, 'drawing utterances would promise too much')
  },
)

t.test('while the ring has not wrapped, the interval is a plain bootstrap to the last digit', async (t) => {
  const answers = drawAnswers(seededRandom(4), 200, LAWS['utterances differ']!)
  const concept = new ConceptDriftMonitor()
  labelAll(concept, answers, () => undefined)
  const { low, high } = concept.estimates().errorRate!
  t.same(
    { low, high },
    bootstrapInterval(
      answers.map(({ words, errors }) => [errors, words]), ([errors, words]) => errors! / words!, { rounds: 1_000 },
    ),
  )
})

t.test('below the minimum there is no figure, and without a table only the rate', async (t) => {
  const answers = drawAnswers(
    seededRandom(3), 100, LAWS['utterances differ']!,
  ).map((answer) => ({ ...answer, words: 4 }))
  const table = tableOf(drawAnswers(seededRandom(7), BASELINE_UTTERANCES, LAWS['utterances differ']!))
  const after = (
    count: number, given: readonly ConfidenceBin[] | undefined,
    session: (answer: LabelledAnswer) => string | undefined = () => undefined,
  ) => {
    const concept = new ConceptDriftMonitor(given)
    labelAll(concept, answers.slice(0, count), session)
    for (const { confidence, words } of answers.slice(0, count)) concept.answered(confidence!, words)
    const { errorRate, calibrationPValue: pValue, estimatedErrorRate: estimated } = concept.estimates()
    return [errorRate, pValue, estimated].map((figure) => figure !== null)
  }
  t.same(after(0, table), [false, false, false])
  t.same(after(29, table), [false, false, false])
  t.same(after(30, table), [true, false, true])
  t.same(after(59, table), [true, false, true])
  t.same(after(60, table), [true, true, true])
  t.same(after(100, undefined), [true, false, false])
  t.same(
    after(100, table, ({ confidence }) => String(Math.floor(confidence! * 8))), [false, false, true],
    'of a few sessions nothing is said',
  )
  const short = new ConceptDriftMonitor(table)
  labelAll(short, answers.slice(0, 99).map((answer) => ({ ...answer, words: 1, errors: 0 })), () => undefined)
  t.equal(short.estimates().errorRate, null, '99 words')
})

t.test('figures of labels are computed once for each new label, and an answer without text is in no bin', async (t) => {
  const concept = new ConceptDriftMonitor(tableOf(
    drawAnswers(seededRandom(7), BASELINE_UTTERANCES, LAWS['utterances differ']!),
  ))
  labelAll(concept, drawAnswers(seededRandom(3), 100, LAWS['utterances differ']!), () => undefined)
  const { errorRate, calibrationPValue: pValue } = concept.estimates()
  t.equal(concept.estimates().errorRate, errorRate, 'the same object')
  for (let index = 0; index < 50; index++) concept.labelled({
    confidence: null, words: 3, errors: 3, session: undefined,
  })
  t.ok(concept.estimates().errorRate!.estimate > errorRate!.estimate)
  t.equal(concept.estimates().calibrationPValue, pValue)
})
