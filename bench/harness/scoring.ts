/** Transcribed clips → word error rate of one source, with its interval, the kinds of errors and the speed. */
import { addUp, bootstrapInterval, resamplingGroups, type Interval, type Sums } from '../../fixtures/kit/bootstrap.js'
import { median, sum } from '../../fixtures/kit/statistics.js'
import { normalizeEnglish, withoutRemarks } from '../../src/domain/scoring/normalize-english.js'
import {
  alignWords, countErrors, totalErrors, type Edit, type ErrorCounts,
} from '../../src/domain/scoring/word-errors.js'
import type { SpeechClip } from './clips.js'
import { requireMeasured } from './endings.js'
import { fixed } from './table.js'

/** One clip after recognition. */
export interface ScoredClip extends ErrorCounts {
  readonly clip: SpeechClip
  readonly reference: string
  readonly hypothesis: string
  readonly edits: readonly Edit[]
  /** The recognizer answered without a word. */
  readonly isEmpty: boolean
  readonly audioSeconds: number
  readonly latencyMs: number
}

interface Drawn {
  readonly interval: Interval
  /** What the interval was drawn over. */
  readonly resampledBy: 'speaker' | 'clip'
}

export interface SourceScore extends ErrorCounts, Drawn {
  readonly source: string
  readonly clips: number
  readonly speakers: number
  /** Errors per hundred reference words. */
  readonly wer: number
  readonly empty: number
  readonly medianMs: number
  /** Processing time divided by audio time. */
  readonly realTimeFactor: number
}

export function scoreClip(clip: SpeechClip, text: string, audioSeconds: number, latencyMs: number): ScoredClip {
  const reference = normalizeEnglish(withoutRemarks(clip.text))
  const hypothesis = normalizeEnglish(text)
  const edits = alignWords(reference, hypothesis)
  return {
    clip, edits, audioSeconds, latencyMs, reference: reference.join(' '), hypothesis: hypothesis.join(' '),
    isEmpty: text.trim() === '', ...countErrors(edits),
  }
}

export function scoreSource(source: string, clips: readonly ScoredClip[]): SourceScore {
  requireMeasured({ [`clips of ${source}`]: clips.length })
  const { by, groups } = resamplingGroups(clips.map((scored) => ({
    speaker: scored.clip.speaker, clip: scored.clip.file, sums: [totalErrors(scored), scored.words],
  })))
  const total = (value: (scored: ScoredClip) => number): number => sum(clips.map(value))
  return {
    source,
    clips: new Set(clips.map(({ clip }) => clip.file)).size,
    speakers: new Set(clips.map(({ clip }) => clip.speaker)).size,
    words: total(({ words }) => words),
    substitutions: total(({ substitutions }) => substitutions),
    deletions: total(({ deletions }) => deletions),
    insertions: total(({ insertions }) => insertions),
    wer: errorRate(addUp(groups)),
    interval: bootstrapInterval(groups, errorRate),
    resampledBy: by,
    empty: clips.filter(({ isEmpty }) => isEmpty).length,
    medianMs: median(clips.map(({ latencyMs }) => latencyMs)),
    realTimeFactor: total(({ latencyMs }) => latencyMs) / 1000 / total(({ audioSeconds }) => audioSeconds),
  }
}

/** Two ways over the same clips: how much the second changes the word error rate of the first. */
export interface Difference extends Drawn {
  readonly source: string
  /** Percentage points; negative when the second is better. The interval is paired: both ways, the same speakers. */
  readonly points: number
}

/** `first` and `second` hold the same clips in the same order. */
export function compareSource(source: string, first: readonly ScoredClip[], second: readonly ScoredClip[]): Difference {
  const { by, groups } = resamplingGroups(first.map((scored, index) => {
    const other = second[index]
    if (other?.clip.file !== scored.clip.file) throw new Error('clips to be compared are not the same')
    const { clip: { speaker, file }, words } = scored
    return { speaker, clip: file, sums: [totalErrors(scored), totalErrors(other), words] }
  }))
  const points = ([before = NaN, after = NaN, words = NaN]: Sums): number => 100 * (after - before) / words
  return { source, points: points(addUp(groups)), interval: bootstrapInterval(groups, points), resampledBy: by }
}

/** Unknown of a single clip. A star marks an interval that was drawn by clip, where there is one speaker. */
export function intervalCell({ interval: { low, high }, resampledBy }: Drawn): string {
  if (Number.isNaN(low)) return 'unknown  '
  return `${fixed(low)} to ${fixed(high)}${resampledBy === 'clip' ? ' *' : '  '}`
}

function errorRate([errors = NaN, words = NaN]: Sums): number {
  return 100 * errors / words
}
