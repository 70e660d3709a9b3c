/** What a check reports: plain data, so that it can be written, read again and joined with those of other checks. */
import { KINDS, SEVERITIES, type Kind, type Severity } from './kinds.js'

/** Figures and texts that a finding was made from, by name. Names carry units. */
export type Evidence = Readonly<Record<string, string | number | boolean | null | readonly string[]>>

export interface Finding {
  /** The path as the manifest has it; null for a finding about the whole set. */
  readonly clip: string | null
  /** Line of the manifest, counted from 1; null for a finding about the whole set. */
  readonly line: number | null
  readonly kind: Kind
  readonly severity: Severity
  /** Expected cost in [0, 1]: the rank. */
  readonly cost: number
  /** A sentence for a person. */
  readonly detail: string
  readonly evidence: Evidence
}

/** Where a finding is. */
export type Place = Pick<Finding, 'clip' | 'line'>

export const WHOLE_SET: Place = { clip: null, line: null }

/** `certainty`: of this one finding, relative to others of its kind, in (0, 1]. */
export function finding(
  kind: Kind, { clip, line }: Place, detail: string, evidence: Evidence = {}, certainty = 1,
): Finding {
  const { severity, harm, probability } = KINDS[kind]
  return { clip, line, kind, severity, cost: harm * probability * certainty, detail, evidence }
}

/** The most expensive first; equal ones by severity and then in the order of the manifest. */
export function ranked(findings: readonly Finding[]): Finding[] {
  return findings.toSorted((a, b) =>
    b.cost - a.cost || SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || (a.line ?? 0) - (b.line ?? 0))
}
