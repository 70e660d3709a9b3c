/** The configuration of a Realtime session → what is asked of recognition and search. */
import { SpeechError } from '../../../domain/errors.js'
import { cleanPhrase, MAX_PHRASES } from '../../../search/catalogue/inline.js'
import type { AppDependencies } from '../dependencies.js'
import { searcherFor } from '../search/search.js'
import { chooseLanguages } from '../transcription/languages.js'
import { readPhraseHints, type HintsHolder, type PhraseHints } from '../transcription/phrase-hints.js'
import { readPrompt } from '../transcription/prompt.js'
import { findModel } from '../transcription/recognition.js'
import { completenessIn } from './completeness.js'
import { endpointingOf, type RealtimeConfiguration } from './realtime-session.js'
import type { SessionRequest } from './served-session.js'

/** The n-best list of a search. */
const ALTERNATIVES = 5

/** Throws what a route refuses such options with. `holder` holds the catalogue. */
export function sessionRequestOf(
  configuration: RealtimeConfiguration, holder: HintsHolder, dependencies: AppDependencies,
): SessionRequest {
  const { format, transcription, earshot, logprobs } = configuration
  const model = findModel(transcription.model, dependencies)
  const { language, languages } = transcription
  const hints = hintsOf(configuration, holder, dependencies)
  const hits = earshot.hits ?? undefined
  const limit = earshot.limit ?? undefined
  const ask = hits === undefined ? undefined
    : searcherFor({ ...limit !== undefined && { limit } }, hints, dependencies)
  return {
    format, ...endpointingOf(configuration), partials: true, model,
    maxUtteranceSeconds: dependencies.config.liveUtteranceSeconds,
    recognition: {
      ...chooseLanguages({ language: language ?? undefined, languages: languages ?? [] }, model),
      tokenLogProbabilities: logprobs, words: earshot.details === true && isTimed(model.name, dependencies),
      nBest: ask === undefined ? 1 : ALTERNATIVES,
    },
    phrases: hints?.phrases,
    ...hints !== undefined && { completenessOf: completenessOf(hints) },
    ...ask !== undefined && { search: { ask, partials: hits === 'partial' } },
  }
}

function hintsOf(
  { transcription: { keywords, prompt }, earshot: { catalogue } }: RealtimeConfiguration, holder: HintsHolder,
  { catalogues }: AppDependencies,
): PhraseHints | undefined {
  const listed = keywords ?? []
  const unclean = listed.find((keyword) => /[<>\r\n]/.test(keyword))
  if (unclean !== undefined) {
    throw new SpeechError('REQUEST_INVALID', 'a keyword must not have <, > or line breaks', { parameter: 'keywords' })
  }
  const phrases = [...new Set([...listed.map((keyword) => cleanPhrase(keyword, 'keywords')),
    ...prompt === undefined || prompt === null ? [] : readPrompt(prompt).phrases])].slice(0, MAX_PHRASES)
  const given = catalogue === undefined || catalogue === null ? { phrases } : { catalogue }
  return readPhraseHints(given, catalogues, holder, 'keywords')
}

export function completenessOf(hints: PhraseHints): SessionRequest['completenessOf'] {
  let searchable: Awaited<ReturnType<PhraseHints['searchable']>> | undefined
  // Known after the first utterance at the latest; until then pauses have their usual length.
  hints.searchable().then((ready) => { searchable = ready }, () => undefined)
  return (text) => searchable === undefined ? 'unknown' : completenessIn(searchable, text)
}

export function isTimed(name: string, { pool }: AppDependencies): boolean {
  return pool.models.find((model) => model.name === name)?.timesWords === true
}
