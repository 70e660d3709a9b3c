/**
 * The language of a clip: the most probable language token after the start token (Radford et al. 2022,
 * arXiv:2212.04356). A request can limit the candidates: among 99 languages, that of a short clip or of a speaker with
 * an accent is sometimes detected wrongly.
 */
import type { EncoderMemory } from '../../engine/runtime/encoder-memory.js'
import {
  allowOnly, masksTogether, newSequence, type GreedyGraph, type Masks,
} from '../../engine/runtime/greedy-graph.js'
import type { Step } from './greedy.js'

/** By ISO 639-1 code. */
export type LanguageTokens = Readonly<Record<string, number>>

export interface LanguageDetection {
  readonly startToken: number
  /** At least one. */
  readonly candidates: LanguageTokens
  readonly interrupt: () => void
}

/** The tokens of these languages; all tokens where none of them is known or none is named. */
export function candidatesAmong(tokens: LanguageTokens, languages: readonly string[] = []): LanguageTokens {
  const named = Object.entries(tokens).filter(([language]) => languages.includes(language))
  return named.length === 0 ? tokens : Object.fromEntries(named)
}

/** Only these tokens. */
export function languageMasks(vocabulary: number, tokens: LanguageTokens): Masks {
  return masksTogether([allowOnly(vocabulary, Object.values(tokens))])
}

/** With a compiled graph, in one run, under the masks of the candidates. */
export async function detectLanguage(
  graph: Pick<GreedyGraph, 'run'>, memory: EncoderMemory, masks: Masks,
  { startToken, candidates, interrupt }: LanguageDetection,
): Promise<string> {
  const [first, ...others] = Object.entries(candidates)
  if (first !== undefined && others.length === 0) return first[0]
  interrupt()
  const [chosen] = await graph.run([newSequence(memory, [startToken], 0)], 1, masks)
  const found = chosen?.tokens[0]
  return Object.entries(candidates).find(([, token]) => token === found)![0]
}

/**
 * With a published graph. The decode then starts anew: to feed the rest of the prompt into this cache costs the same
 * (three single steps against one of four), and this way a detected language and the same language requested give the
 * same transcript.
 */
export async function mostProbableLanguage(
  step: Step, { startToken, candidates, interrupt }: LanguageDetection,
): Promise<string> {
  const languages = Object.entries(candidates)
  if (languages.length === 1) return languages[0]![0]
  interrupt()
  const logits = await step([startToken])
  const [language] = languages.reduce((best, one) => logits[one[1]]! > logits[best[1]]! ? one : best)
  return language
}
