/** What a report offers to the ranking of hits. */
import type { RankedAlternative } from '../../domain/phrases.js'
import type { Report } from '../../domain/report.js'

/** A model without an n-best list has one alternative: its transcript. */
export function alternativesOf(report: Report): readonly RankedAlternative[] {
  const { alternatives, text, confidence, correctness, segments } = report
  if (alternatives.length > 0 || text === '' || confidence === null) return alternatives
  const logProbability = segments.reduce((sum, { meanLogProbability, tokens }) =>
    sum + meanLogProbability * tokens.length, 0)
  return [{ text, confidence, logProbability, phrases: [], posterior: correctness }]
}
