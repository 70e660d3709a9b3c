/** One clip recognized by two systems, as the comparison keeps it: counts and transcripts, no audio, no report. */
import type { Report } from '../../domain/report.js'
import { normalizeReference } from '../../domain/scoring/normalize.js'
import { scored, type Scored } from '../scored.js'
import { segmentsOf, type Segment } from '../statistics/matched-pairs.js'

/** One clip by one system, as it is kept. */
export interface Recognition {
  readonly report: Report
  /** Spent by the recognizer on this clip, wall clock. */
  readonly seconds: number
  /**
   * Which run of a command measured it. Times of two systems can be compared only within a run that had them take
   * turns.
   */
  readonly run: string
}

/** A value of each of the two systems. */
export interface Both<T> { readonly a: T; readonly b: T }

/** What one system found for one clip. */
export interface Hit {
  /** The first hit is expected and above the threshold of the service; or nothing is expected and nothing is above. */
  readonly isRight: boolean
  /** Of the first expected entry, from 1; null where none is among the ranked ones, or nothing is expected. */
  readonly rank: number | null
}

export interface LabelledClip {
  readonly file: string
  readonly text: string
  readonly source: string
  /** Null: unknown. */
  readonly speaker: string | null
  readonly tags: readonly string[]
}

export interface Pair extends LabelledClip {
  /** Words of the normalized reference. */
  readonly words: number
  readonly errors: Both<number>
  readonly transcripts: Both<string>
  readonly segments: readonly Segment[]
  readonly audioSeconds: number
  readonly snrDb: number | null
  /** Words of the reference by second of detected speech; null where no speech was detected. */
  readonly wordsPerSecond: number | null
  /** Wall clock; null where the two were not measured in one run. */
  readonly seconds: Both<number> | null
  /** What a search finds; absent where none is compared, null where nobody knows what is to be found. */
  readonly hits?: Both<Hit> & { readonly isExpected: boolean } | null
}

/** The measured properties of the clip are those of the first report: the upload is the same for both. */
export function pairOf(
  clip: LabelledClip, reports: Both<Report>, seconds: Both<number> | null, language: string,
): Pair {
  const reference = normalizeReference(clip.text, language)
  const [a, b] = [reports.a, reports.b].map(({ text }) => scored(reference, text, language)) as [Scored, Scored]
  const { audioSeconds, speechSeconds, snrDb } = reports.a.input
  return {
    ...clip, words: reference.length,
    errors: { a: a.errors, b: b.errors }, transcripts: { a: reports.a.text, b: reports.b.text },
    segments: segmentsOf(a.edits, b.edits),
    audioSeconds, snrDb, wordsPerSecond: speechSeconds > 0 ? reference.length / speechSeconds : null, seconds,
  }
}
