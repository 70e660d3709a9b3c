/**
 * How fast one contender is beside another: the ratio of their times on the same clip, a moment apart, and the spread
 * of that ratio. A mean of times would be a statement about the longest clips and the busiest minute of the machine.
 */
import { drawnGroups, medianInterval, type Interval } from '../../fixtures/kit/bootstrap.js'
import type { ScoredClip } from '../harness/scoring.js'
import { percentile } from '../../fixtures/kit/statistics.js'

/** One clip after one contender; `latencyMs` is its wall time. */
export interface RivalClip extends ScoredClip {
  /** CPU time of all threads: what is left of a time when other programs have had theirs. */
  readonly cpuMs: number
  /** Highest resident memory of the process so far. */
  readonly peakBytes: number
}

const LONGEST_PHRASE = 10
const RUNS = 3

/** A transcript that fell into a loop: some words three times in a row, which nobody said three times in a row. */
export function repeatsItself({ reference, hypothesis }: Pick<ScoredClip, 'reference' | 'hypothesis'>): boolean {
  return longestLoop(hypothesis.split(' ')) >= RUNS && longestLoop(reference.split(' ')) < RUNS
}

/** How often a phrase follows itself at most. */
function longestLoop(words: readonly string[]): number {
  let most = 1
  for (let length = 1; length <= LONGEST_PHRASE; length++) {
    let same = 0
    for (let index = length; index < words.length; index++) {
      same = words[index] === words[index - length] ? same + 1 : 0
      most = Math.max(most, 1 + Math.floor(same / length))
    }
  }
  return most
}

export type Clock = 'latencyMs' | 'cpuMs'

export interface Ratio {
  readonly pairs: number
  readonly median: number
  readonly lowQuartile: number
  readonly highQuartile: number
  /** Of the median, drawn by speaker, or by clip where there is one speaker. */
  readonly interval: Interval
  readonly resampledBy: 'speaker' | 'clip'
}

/** `ours` and `theirs` hold the same clips in the same order; below 1, ours are faster. */
export function compareTimes(ours: readonly RivalClip[], theirs: readonly RivalClip[], clock: Clock): Ratio {
  const rows = ours.map((own, index) => {
    const other = theirs[index]
    if (other?.clip.file !== own.clip.file) throw new Error('clips to be compared are not the same')
    return { speaker: own.clip.speaker, clip: own.clip.file, ratio: own[clock] / other[clock] }
  })
  const ratios = rows.map(({ ratio }) => ratio)
  const { by, groups } = drawnGroups(rows)
  return {
    pairs: ratios.length, median: percentile(ratios, 0.5), lowQuartile: percentile(ratios, 0.25),
    highQuartile: percentile(ratios, 0.75),
    interval: medianInterval(groups.map((own) => own.map(({ ratio }) => ratio))), resampledBy: by,
  }
}

/** What is required of the bare recognizer (`earshot`): its median ratio to a rival on clips of these lengths. */
export interface Target {
  readonly model: string
  readonly against: string
  readonly overSeconds: number
  readonly upToSeconds: number
  readonly atMost: number
}

export const TARGETS: readonly Target[] = [
  { model: 'moonshine-tiny-en', against: 'transformers.js', overSeconds: 0, upToSeconds: 5, atMost: 0.27 },
  { model: 'moonshine-tiny-en', against: 'transformers.js', overSeconds: 5, upToSeconds: Infinity, atMost: 0.32 },
  { model: 'moonshine-tiny-en', against: 'sherpa-onnx', overSeconds: 0, upToSeconds: 5, atMost: 0.30 },
  { model: 'moonshine-tiny-en', against: 'sherpa-onnx', overSeconds: 5, upToSeconds: Infinity, atMost: 0.35 },
  { model: 'whisper-tiny', against: 'transformers.js', overSeconds: 1, upToSeconds: 6, atMost: 0.2 },
  { model: 'whisper-base', against: 'transformers.js', overSeconds: 1, upToSeconds: 6, atMost: 0.2 },
]

export interface Verdict extends Target { readonly ratio: Ratio; readonly cpuRatio: Ratio; readonly isMet: boolean }

/** Those of a model that the run can say something about: the rival took part, and there were such clips. */
export function judge(model: string, results: ReadonlyMap<string, readonly RivalClip[]>, targets = TARGETS): Verdict[] {
  return targets.filter((target) => target.model === model).flatMap((target) => {
    const within = (clips: readonly RivalClip[] = []): RivalClip[] =>
      clips.filter(({ audioSeconds }) => audioSeconds > target.overSeconds && audioSeconds <= target.upToSeconds)
    const [ours, theirs] = [within(results.get('earshot')), within(results.get(target.against))]
    if (ours.length === 0 || theirs.length === 0) return []
    const ratio = compareTimes(ours, theirs, 'latencyMs')
    return [{ ...target, ratio, cpuRatio: compareTimes(ours, theirs, 'cpuMs'), isMet: ratio.median <= target.atMost }]
  })
}
