/**
 * The phrases of a form: `keywords` of OpenAI's API, our `phrases`, and a `prompt` that is a list. They become one
 * list, of which the first are used; the answer says how many were given.
 */
import { cleanPhrase, MAX_PHRASES } from '../../../search/catalogue/inline.js'
import { itemsOf, type Form } from './multipart.js'
import { readPrompt, type PromptKind } from './prompt.js'

/** Before the prompt: what is certainly a list comes first. */
const LISTS = ['keywords', 'phrases'] as const

export interface FormPhrases {
  /** How the prompt was read; `list` for other phrases without a prompt, undefined without any. */
  readonly kind: PromptKind | undefined
  /** At most `MAX_PHRASES`, different from each other. */
  readonly used: readonly string[]
  /** Different phrases in the form. */
  readonly given: number
}

/** Throws REQUEST_INVALID where one of the first phrases cannot be used; the others are only counted. */
export function readFormPhrases(form: Form, prompt: string | undefined): FormPhrases {
  const read = prompt === undefined ? undefined : readPrompt(prompt)
  const parameterOf = new Map<string, string>()
  const add = (phrase: string, parameter: string): void => {
    if (!parameterOf.has(phrase)) parameterOf.set(phrase, parameter)
  }
  for (const name of LISTS) for (const item of itemsOf(form, name)) add(item.trim(), name)
  for (const phrase of read?.phrases ?? []) add(phrase, 'prompt')
  const first = [...parameterOf].slice(0, MAX_PHRASES)
  return {
    kind: read?.kind ?? (first.length > 0 ? 'list' : undefined),
    used: first.map(([phrase, parameter]) => cleanPhrase(phrase, parameter)),
    given: parameterOf.size,
  }
}

/** The header `earshot-prompt`: `context`, `list`, or `list; used=200; given=230`. */
export function promptHeader({ kind, used, given }: FormPhrases): string | undefined {
  return kind !== undefined && given > used.length ? `${kind}; used=${used.length}; given=${given}` : kind
}
