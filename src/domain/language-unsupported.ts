/** The error for a language that a model does not know. */
import { SpeechError } from './errors.js'

const MAX_LISTED_LANGUAGES = 12

/** LANGUAGE_UNSUPPORTED, with the first languages that the model supports. */
export function languageUnsupported(
  model: string, known: readonly string[], requested: readonly string[], parameter: 'language' | 'languages',
): SpeechError {
  const first = known.slice(0, MAX_LISTED_LANGUAGES).join(', ')
  const listed = known.length > MAX_LISTED_LANGUAGES ? `${first}, …` : first
  const refused = requested.slice(0, MAX_LISTED_LANGUAGES).map((language) => `"${language.slice(0, 20)}"`).join(', ')
  const detail = `${model} supports ${listed}, not ${refused}`
  return new SpeechError('LANGUAGE_UNSUPPORTED', detail, { parameter })
}
