/** Transcribed clips → word error rate of one source, with its interval, the kinds of errors and the speed. */
import { addUp, bootstrapInterval, resamplingGroups, type Interval, type Sums } from './bootstrap.js'
import type { SpeechClip } from './clips.js'
import { normalizeEnglish } from '../src/domain/scoring/normalize-english.js'
import { median, sum } from './statistics.js'
import { alignWords, countErrors, totalErrors, type Edit, type ErrorCounts } from '../src/domain/scoring/word-errors.js'

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

export interface SourceScore extends ErrorCounts {
  readonly source: string
  readonly clips: number
  readonly speakers: number
  /** Errors per hundred reference words. */
  readonly wer: number
  readonly interval: Interval
  /** What the interval was drawn over. */
  readonly resampledBy: 'speaker' | 'clip'
  readonly empty: number
  readonly medianMs: number
  /** Processing time divided by audio time. */
  readonly realTimeFactor: number
}

export function scoreClip(clip: SpeechClip, text: string, audioSeconds: number, latencyMs: number): ScoredClip {
  const reference = normalizeEnglish(clip.text)
  const hypothesis = normalizeEnglish(text)
  const edits = alignWords(reference, hypothesis)
  return {
    clip, edits, audioSeconds, latencyMs,
    reference: reference.join(' '), hypothesis: hypothesis.join(' '), isEmpty: text.trim() === '',
    ...countErrors(edits),
  }
}

export function scoreSource(source: string, clips: readonly ScoredClip[]): SourceScore {
  const { by, groups } = resamplingGroups(clips.map((scored) => ({ speaker: scored.clip.speaker, clip: scored.clip.file, sums: [totalErrors(scored), scored.words] })))
  return {
    source,
    clips: new Set(clips.map(({ clip }) => clip.file)).size,
    speakers: new Set(clips.map(({ clip }) => clip.speaker)).size,
    words: sum(clips.map(({ words }) => words)),
    substitutions: sum(clips.map(({ substitutions }) => substitutions)),
    deletions: sum(clips.map(({ deletions }) => deletions)),
    insertions: sum(clips.map(({ insertions }) => insertions)),
    wer: errorRate(addUp(groups)),
    interval: bootstrapInterval(groups, errorRate),
    resampledBy: by,
    empty: clips.filter(({ isEmpty }) => isEmpty).length,
    medianMs: median(clips.map(({ latencyMs }) => latencyMs)),
    realTimeFactor: sum(clips.map(({ latencyMs }) => latencyMs)) / 1000 / sum(clips.map(({ audioSeconds }) => audioSeconds)),
  }
}

/** Two ways over the same clips: how much the second changes the word error rate of the first. */
export interface Difference {
  readonly source: string
  /** Percentage points; negative when the second is better. */
  readonly points: number
  /** Paired: both ways are scored on the same drawn speakers. */
  readonly interval: Interval
  readonly resampledBy: 'speaker' | 'clip'
}

/** `first` and `second` hold the same clips in the same order. */
export function compareSource(source: string, first: readonly ScoredClip[], second: readonly ScoredClip[]): Difference {
  const { by, groups } = resamplingGroups(first.map((scored, index) => ({
    speaker: scored.clip.speaker,
    clip: scored.clip.file,
    sums: [totalErrors(scored), totalErrors(second[index]!), scored.words],
  })))
  const points = ([before, after, words]: Sums): number => 100 * (after! - before!) / words!
  return { source, points: points(addUp(groups)), interval: bootstrapInterval(groups, points), resampledBy: by }
}

function errorRate([errors, words]: Sums): number {
  return 100 * errors! / words!
}
