/**
 * How well each phrase fits a clip, against the likeliest transcript that nobody expected. Both are taken for what the
 * audio says, without what the decoder would have written anyway (silence-prior.ts).
 */
import type { PhraseEvidence } from '../phrases.js'
import type { BeamHypothesis } from './beam.js'
import type { PhraseScore } from './exact.js'
import { totalLogProbability, type Decoded } from './greedy.js'
import { ROOT, type PhraseTrie } from './phrase-trie.js'
import type { SilencePrior } from './silence-prior.js'

/** Phrases that are worth telling. */
const MOST = 40

export interface Evidence {
  /** Best first. */
  readonly phrases: readonly PhraseEvidence[]
  /** Log-probability of the likeliest transcript that nobody expected. */
  readonly free: number
}

type Transcript = Pick<Decoded, 'tokens' | 'logProbabilities'> & { readonly phrases: readonly number[] }

interface Fit {
  readonly phrase: number
  readonly logProbability: number
  /** The same, less what the decoder would have written anyway. */
  readonly heard: number
}

/** `exact`: scores of all phrases where the list is short, else none, and what the beam found of them has to do. */
export async function evidenceFor(trie: PhraseTrie, greedy: Transcript, beamed: readonly BeamHypothesis[], exact: readonly PhraseScore[], prior: SilencePrior, options: Parameters<SilencePrior['ofPhrases']>[1]): Promise<Evidence> {
  const transcripts: readonly Transcript[] = [greedy, ...beamed]
  const priors = await prior.ofTranscripts(transcripts.map(({ tokens }) => tokens), options)
  const heard = transcripts.map((one, index) => totalLogProbability(one) - priors[index]!)
  const fits = exact.length > 0 ? await fitsOfAll(trie, exact, prior, options) : fitsOfFound(transcripts, heard)
  const isExpected = ({ tokens, phrases }: Transcript): boolean => exact.length > 0 ? isWholePhrase(trie, tokens) : phrases.length > 0
  const unexpected = transcripts.map((_, index) => index).filter((index) => !isExpected(transcripts[index]!)).sort((a, b) => heard[b]! - heard[a]!)
  // What was not found is less likely than all that was.
  const free = unexpected[0] ?? heard.indexOf(Math.min(...heard))
  return {
    phrases: fits.sort((a, b) => b.heard - a.heard).slice(0, MOST).map(({ phrase, logProbability, heard: own }) => ({ phrase, logProbability, margin: own - heard[free]! })),
    free: totalLogProbability(transcripts[free]!),
  }
}

async function fitsOfAll(trie: PhraseTrie, exact: readonly PhraseScore[], prior: SilencePrior, options: Parameters<SilencePrior['ofPhrases']>[1]): Promise<Fit[]> {
  const priorOf = await prior.ofPhrases(trie, options)
  return exact.map(({ phrase, logProbability }) => ({ phrase, logProbability, heard: logProbability - priorOf(phrase) }))
}

/** Of each phrase the transcript that fits best of those that hold it. */
function fitsOfFound(transcripts: readonly Transcript[], heard: readonly number[]): Fit[] {
  const best = new Map<number, Fit>()
  transcripts.forEach((one, index) => {
    for (const phrase of one.phrases) {
      if (heard[index]! > (best.get(phrase)?.heard ?? -Infinity)) best.set(phrase, { phrase, logProbability: totalLogProbability(one), heard: heard[index]! })
    }
  })
  return [...best.values()]
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
