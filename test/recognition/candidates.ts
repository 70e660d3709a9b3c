/** Candidates of an n-best list, for tests. */
import type { Candidate } from '../../src/domain/phrases.js'

export function candidateOf(text: string, logProbability = -1, change: Partial<Candidate> = {}): Candidate {
  return {
    text, logProbability, confidence: Math.exp(logProbability), phrases: [], tokens: [1],
    logProbabilities: [logProbability], biasScore: 0, wholePhrase: -1, ...change,
  }
}
