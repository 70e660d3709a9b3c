/**
 * How often `compare-models` calls two systems different, by simulation: of equally good ones (at most 5 % wanted), and
 * of such that differ by so many points (the power).
 *
 * A simulated speaker has clips (`--clips` on average, with an exponential distribution; `--even`: exactly), and both
 * systems make errors on them with the same probability, drawn for the speaker
 * and for the clip. Errors come in runs, because a wrong word misleads a decoder about the next. Some errors are of
 * both systems, as words are hard for everybody. `--suits S`: each system suits some speakers better, by a factor of
 * exp(± S · normal) on its errors; over all speakers they are still equal. The comparison is the one of the command.
 */
import { gaussian, seededRandom } from '../fixtures/kit/statistics.js'
import { differenceOf } from '../src/data/comparison/difference.js'
import type { Pair } from '../src/data/comparison/pairs.js'
import { judge, VERDICTS, type Verdict } from '../src/data/comparison/verdict.js'
import { segmentsOf } from '../src/data/statistics/matched-pairs.js'
import { alignWords } from '../src/domain/scoring/word-errors.js'
import { EQUAL } from './declarations/data.js'
import { defineBench } from './harness/bench.js'
import { fixed, printTable } from './harness/table.js'
import { startProgress, type Progress } from './harness/progress.js'

type Sizes = { readonly speakers: number; readonly clips: number; readonly words: number }

interface Model extends Sizes {
  /** Percent. */
  readonly wer: number
  /** Standard deviation between speakers of the logarithm of the ratio of both error rates. */
  readonly suits: number
  /** All speakers have the same number of clips. */
  readonly even: boolean
}

/** Relative: −0.3 is a B with 30 % fewer errors. */
const CHANGES = [0, -0.1, -0.2, -0.3, -0.4]
/** Share of the errors that both systems make. */
const SHARED = 0.6
/** Standard deviations of the logarithm of the error rate between speakers, and between clips of a speaker. */
const [BETWEEN_SPEAKERS, BETWEEN_CLIPS] = [0.5, 0.5]
/** An error is followed by another one with this probability. */
const CONTINUES = 0.3
/** Equal pairs that may be called different. */
const MOST_FALSE = 0.05

export const run = defineBench(EQUAL, async ({ pairs, margin, ...model }) => {
  const progress = startProgress('pairs', CHANGES.length * pairs)
  const rows = CHANGES.map((change, row) => ({ change, ...shareOf(pairs, margin, model, change, row, progress) }))
  printTable(['errors of B', 'B − A points', ...VERDICTS, 'bootstrap alone', 'MAPSSWE alone'], rows.map((one) => [
    one.change === 0 ? 'as of A' : `${100 * one.change} %`, fixed(one.points, 2),
    ...VERDICTS.map((verdict) => fixed(one.verdicts[verdict], 3)), fixed(one.bootstrap, 3), fixed(one.matchedPairs, 3),
  ]))
  const [equal] = rows
  const different = equal!.verdicts.better + equal!.verdicts.worse
  console.log(`\nof ${pairs} equal pairs, ${fixed(100 * different)} % are called better or worse`)
  const missed = different > MOST_FALSE ? [`${fixed(100 * different)} % of equal pairs are called different`] : []
  return { missed, judged: { 'pairs of each row': pairs }, results: rows }
})

interface Shares {
  /** Mean of the simulated differences. */
  readonly points: number
  readonly verdicts: Readonly<Record<Verdict['verdict'], number>>
  /** Share of pairs whose interval excludes 0, and whose MAPSSWE has p < 0.05. */
  readonly bootstrap: number
  readonly matchedPairs: number
}

function shareOf(
  pairs: number, margin: number, model: Model, change: number, seed: number, progress: Progress,
): Shares {
  const random = seededRandom(1 + seed)
  const verdicts = { 'better': 0, 'not worse': 0, 'worse': 0, 'undecided': 0 }
  let [points, bootstrap, matchedPairs] = [0, 0, 0]
  for (let index = 0; index < pairs; index++) {
    progress.step()
    const difference = differenceOf(simulate(model, change, random))
    verdicts[judge(difference, margin).verdict] += 1 / pairs
    points += difference.points / pairs
    bootstrap += Number(difference.interval.low > 0 || difference.interval.high < 0) / pairs
    matchedPairs += Number(difference.matchedPairs.p < 0.05) / pairs
  }
  return { points, verdicts, bootstrap, matchedPairs }
}

/** One test set, recognized by both. */
function simulate({ wer, suits, even, ...sizes }: Model, change: number, random: () => number): Pair[] {
  return Array.from({ length: sizes.speakers }, (_, speaker) => {
    const ofSpeaker = logNormal(BETWEEN_SPEAKERS, random)
    const leaning = suits * gaussian(random)
    const clips = even ? sizes.clips : Math.ceil(-Math.log(1 - random()) * sizes.clips)
    return Array.from({ length: clips }, (): Pair => {
      const rate = wer / 100 * ofSpeaker * logNormal(BETWEEN_CLIPS, random)
      const shared = errorRun(sizes.words, SHARED * rate, random)
      const own = (factor: number): boolean[] => {
        const alone = errorRun(sizes.words, (factor - SHARED) * rate, random)
        return shared.map((isWrong, index) => isWrong || alone[index]!)
      }
      // exp(± leaning) has the same mean for both, so that neither is better over all speakers.
      const [a, b] = [own(Math.exp(leaning)), own((1 + change) * Math.exp(-leaning))]
      return pairOf(`s${speaker}`, a, b)
    })
  }).flat()
}

/** Mean 1. */
function logNormal(deviation: number, random: () => number): number {
  return Math.exp(deviation * gaussian(random) - deviation ** 2 / 2)
}

/** Which words are wrong: runs whose mean length is 1 / (1 − CONTINUES), so many that the share is about `rate`. */
function errorRun(words: number, rate: number, random: () => number): boolean[] {
  const begins = Math.min(0.9, Math.max(0, rate) * (1 - CONTINUES))
  let isWrong = false
  return Array.from({ length: words }, () => isWrong = random() < (isWrong ? CONTINUES : begins))
}

function pairOf(speaker: string, a: readonly boolean[], b: readonly boolean[]): Pair {
  const reference = a.map((_, index) => `word ${index}`)
  const edits = (wrong: readonly boolean[]) =>
    alignWords(reference, reference.map((word, index) => wrong[index] ? 'wrong' : word))
  return {
    file: '', text: '', source: 'simulated', speaker, tags: [], words: reference.length,
    errors: { a: a.filter(Boolean).length, b: b.filter(Boolean).length }, transcripts: { a: '', b: '' },
    segments: segmentsOf(edits(a), edits(b)), audioSeconds: 0, snrDb: null, wordsPerSecond: null, seconds: null,
  }
}
