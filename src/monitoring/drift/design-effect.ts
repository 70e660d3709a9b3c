/**
 * The design effect: the variance between windows of ordinary traffic relative to that of windows of independent clips.
 * Chi-square statistics are divided by it (Rao and Scott 1981).
 *
 * Windows in the order of time contain every cause of variance, but a baseline of 2,000 clips has only ten of them: the
 * relative standard error of their mean is about 1/6, and an estimate that is too low by chance turns a level of 1e-4
 * into 1e-3. So if
 * sessions are known, whole sessions are also put in many random orders, which gives some hundred windows and so the
 * tail of the distribution. That tail is longer than that of the scaled chi-square, because bins differ in how
 * clustered they are: the effect is chosen to be right at the level of alarms (Satterthwaite's degrees of freedom; Rao
 * and Scott 1984, second order). The windows in time bound the result from both sides: days that differ raise it, and
 * an order of sessions that is more regular than random lowers it.
 */
import { chiSquareQuantile, dispersion } from './statistics.js'

/** Level of one feature, for alarms at 1e-4 over some 20 features. */
const ALARM_TAIL = 5e-6
/** One-sided confidence of the mean of few windows: for the estimate without sessions, and for the upper bound. */
const ESTIMATE_CONFIDENCE = 0.95
const BOUND_CONFIDENCE = 0.999
/** With fewer windows, their variance cannot be estimated. */
export const MIN_WINDOWS = 5

type Counts = readonly number[]

/**
 * `all`: counts of the baseline. `ordered`: of its windows in the order of time. `arranged`: of windows of whole
 * sessions in random orders; empty if sessions are not known.
 */
export function designEffect(all: Counts, ordered: readonly Counts[], arranged: readonly Counts[]): number {
  const inTime = spreadOf(all, ordered)
  const inSessions = spreadOf(all, arranged)
  if (inTime === null) return inSessions === null ? 1 : Math.max(1, atAlarmLevel(inSessions))
  if (inSessions === null) return Math.max(1, upperLimit(inTime, ESTIMATE_CONFIDENCE))
  return Math.max(1, inTime.mean, Math.min(atAlarmLevel(inSessions), upperLimit(inTime, BOUND_CONFIDENCE)))
}

/** Mean and variance of the ratio of observed to expected variance over windows, and the mean degrees of freedom. */
interface Spread {
  readonly windows: number
  readonly mean: number
  readonly variance: number
  readonly freedom: number
}

/** Null if too few windows can be compared. */
function spreadOf(all: Counts, windows: readonly Counts[]): Spread | null {
  if (windows.length < MIN_WINDOWS) return null
  const found = windows.flatMap((window) => dispersion(all.map((count, bin) => count - window[bin]!), window) ?? [])
  if (found.length === 0) return null
  const mean = meanOf(found.map(({ ratio }) => ratio))
  return {
    windows: found.length, mean, variance: meanOf(found.map(({ ratio }) => (ratio - mean) ** 2)),
    freedom: meanOf(found.map(({ freedom }) => freedom)),
  }
}

/** A scaled chi-square with fewer degrees of freedom has this mean and variance; it is matched at the alarm level. */
function atAlarmLevel({ mean, variance, freedom }: Spread): number {
  if (variance === 0) return mean
  const effective = Math.min(freedom, 2 * mean * mean / variance)
  return mean * (chiSquareQuantile(
    ALARM_TAIL, effective,
  ) / effective) / (chiSquareQuantile(ALARM_TAIL, freedom) / freedom)
}

function upperLimit({ windows, mean, freedom }: Spread, confidence: number): number {
  return mean * windows * freedom / chiSquareQuantile(confidence, windows * freedom)
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
