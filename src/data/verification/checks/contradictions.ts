/**
 * Labels that a confident recognizer contradicts: the log-likelihood ratio of what was heard to the words of the label,
 * by forced scoring (recognition/label-scores.ts). The recognizer is often wrong itself, and then the ratio is small.
 * Words that a label lacks come first, since training suffers most from them (arXiv:2112.00350).
 */
import type { LabelDifference } from '../../../domain/label-difference.js'
import { finding, type Finding } from '../finding.js'
import type { CheckedSet } from './check.js'

/** Natural logarithm. Below it, every second difference is an error of the recognizer (`npm run bench -- planted`). */
const LEAST_RATIO = 6
/** At this ratio, a difference is as certain as a recognizer can be. */
const CERTAIN_RATIO = 12
/** Relative to words that are missing in the label. */
const OF_OTHER_WORDS = 0.9

export function* checkContradictions({ clips }: CheckedSet): Iterable<Finding> {
  for (const { listed, facts: { recognized } } of clips) {
    const [worst] = (recognized?.labelDifferences ?? [])
      .filter(({ logLikelihoodRatio }) => logLikelihoodRatio >= LEAST_RATIO)
      .toSorted((a, b) => certaintyOf(b) - certaintyOf(a))
    if (worst === undefined) continue
    const { label, heard, logLikelihoodRatio } = worst
    const detail = `${describe(worst)}, at odds of exp(${logLikelihoodRatio.toFixed(1)})`
    const evidence = { label: listed.text, recognized: recognized!.text, labelWords: label, heard, logLikelihoodRatio }
    yield finding('label_contradicted', listed, detail, evidence, certaintyOf(worst))
  }
}

function certaintyOf({ label, heard, logLikelihoodRatio }: LabelDifference): number {
  const share = Math.min(1, logLikelihoodRatio / CERTAIN_RATIO)
  return heard.length > label.length ? share : share * OF_OTHER_WORDS
}

function describe({ label, heard }: LabelDifference): string {
  if (label.length === 0) return `the label lacks "${heard.join(' ')}"`
  if (heard.length === 0) return `nobody says "${label.join(' ')}"`
  return `"${heard.join(' ')}" was heard, and the label says "${label.join(' ')}"`
}
