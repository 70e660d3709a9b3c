/**
 * How much more windows of ordinary traffic vary than windows of independent clips would: chi-square statistics are
 * divided by it (Rao and Scott 1981).
 *
 * Windows in the order of time show all that makes them uneven, but a baseline of 2,000 clips has ten of them: their
 * mean is off by a sixth, and where it is too low by chance, a level of 1e-4 becomes 1e-3. Where sessions are known they
 * are therefore put in random order again and again, whole, which gives some hundred windows and so the tail as well.
 * It is longer than that of the scaled law, because bins differ in how clustered they are: the effect is that which is
 * right at the level of alarms (Satterthwaite's degrees of freedom; Rao and Scott 1984, second order). Time has the
 * last word on both sides: days that differ count, and so does that people take turns, or speak for weeks.
 */
import { chiSquareQuantile, dispersion } from './statistics.js'

/** Of one feature: an alarm at 1e-4 over some 20 features. */
const ALARM_TAIL = 5e-6
/** One-sided, of a mean of few windows: what is taken where nothing better is known, and what cannot be. */
const LIKELY_LIMIT = 0.95
const UTMOST_LIMIT = 0.999
/** Fewer windows say nothing about how windows vary. */
export const LEAST_WINDOWS = 5

type Counts = readonly number[]

/** `all`: the baseline. `ordered`: its windows in time; `arranged`: windows of whole sessions in random orders, empty where sessions are not known. */
export function designEffect(all: Counts, ordered: readonly Counts[], arranged: readonly Counts[]): number {
  const inTime = spreadOf(all, ordered)
  const inSessions = spreadOf(all, arranged)
  if (inTime === null) return inSessions === null ? 1 : Math.max(1, atAlarmLevel(inSessions))
  if (inSessions === null) return Math.max(1, upperLimit(inTime, LIKELY_LIMIT))
  return Math.max(1, inTime.mean, Math.min(atAlarmLevel(inSessions), upperLimit(inTime, UTMOST_LIMIT)))
}

interface Spread { readonly windows: number; readonly mean: number; readonly variance: number; readonly freedom: number }

/** Null where too few windows can be compared. */
function spreadOf(all: Counts, windows: readonly Counts[]): Spread | null {
  if (windows.length < LEAST_WINDOWS) return null
  const found = windows.flatMap((window) => dispersion(all.map((count, bin) => count - window[bin]!), window) ?? [])
  if (found.length === 0) return null
  const mean = meanOf(found.map(({ ratio }) => ratio))
  return { windows: found.length, mean, variance: meanOf(found.map(({ ratio }) => (ratio - mean) ** 2)), freedom: meanOf(found.map(({ freedom }) => freedom)) }
}

/** A scaled chi-square with fewer degrees of freedom has this mean and variance; both laws are to meet far out. */
function atAlarmLevel({ mean, variance, freedom }: Spread): number {
  if (variance === 0) return mean
  const effective = Math.min(freedom, 2 * mean * mean / variance)
  return mean * (chiSquareQuantile(ALARM_TAIL, effective) / effective) / (chiSquareQuantile(ALARM_TAIL, freedom) / freedom)
}

function upperLimit({ windows, mean, freedom }: Spread, confidence: number): number {
  return mean * windows * freedom / chiSquareQuantile(confidence, windows * freedom)
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
