/** Clips that were recognized here, or recorded by a service → a baseline. */
import { createHash } from 'node:crypto'
import { FORMAT, type Baseline } from '../../monitoring/drift/baseline.js'
import { computeBaseline, sessionsOf, type BaselineClip } from '../../monitoring/drift/build-baseline.js'
import type { Bins } from '../../monitoring/drift/bins.js'
import { FEATURE_NAMES, featureRow, type FeatureName } from '../../monitoring/drift/features.js'
import { checkFalseAlarms, hasTooManyFalseAlarms, type SelfCheck } from '../../monitoring/drift/self-check.js'
import { normalizeReference, normalizeText } from '../../domain/scoring/normalize.js'
import { seededRandom } from '../../domain/scoring/seeded-random.js'
import { alignWords, countErrors, totalErrors } from '../../domain/scoring/word-errors.js'
import type { Processed } from '../clips/recognize.js'

/** What a baseline is made from. */
export interface MadeFrom {
  readonly id: string
  readonly provenance: string
  readonly model: Baseline['model']
  readonly pipeline: Baseline['pipeline']
  readonly clips: readonly BaselineClip[]
  readonly speakers: number | null
  readonly confidenceToWer: Baseline['confidenceToWer']
  /** Bins of another baseline, so that both can be merged. */
  readonly bins: Readonly<Partial<Record<FeatureName, Bins>>> | undefined
}

export interface Made { readonly baseline: Baseline; readonly check: SelfCheck | null }

/** Upper bounds of the bins of confidence in which errors are counted. */
const CONFIDENCES = [0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1]

/** The same clips make the same baseline: the number of clips is the seed of the random numbers. */
export function makeBaseline(from: MadeFrom, now: Date): Made {
  const { id, provenance, model, pipeline, clips, speakers, confidenceToWer, bins } = from
  const random = seededRandom(clips.length)
  const times = clips.flatMap(({ time }) => time ?? [])
  const baseline: Baseline = {
    format: FORMAT, id, created: now.toISOString(), model, pipeline,
    source: { provenance, clips: clips.length, sessions: sessionsOf(clips), speakers, ...rangeOf(times) },
    ...computeBaseline(clips, random, bins),
    selfCheck: null,
    confidenceToWer,
  }
  const check = checkFalseAlarms(clips, baseline, random)
  const calibration = calibrationAfter(check, baseline.calibration)
  return { baseline: { ...baseline, selfCheck: check && stored(check), calibration }, check }
}

export function clipsOf(processed: readonly Processed[]): BaselineClip[] {
  return processed.flatMap((one) => {
    if ('error' in one) return []
    const { report, clip: { session, speaker, time } } = one
    return [{ row: featureRow(report), session: session ?? speaker, time }]
  })
}

export function speakersOf(processed: readonly Processed[]): number | null {
  const speakers = new Set(processed.flatMap(({ clip }) => clip.speaker ?? []))
  return speakers.size === 0 ? null : speakers.size
}

/** Word errors by confidence, of the clips that have texts; null if none has. */
export function errorsByConfidence(processed: readonly Processed[]): Baseline['confidenceToWer'] {
  const bins = CONFIDENCES.map((upTo) => ({ upTo, words: 0, errors: 0 }))
  let isLabelled = false
  for (const one of processed) {
    if ('error' in one || one.clip.text === null || one.report.confidence === null) continue
    isLabelled = true
    const { clip: { text: reference }, report: { text, language, confidence } } = one
    const counts = countErrors(alignWords(normalizeReference(reference, language), normalizeText(text, language)))
    const bin = bins.find(({ upTo }) => confidence <= upTo) ?? bins.at(-1)
    if (bin === undefined) continue
    bin.words += counts.words
    bin.errors += totalErrors(counts)
  }
  return isLabelled ? bins : null
}

/** A short digest of what a baseline was made from, as its default name. */
export function digestId(clips: readonly BaselineClip[]): string {
  return createHash('sha256')
    .update(JSON.stringify([FEATURE_NAMES, clips.map(({ row }) => row)]))
    .digest('hex')
    .slice(0, 12)
}

function stored({ streams, clipsEach, withAlarm }: SelfCheck): Baseline['selfCheck'] {
  return { streams, clipsEach, withAlarm }
}

/** A baseline that raises too many false alarms counts as not calibrated. */
function calibrationAfter(check: SelfCheck | null, calibration: Baseline['calibration']): Baseline['calibration'] {
  if (!calibration.calibrated || check === null || !hasTooManyFalseAlarms(check)) return calibration
  const { withAlarm, streams, features } = check
  const because = `in its self-check ${withAlarm} of ${streams} streams of ordinary clips raised an alarm `
    + `(${features.slice(0, 3).join(', ')}); more clips of more people, and of whole weeks, are needed`
  return { ...calibration, calibrated: false, because }
}

/** First and last time, ISO 8601; null if no time is known. `times`: milliseconds since the epoch. */
function rangeOf(times: readonly number[]): { readonly from: string | null; readonly to: string | null } {
  if (times.length === 0) return { from: null, to: null }
  const [first, last] = [times.reduce((a, b) => Math.min(a, b)), times.reduce((a, b) => Math.max(a, b))]
  return { from: new Date(first).toISOString(), to: new Date(last).toISOString() }
}
