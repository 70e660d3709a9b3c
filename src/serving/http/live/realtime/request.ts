/** The configuration of a Realtime session → what is asked of recognition and search. */
import { SpeechError } from '../../../../domain/errors.js'
import { cleanPhrase, MAX_PHRASES } from '../../../../search/catalogue/inline.js'
import type { AppDependencies } from '../../dependencies.js'
import { chooseLanguages } from '../../transcription/languages.js'
import { readPhraseHints, type HintsHolder, type PhraseHints } from '../../transcription/phrase-hints.js'
import { readPrompt } from '../../transcription/prompt.js'
import { findModel } from '../../transcription/recognition.js'
import { endpointingOf, type RealtimeConfiguration } from './configuration.js'
import type { SessionRequest } from '../served-session.js'
import { recognitionAndSearch } from '../session-request.js'

/** Throws what a route refuses such options with. `holder` holds the catalogue. */
export function sessionRequestOf(
  configuration: RealtimeConfiguration, holder: HintsHolder, dependencies: AppDependencies,
): SessionRequest {
  const { format, transcription, earshot, logprobs } = configuration
  const model = findModel(transcription.model, dependencies)
  const { language, languages } = transcription
  const hints = hintsOf(configuration, holder, dependencies)
  return {
    format, ...endpointingOf(configuration), partials: true,
    ...recognitionAndSearch({
      model, hints, hits: earshot.hits ?? undefined, limit: earshot.limit ?? undefined, words: earshot.details === true,
      recognition: {
        ...chooseLanguages({ language: language ?? undefined, languages: languages ?? [] }, model),
        tokenLogProbabilities: logprobs,
      },
    }, dependencies),
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
