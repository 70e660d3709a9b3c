/**
 * Search hits of two systems on the same clips: how often the first hit is the expected entry of the catalogue, and how
 * far up that is (mean reciprocal rank; Voorhees, TREC-8 1999). A word error that does not change what is found does no
 * harm in voice search, and one in a name is all that counts.
 */
import { blocksOf } from '../statistics/blocks.js'
import { bootstrapInterval, type Interval, type Sums } from '../statistics/bootstrap.js'
import { mcNemar, type McNemar } from '../statistics/mcnemar.js'
import { sum } from '../statistics/sum.js'
import { unseenInterval } from '../statistics/weighted-error-rate.js'
import type { Both, Hit, Pair } from './pairs.js'

/** A figure of both systems, in percent, with the paired 95 % interval of B less A in points. */
export interface HitFigure {
  readonly name: 'first hit right' | 'expected among the first five' | 'mean reciprocal rank'
  readonly percent: Both<number>
  readonly points: number
  readonly interval: Interval
}

export interface HitComparison {
  /** With a known answer. */
  readonly clips: number
  /** Of these: nothing of the catalogue is said. */
  readonly unexpected: number
  readonly drawnBy: 'speaker' | 'clip'
  readonly figures: readonly HitFigure[]
  /** Of the first hit. */
  readonly test: McNemar
}

const FIRST = 5

type Found = Pair & { readonly hits: Both<Hit> & { readonly isExpected: boolean } }

/** Null where no clip has a known answer. */
export function compareHits(pairs: readonly Pair[]): HitComparison | null {
  const found = pairs.filter((pair): pair is Found => (pair.hits ?? null) !== null)
  if (found.length === 0) return null
  const expected = found.filter(({ hits }) => hits.isExpected)
  const { by, blocks } = blocksOf(found)
  const right = ({ isRight }: Hit): number => isRight ? 1 : 0
  const isEarly = ({ rank }: Hit): number => rank !== null && rank <= FIRST ? 1 : 0
  const reciprocal = ({ rank }: Hit): number => rank === null ? 0 : 1 / rank
  return {
    clips: found.length, unexpected: found.length - expected.length, drawnBy: by,
    figures: [
      figureOf('first hit right', blocks, right),
      ...expected.length === 0 ? [] : [
        figureOf('expected among the first five', blocks.map(withExpected), isEarly),
        figureOf('mean reciprocal rank', blocks.map(withExpected), reciprocal),
      ],
    ],
    test: mcNemar(
      found.filter(({ hits: { a, b } }) => a.isRight && !b.isRight).length,
      found.filter(({ hits: { a, b } }) => b.isRight && !a.isRight).length,
    ),
  }
}

function withExpected(clips: readonly Found[]): Found[] {
  return clips.filter(({ hits }) => hits.isExpected)
}

function figureOf(
  name: HitFigure['name'], blocks: readonly (readonly Found[])[], valueOf: (hit: Hit) => number,
): HitFigure {
  const sums = blocks.filter((clips) => clips.length > 0).map((clips): Sums => [
    sum(clips, ({ hits }) => valueOf(hits.a)), sum(clips, ({ hits }) => valueOf(hits.b)), clips.length,
  ])
  const [a, b, clips] = [0, 1, 2].map((column) => sum(sums, (own) => own[column]!)) as [number, number, number]
  const isEqual = blocks.flat().every(({ hits }) => valueOf(hits.a) === valueOf(hits.b))
  return {
    name, percent: { a: 100 * a / clips, b: 100 * b / clips }, points: 100 * (b - a) / clips,
    interval: isEqual ? unseenInterval(clips) : intervalOf(sums),
  }
}

function intervalOf(sums: readonly Sums[]): Interval {
  return bootstrapInterval(sums, ([a, b, clips]) => 100 * (b! - a!) / clips!, { method: 'expanded' })
}
