/**
 * Which clips are collected. Each policy that applies to a clip draws on its own, so the clip is collected with
 *
 *     samplingProbability = 1 − Π (1 − share of the policy)   over the policies that apply.
 *
 * Whether a policy applies is a fact of the clip, known for every clip and never a result of a draw: only then is the
 * probability what its name says, and weights of 1 / samplingProbability make the clips a sample of all traffic
 * (Horvitz & Thompson 1952).
 */
import type { Report } from '../../domain/report.js'
import { COLLECTION_REASONS, type CollectionReason } from './collected-clip.js'

/** The probability, from 0 to 1, with which each policy collects a clip that it applies to. */
export type Shares = Readonly<Record<CollectionReason, number>>

/** Policies that apply when a clip is answered; a correction comes later. */
export function applyingReasons(
  report: Report, driftFeatures: readonly string[], doubtfulBelow: number,
): CollectionReason[] {
  const applies: Readonly<Record<CollectionReason, boolean>> = {
    uniform: true,
    doubtful: isDoubtful(report, doubtfulBelow),
    drifted: driftFeatures.length > 0,
    corrected: false,
  }
  return COLLECTION_REASONS.filter((reason) => applies[reason])
}

/**
 * The transcript is probably wrong, speech was found without credible words, or transcripts of the clip disagree: those
 * of its decoding passes, or of both models of a cascade.
 */
export function isDoubtful(report: Report, below: number): boolean {
  const { correctness, confidence, noSpeechReason, segments, cascade } = report
  if (noSpeechReason === 'nothing_recognized' || noSpeechReason === 'words_rejected') return true
  const certainty = correctness ?? confidence
  if (certainty !== null && certainty < below) return true
  return segments.some(({ agreement }) => agreement < 1) || (cascade?.disagreements ?? 0) > 0
}

/** The reasons that were drawn. `random`: uniform in [0, 1). */
export function drawReasons(
  applying: readonly CollectionReason[], shares: Shares, random: () => number,
): CollectionReason[] {
  return applying.filter((reason) => random() < shares[reason])
}

/** Of being drawn by any of the policies. */
export function samplingProbability(applying: readonly CollectionReason[], shares: Shares): number {
  return 1 - applying.reduce((missed, reason) => missed * (1 - shares[reason]), 1)
}

export function inOrder(reasons: readonly CollectionReason[]): CollectionReason[] {
  return COLLECTION_REASONS.filter((reason) => reasons.includes(reason))
}
