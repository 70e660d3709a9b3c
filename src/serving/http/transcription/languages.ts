/**
 * The languages of a request: `language` is the one that is spoken, `languages` are those that may be. Both are checked
 * here, before a worker has the job, against what the model (and the larger model of its cascade) knows.
 */
import { languageUnsupported, SpeechError } from '../../../domain/errors.js'
import type { RecognitionRequest } from '../../../domain/request.js'
import { acceptedLanguages, type ServedModel } from '../dependencies.js'
import { shown } from '../parameters/values.js'
import { codeOfName, isLanguage, meansAnyLanguage } from './language-names.js'

export type LanguageChoice = Pick<RecognitionRequest, 'language' | 'languages'>
type Parameter = keyof LanguageChoice

/** More than any model knows. */
export const MAX_LANGUAGES = 100
export const MAX_LANGUAGE_CHARACTERS = 35

/**
 * One language, or those among which the model detects one; none: any. Of `languages`, those that the model does not
 * know are left out. Throws LANGUAGE_UNSUPPORTED where a code is no language or the model knows none of them, and
 * REQUEST_INVALID where `language` is not one of `languages`.
 */
export function chooseLanguages(
  { language: tag, languages: tags = [] }: Partial<LanguageChoice>, model: ServedModel,
): LanguageChoice {
  const known = acceptedLanguages(model)
  const language = primaryLanguage(tag, known, 'language')
  const possible = [...new Set(tags.flatMap((one) => primaryLanguage(one, known, 'languages') ?? []))]
  const nameless = possible.find((one) => !known.includes(one) && !isLanguage(one))
  if (nameless !== undefined) throw notALanguage(nameless, 'languages')
  if (language !== undefined) {
    if (!known.includes(language)) {
      if (!isLanguage(language)) throw notALanguage(tag ?? language, 'language')
      throw languageUnsupported(model.name, known, [language], 'language')
    }
    if (possible.length > 0 && !possible.includes(language)) {
      const detail = `language is "${language}", which is not one of languages: ${possible.join(', ')}`
      throw new SpeechError('REQUEST_INVALID', detail, { parameter: 'languages' })
    }
    return { language, languages: [] }
  }
  const usable = possible.filter((one) => known.includes(one))
  if (possible.length > 0 && usable.length === 0) {
    throw languageUnsupported(model.name, known, possible, 'languages')
  }
  return usable.length === 1 ? { language: usable[0], languages: [] } : { language: undefined, languages: usable }
}

/** The header `earshot-languages`, for requests that name `languages`: those that the model uses. */
export function languagesHeader({ language, languages }: LanguageChoice): string {
  return (language === undefined ? languages : [language]).join(', ')
}

/**
 * `en-US`, `en_US.UTF-8`, `EN` and `English` mean English to a recognizer. A model's own codes come first: some are
 * ones that have been renamed since (`jw`, `tl`). Names come before tags, because "german" has the form of a tag.
 * Undefined for what means any language.
 */
function primaryLanguage(
  given: string | undefined, known: readonly string[], parameter: Parameter,
): string | undefined {
  if (given === undefined || meansAnyLanguage(given)) return undefined
  const tag = given.trim().replace(/[.@].*$/, '').replaceAll('_', '-')
  const [asGiven = ''] = tag.toLowerCase().split('-')
  if (known.includes(asGiven)) return asGiven
  const named = codeOfName(given, known)
  if (named !== undefined) return named
  try {
    return new Intl.Locale(tag).language
  } catch (cause) {
    throw notALanguage(given, parameter, cause)
  }
}

function notALanguage(given: string, parameter: Parameter, cause?: unknown): SpeechError {
  const detail = `"${shown(given)}" is not a language; write a code (en, de), a tag (en-US), an English or native name `
    + `(German, Deutsch), or auto; for example ${parameter}=en`
  return new SpeechError('LANGUAGE_UNSUPPORTED', detail, { parameter, cause })
}
