/**
 * How well each phrase fits a clip, against the likeliest transcript that nobody expected: at about 0 and above it was
 * said, far below something else was.
 */
import { totalLogProbability } from '../../domain/log-probability.js'
import type { PhraseScore } from '../../domain/phrases.js'
import type { BeamHypothesis } from './beam.js'
import type { TokenShapes } from './bias.js'
import type { ExactPhraseScore } from './exact.js'
import { ROOT, type PhraseTrie } from './phrase-trie.js'
import type { BeamModel } from './search-contract.js'
import type { PriorOptions } from './internal-language-model.js'

/** Phrases that are worth telling. */
const MOST = 40
/** Of transcripts that nobody expected, those that may be the likeliest. */
const MOST_UNEXPECTED = 8

export interface Evidence {
  /** Best first. */
  readonly phrases: readonly PhraseScore[]
  /** Log-probability of the likeliest transcript that nobody expected. */
  readonly free: number
}

interface Fit {
  readonly phrase: number
  readonly logProbability: number
  /** What is compared: the log-probability, or what is left of it. */
  readonly heard: number
}

/** Every phrase was scored for itself: what the audio says for it, without what the decoder would write anyway. */
export async function evidenceForAll(trie: PhraseTrie, exact: readonly ExactPhraseScore[], beamed: readonly BeamHypothesis[], { prior, shapes }: Pick<BeamModel, 'prior' | 'shapes'>, options: PriorOptions): Promise<Evidence> {
  const unexpected = unexpectedOf(trie, beamed, shapes).slice(0, MOST_UNEXPECTED)
  const priors = await prior.ofTranscripts(unexpected.map(({ tokens }) => tokens), options)
  const free = best(unexpected.map(({ logProbabilities }, index) => {
    const logProbability = totalLogProbability(logProbabilities)
    return { logProbability, heard: logProbability - priors[index]! }
  }))
  const priorOf = await prior.ofPhrases(trie, options)
  return compare(exact.map(({ phrase, logProbability }) => ({ phrase, logProbability, heard: logProbability - priorOf(phrase) })), free)
}

/** The list is long: the phrases that the beam found as the whole of a transcript. */
export function evidenceForFound(trie: PhraseTrie, beamed: readonly BeamHypothesis[], shapes: TokenShapes): Evidence {
  const fits = beamed.map(({ tokens, logProbabilities }) => ({ phrase: wholePhraseOf(trie, tokens, shapes), ...asItIs(logProbabilities) }))
  const free = best(unexpectedOf(trie, beamed, shapes).map(({ logProbabilities }) => asItIs(logProbabilities)))
  return compare(bestOfEach(fits.filter(({ phrase }) => phrase !== -1)), free)
}

function asItIs(logProbabilities: readonly number[]): Omit<Fit, 'phrase'> {
  const logProbability = totalLogProbability(logProbabilities)
  return { logProbability, heard: logProbability }
}

/** Transcripts that are no phrase; where all are, the least likely, since what was not found is less likely than all that was. */
function unexpectedOf(trie: PhraseTrie, beamed: readonly BeamHypothesis[], shapes: TokenShapes): readonly BeamHypothesis[] {
  const unexpected = beamed.filter(({ tokens }) => wholePhraseOf(trie, tokens, shapes) === -1)
  if (unexpected.length > 0) return unexpected
  const likelihood = ({ logProbabilities }: BeamHypothesis): number => totalLogProbability(logProbabilities)
  return [beamed.reduce((least, one) => likelihood(one) < likelihood(least) ? one : least)]
}

/** Of several spellings of a phrase the likeliest. */
function bestOfEach(fits: readonly Fit[]): Fit[] {
  const byPhrase = new Map<number, Fit>()
  for (const fit of fits) byPhrase.set(fit.phrase, best([fit, byPhrase.get(fit.phrase) ?? fit]))
  return [...byPhrase.values()]
}

function compare(fits: readonly Fit[], free: Omit<Fit, 'phrase'>): Evidence {
  const phrases = fits.toSorted((a, b) => b.heard - a.heard).slice(0, MOST)
  return { phrases: phrases.map(({ phrase, logProbability, heard }) => ({ phrase, logProbability, logLikelihoodRatio: heard - free.heard })), free: free.logProbability }
}

function best<T extends Omit<Fit, 'phrase'>>(all: readonly T[]): T {
  return all.reduce((most, one) => one.heard > most.heard ? one : most)
}

/** The phrase that a transcript is and nothing else, or −1; a mark of punctuation may follow. */
export function wholePhraseOf(trie: PhraseTrie, tokens: readonly number[], { isPunctuation }: TokenShapes): number {
  let node = ROOT
  for (const [index, token] of tokens.entries()) {
    const next = trie.step(node, token)
    if (next === -1) return index === tokens.length - 1 && isPunctuation(token) ? trie.phraseAt(node) : -1
    node = next
  }
  return trie.phraseAt(node)
}
