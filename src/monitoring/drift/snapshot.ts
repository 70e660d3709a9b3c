/** The state of the drift monitor at one time: plain data for the page, the API and the metrics. */
import type { Baseline, Unmonitored } from './baseline.js'
import type { Family } from './features.js'
import type { LikelyCause } from './likely-causes.js'

/** The fast window reacts within minutes; the slow one holds more clips and detects smaller shifts within hours. */
export const WINDOWS = ['fast', 'slow'] as const
export type WindowName = (typeof WINDOWS)[number]

/** One feature in one window, compared with the baseline; null in its place if there are too few clips. */
export interface Comparison {
  /** Clips in the window, including missing values. */
  readonly clips: number
  /** In the order of the bins. */
  readonly counts: readonly number[]
  readonly missing: number
  /** Population stability index against the baseline. */
  readonly psi: number
  /** `psi` minus its expected value without drift; may be slightly negative. */
  readonly excess: number
  /** Holm-adjusted over the features of the family, design effect included. */
  readonly pValue: number
  /** Cliff's delta: from −1, all values lie below the baseline, to 1, all above; null for categories. */
  readonly delta: number | null
}

export interface FeatureState {
  readonly name: string
  readonly family: Family
  readonly unit: string
  readonly help: string
  /** Descriptions of the bins: "−31.2 to −28.4" or a category. */
  readonly bins: readonly string[]
  /** Shares of the baseline, smoothed as the statistics use them; they sum to 1. */
  readonly baseline: readonly number[]
  /** Including missing values. */
  readonly baselineClips: number
  readonly baselineMissing: number
  readonly windows: Readonly<Record<WindowName, Comparison | null>>
  readonly alarm: boolean
  /** ISO 8601; null when there is no alarm. */
  readonly alarmSince: string | null
  /** ISO 8601: when the oldest clip of the window came that raised the alarm. */
  readonly alarmFrom: string | null
}

export interface BaselineSummary {
  readonly id: string
  readonly created: string
  readonly model: string
  /** Alarms are raised only against a calibrated baseline. */
  readonly calibrated: boolean
  /** Why not; null when it is. */
  readonly uncalibratedBecause: string | null
  readonly clips: number
  readonly sessions: number | null
  readonly speakers: number | null
  /** Source of the clips, free text. */
  readonly provenance: string
}

export interface DriftSnapshot {
  readonly baseline: BaselineSummary
  readonly windows: Readonly<Record<WindowName, { readonly clips: number; readonly minimum: number }>>
  /** Names of features, strongest excess first. */
  readonly alarms: readonly string[]
  /** The alarms by their likely cause; the one that explains most first, those without a common cause last. */
  readonly causes: readonly LikelyCause[]
  readonly features: readonly FeatureState[]
  /** Features that the baseline or this version lacks. */
  readonly unmonitored: readonly Unmonitored[]
}

export function summarize({ id, created, model, calibration, source }: Baseline): BaselineSummary {
  const { clips, sessions, speakers, provenance } = source
  return {
    id, created, model: model.name, calibrated: calibration.calibrated, uncalibratedBecause: calibration.because, clips,
    sessions, speakers, provenance,
  }
}
