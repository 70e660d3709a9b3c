/** Clips that were processed, or recorded by a service → a baseline file. */
import { createHash } from 'node:crypto'
import { FORMAT, type Baseline } from '../../monitoring/drift/baseline.js'
import { computeBaseline, sessionsOf, type BaselineClip } from '../../monitoring/drift/build-baseline.js'
import type { Bins } from '../../monitoring/drift/bins.js'
import { FEATURE_NAMES, featureRow, type FeatureName } from '../../monitoring/drift/features.js'
import { checkFalseAlarms, criesWolf, type SelfCheck } from '../../monitoring/drift/self-check.js'
import { normalizeText } from '../../domain/scoring/normalize.js'
import { seededRandom } from '../../domain/scoring/seeded-random.js'
import { alignWords, countErrors, totalErrors } from '../../domain/scoring/word-errors.js'
import type { Processed } from '../clips/recognize.js'

export interface MadeFrom {
  readonly id: string
  readonly provenance: string
  readonly model: Baseline['model']
  readonly pipeline: Baseline['pipeline']
  readonly clips: readonly BaselineClip[]
  readonly speakers: number | null
  readonly confidenceToWer: Baseline['confidenceToWer']
  /** Those of a baseline that this one is to be merged with. */
  readonly bins: Readonly<Partial<Record<FeatureName, Bins>>> | undefined
}

export interface Made { readonly baseline: Baseline; readonly check: SelfCheck | null }

/** Upper ends of the confidences whose errors are counted together. */
const CONFIDENCES = [0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1]
/** The same clips make the same baseline: what is drawn at random is drawn from their number. */
export function makeBaseline({ id, provenance, model, pipeline, clips, speakers, confidenceToWer, bins }: MadeFrom, now: Date): Made {
  const random = seededRandom(clips.length)
  const times = clips.flatMap(({ time }) => time ?? [])
  const moment = (milliseconds: number | undefined): string | null => milliseconds === undefined ? null : new Date(milliseconds).toISOString()
  const baseline: Baseline = {
    format: FORMAT, id, created: now.toISOString(), model, pipeline,
    source: { provenance, clips: clips.length, sessions: sessionsOf(clips), speakers, from: moment(least(times)), to: moment(most(times)) },
    ...computeBaseline(clips, random, bins),
    selfCheck: null,
    confidenceToWer,
  }
  const check = checkFalseAlarms(clips, baseline, random)
  return { baseline: { ...baseline, selfCheck: check && kept(check), calibration: judged(baseline.calibration, check) }, check }
}

export function clipsOf(processed: readonly Processed[]): BaselineClip[] {
  return processed.flatMap((one) => 'error' in one ? [] : [{ row: featureRow(one.report), session: one.clip.session ?? one.clip.speaker, time: one.clip.time }])
}

export function speakersOf(processed: readonly Processed[]): number | null {
  const speakers = new Set(processed.flatMap(({ clip }) => clip.speaker ?? []))
  return speakers.size === 0 ? null : speakers.size
}

/** Word errors by confidence, where the clips have texts; null where none has. */
export function errorsByConfidence(processed: readonly Processed[]): Baseline['confidenceToWer'] {
  const labelled = processed.flatMap((one) => 'error' in one || one.clip.text === null || one.report.confidence === null ? [] : [{ text: one.clip.text, heard: one.report.text, language: one.report.language, confidence: one.report.confidence }])
  if (labelled.length === 0) return null
  const bins = CONFIDENCES.map((upTo) => ({ upTo, words: 0, errors: 0 }))
  for (const { text, heard, language, confidence } of labelled) {
    const counts = countErrors(alignWords(normalizeText(text, language), normalizeText(heard, language)))
    const bin = bins.find(({ upTo }) => confidence <= upTo) ?? bins.at(-1)!
    bin.words += counts.words
    bin.errors += totalErrors(counts)
  }
  return bins
}

/** A short digest of what a baseline was made from, as its default name. */
export function digestId(clips: readonly BaselineClip[]): string {
  return createHash('sha256').update(JSON.stringify([FEATURE_NAMES, clips.map(({ row }) => row)])).digest('hex').slice(0, 12)
}

function kept({ streams, clipsEach, withAlarm }: SelfCheck): Baseline['selfCheck'] {
  return { streams, clipsEach, withAlarm }
}

function judged(calibration: Baseline['calibration'], check: SelfCheck | null): Baseline['calibration'] {
  if (!calibration.calibrated || check === null || !criesWolf(check)) return calibration
  return { ...calibration, calibrated: false, because: `in its self-check ${check.withAlarm} of ${check.streams} streams of ordinary clips raised an alarm (${check.features.slice(0, 3).join(', ')}); more clips of more people, and of whole weeks, are needed` }
}

function least(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((a, b) => Math.min(a, b))
}

function most(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((a, b) => Math.max(a, b))
}
