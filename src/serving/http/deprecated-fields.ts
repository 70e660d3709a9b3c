/** Answers have renamed fields under both names until the old ones are removed (domain/deprecations.ts). */
import type { Report } from '../../domain/report.js'
import type { ClientAlternative, ClientPhraseScore } from './transcription/phrase-hints.js'

type Renamed = Pick<Report, 'decodingPasses' | 'changedByBiasing' | 'cascade'> & {
  readonly alternatives: readonly ClientAlternative[]
  readonly phraseScores: readonly ClientPhraseScore[]
}

/** Adds the old names to an answer. */
export function withDeprecatedFields<Answer extends Renamed>(answer: Answer) {
  const { decodingPasses, changedByBiasing, phraseScores, alternatives, cascade } = answer
  return {
    ...answer,
    hearings: decodingPasses,
    steered: changedByBiasing,
    evidence: phraseScores.map(({ logLikelihoodRatio, ...score }) => ({ ...score, margin: logLikelihoodRatio })),
    alternatives: alternatives.map((alternative) => ({ ...alternative, share: alternative.posterior })),
    cascade: cascade && { ...cascade, asked: cascade.escalations },
  }
}
