/**
 * Percentile bootstrap over groups (Efron 1979; for word error rates Bisani & Ney, ICASSP 2004): how far a figure
 * would move if other speakers had been recorded. Clips of one speaker share a voice and a microphone, so whole
 * speakers are drawn, never single clips; drawing clips would promise a precision that is not there.
 */
import { groupBy, median, percentile, seededRandom } from './statistics.js'

export interface Interval { readonly low: number; readonly high: number }

export interface BootstrapOptions { readonly rounds?: number; readonly seed?: number }

/** Numbers of one group that add up, for instance [errors, words]. */
export type Sums = readonly number[]

/** 95 % interval of a statistic of summed groups. The same seed gives the same interval. */
export function bootstrapInterval(groups: readonly Sums[], statistic: (sums: Sums) => number, options: BootstrapOptions = {}): Interval {
  return intervalOf(groups, (sample) => statistic(addUp(sample)), options)
}

/** 95 % interval of the median of all values of the groups. */
export function medianInterval(groups: readonly (readonly number[])[], options: BootstrapOptions = {}): Interval {
  return intervalOf(groups, (sample) => median(sample.flat()), options)
}

function intervalOf<T>(groups: readonly T[], statistic: (sample: readonly T[]) => number, { rounds = 2000, seed = 1 }: BootstrapOptions): Interval {
  const random = seededRandom(seed)
  const drawn = Array.from({ length: rounds }, () => statistic(groups.map(() => groups[Math.floor(random() * groups.length)]!)))
    .filter((value) => !Number.isNaN(value))
  return { low: percentile(drawn, 0.025), high: percentile(drawn, 0.975) }
}

/** `clip` may stand in several rows, when it was recognized several times. */
export interface Attributed { readonly speaker: string; readonly clip: string; readonly sums: Sums }

/** What is drawn: speakers, or clips where there is a single speaker (then the interval says nothing about others). */
export function resamplingGroups(clips: readonly Attributed[]): { readonly by: 'speaker' | 'clip'; readonly groups: Sums[] } {
  const { by, groups } = drawnGroups(clips)
  return { by, groups: groups.map((own) => addUp(own.map(({ sums }) => sums))) }
}

/** As `resamplingGroups`, with the rows themselves. */
export function drawnGroups<T extends Pick<Attributed, 'speaker' | 'clip'>>(clips: readonly T[]): { readonly by: 'speaker' | 'clip'; readonly groups: T[][] } {
  const bySpeaker = groupBy(clips, ({ speaker }) => speaker)
  const [by, rows] = bySpeaker.size < 2 ? ['clip' as const, groupBy(clips, ({ clip }) => clip)] : ['speaker' as const, bySpeaker]
  return { by, groups: [...rows.values()] }
}

export function addUp(list: readonly Sums[]): number[] {
  const width = list[0]?.length ?? 0
  return Array.from({ length: width }, (_, column) => list.reduce((total, sums) => total + sums[column]!, 0))
}
