/**
 * Public names that were replaced. The old name works until the version in `removedIn`; A test checks that
 * docs/deprecations.md lists the same entries.
 */

export interface Deprecation {
  readonly kind: 'setting' | 'metric' | 'answer field' | 'manifest field' | 'program'
  readonly old: string
  readonly replacement: string
  /** First version without the old name. */
  readonly removedIn: string
}

const REMOVED_IN = '0.3.0'

const deprecated = (kind: Deprecation['kind'], old: string, replacement: string): Deprecation =>
  ({ kind, old, replacement, removedIn: REMOVED_IN })

export const DEPRECATIONS: readonly Deprecation[] = [
  deprecated('setting', 'EARSHOT_MAX_HEARINGS', 'EARSHOT_MAX_DECODING_PASSES'),
  deprecated('metric', 'asr_hearings_total', 'asr_decoding_passes_total'),
  deprecated('answer field', 'hearings', 'decodingPasses'),
  deprecated('answer field', 'steered', 'changedByBiasing'),
  deprecated('answer field', 'evidence', 'phraseScores'),
  deprecated('answer field', 'evidence[].margin', 'phraseScores[].logLikelihoodRatio'),
  deprecated('answer field', 'alternatives[].share', 'alternatives[].posterior'),
  deprecated('answer field', 'cascade.asked', 'cascade.escalations'),
  deprecated('manifest field', 'hearing', 'padding'),
  deprecated('manifest field', 'hearing.leadSeconds', 'padding.leadingSeconds'),
  deprecated('manifest field', 'hearing.trailSeconds', 'padding.trailingSeconds'),
  deprecated('manifest field', 'hearing.doubtBelow', 'padding.redecodeBelow'),
  deprecated('program', 'dist/src/access/run.js', 'dist/src/commands/keys/run.js'),
]

/** Old names of one kind → new ones. */
export function renamed(kind: Deprecation['kind']): ReadonlyMap<string, string> {
  return new Map(DEPRECATIONS.filter((one) => one.kind === kind).map(({ old, replacement }) => [old, replacement]))
}
