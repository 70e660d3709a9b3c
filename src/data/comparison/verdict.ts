/**
 * Is B better, not worse within a margin, worse, or is that undecided? The rule, in this order:
 *
 * - better: the 95 % interval of the difference lies below 0, and MAPSSWE agrees (p < 0.05);
 * - not worse: the interval ends at or below the margin (a test of non-inferiority at 2.5 %, one-sided);
 * - worse: the interval lies above 0, and MAPSSWE agrees;
 * - undecided: everything else.
 *
 * Both tests must agree because each is too bold in a case of its own: the bootstrap with few speakers, MAPSSWE where
 * one system suits some speakers better. `npm run bench -- equal` simulates how often the rule is wrong.
 */
import { signed } from '../report/plain-text.js'
import { normalQuantile } from '../statistics/distributions.js'
import type { Difference } from './difference.js'

export const VERDICTS = ['better', 'not worse', 'worse', 'undecided'] as const

export interface Verdict {
  readonly verdict: (typeof VERDICTS)[number]
  /** One sentence. */
  readonly because: string
  /**
   * Further clips, by new speakers in the same proportion, with which a difference as large as the observed one would
   * be decided four times out of five. Null where it is decided, or no number would do.
   */
  readonly clipsNeeded: number | null
}

/** Percentage points of the word error rate. */
export const DEFAULT_MARGIN = 0.5
const LEVEL = 0.05
const POWER = 0.8
const [Z_LEVEL, Z_POWER] = [normalQuantile(LEVEL / 2), normalQuantile(1 - POWER)]

export function judge(difference: Difference, margin: number): Verdict {
  const { points, interval: { low, high }, matchedPairs: { p } } = difference
  const interval = `the 95 % interval of B − A is ${signed(low)} to ${signed(high)} points`
  const test = `MAPSSWE p = ${p < 0.001 ? '< 0.001' : p.toFixed(3)}`.replace('= <', '<')
  const decided = (verdict: Verdict['verdict'], because: string): Verdict => ({ verdict, because, clipsNeeded: null })
  if (Number.isNaN(points)) return decided('undecided', 'the references have no words')
  if (Number.isNaN(low)) return decided('undecided', 'one clip has no interval')
  const isSignificant = p < LEVEL
  if (high < 0 && isSignificant) return decided('better', `${interval}, below 0; ${test}`)
  if (high <= margin) return decided('not worse', `${interval}, at most the margin of ${margin}; ${test}`)
  if (low > 0 && isSignificant) return decided('worse', `${interval}, above 0 and not within ${margin}; ${test}`)
  const because = `${interval}, and the margin is ${margin}; ${test}`
  return { verdict: 'undecided', because, clipsNeeded: clipsNeeded(difference, margin) }
}

/**
 * The verdict that the observed difference is farthest from missing: better or worse needs an interval that excludes
 * 0, not worse one that excludes the margin. The standard error falls with the root of the number of clips.
 */
function clipsNeeded(difference: Difference, margin: number): number | null {
  const { clips, points, interval: { low, high }, matchedPairs: { z } } = difference
  const standardError = (high - low) / 2 / Z_LEVEL
  const forInterval = (distance: number): number =>
    distance > 0 ? clips * (standardError * (Z_LEVEL + Z_POWER) / distance) ** 2 : Infinity
  const forTest = z === 0 ? Infinity : clips * ((Z_LEVEL + Z_POWER) / z) ** 2
  const total = Math.min(Math.max(forInterval(Math.abs(points)), forTest), forInterval(margin - points))
  return Number.isFinite(total) ? Math.max(1, Math.ceil(total - clips)) : null
}
