/**
 * How well each phrase fits a clip, against the likeliest transcript that nobody expected: at about 0 and above it was
 * said, far below something else was.
 */
import type { PhraseEvidence } from '../phrases.js'
import type { BeamHypothesis } from './beam.js'
import type { PhraseScore } from './exact.js'
import { totalLogProbability } from './greedy.js'
import { ROOT, type PhraseTrie } from './phrase-trie.js'
import type { PriorOptions, SilencePrior } from './silence-prior.js'

/** Phrases that are worth telling. */
const MOST = 40

export interface Evidence {
  /** Best first. */
  readonly phrases: readonly PhraseEvidence[]
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
export async function evidenceForAll(trie: PhraseTrie, exact: readonly PhraseScore[], beamed: readonly BeamHypothesis[], prior: SilencePrior, options: PriorOptions): Promise<Evidence> {
  const unexpected = orLeast(beamed.filter(({ tokens }) => !isWholePhrase(trie, tokens)), beamed)
  const priors = await prior.ofTranscripts(unexpected.map(({ tokens }) => tokens), options)
  const free = best(unexpected.map((one, index) => ({ logProbability: totalLogProbability(one), heard: totalLogProbability(one) - priors[index]! })))
  const priorOf = await prior.ofPhrases(trie, options)
  return compare(exact.map(({ phrase, logProbability }) => ({ phrase, logProbability, heard: logProbability - priorOf(phrase) })), free)
}

/** The list is long: of each phrase that the beam found, the likeliest transcript that holds it. */
export function evidenceForFound(beamed: readonly BeamHypothesis[]): Evidence {
  const all = beamed.map((one) => ({ ...one, logProbability: totalLogProbability(one), heard: totalLogProbability(one) }))
  const found = [...new Set(all.flatMap(({ phrases }) => phrases))]
  const fits = found.map((phrase) => ({ phrase, ...best(all.filter(({ phrases }) => phrases.includes(phrase))) }))
  return compare(fits, best(orLeast(all.filter(({ phrases }) => phrases.length === 0), all)))
}

function compare(fits: readonly Fit[], free: Omit<Fit, 'phrase'>): Evidence {
  const phrases = fits.toSorted((a, b) => b.heard - a.heard).slice(0, MOST)
  return { phrases: phrases.map(({ phrase, logProbability, heard }) => ({ phrase, logProbability, margin: heard - free.heard })), free: free.logProbability }
}

/** What was not found is less likely than all that was. */
function orLeast<T extends Pick<BeamHypothesis, 'logProbabilities'>>(unexpected: readonly T[], all: readonly T[]): readonly T[] {
  return unexpected.length > 0 ? unexpected : all.toSorted((a, b) => totalLogProbability(a) - totalLogProbability(b)).slice(0, 1)
}

function best<T extends Omit<Fit, 'phrase'>>(all: readonly T[]): T {
  return all.reduce((most, one) => one.heard > most.heard ? one : most)
}

/** A mark of punctuation may follow. */
export function isWholePhrase(trie: PhraseTrie, tokens: readonly number[]): boolean {
  let node = ROOT
  for (const [index, token] of tokens.entries()) {
    const next = trie.step(node, token)
    if (next === -1) return index === tokens.length - 1 && trie.phraseAt(node) !== -1
    node = next
  }
  return trie.phraseAt(node) !== -1
}
