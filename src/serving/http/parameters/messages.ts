/** What is wrong with a parameter that a schema refuses: what is expected, what came, and an example. */
import { SpeechError } from '../../../domain/errors.js'
import type { ParameterSchema } from './query.js'
import { wrongValue } from './values.js'

/** An error of the validator; `parentSchema` and `data` only for queries and paths. */
export interface Violation {
  readonly keyword: string
  readonly instancePath: string
  readonly params: object
  readonly message?: string | undefined
  readonly parentSchema?: ParameterSchema
  readonly data?: unknown
}

/** For texts whose form is a pattern, which nobody reads. */
const FORMS: Readonly<Record<string, readonly [expected: string, example: string]>> = {
  channel: ['"mix" or the number of a channel, counted from 1 to 99', '2'],
}
const EXAMPLES: Readonly<Record<string, string>> = {
  language: 'en', languages: 'en', deadlineSeconds: '10', phrases: 'jazz',
}

/** REQUEST_INVALID for the first violation; `part` is where the parameter is: `querystring`, `params`, `body`. */
export function violated(violations: readonly Violation[], part: string, cause?: unknown): SpeechError {
  const [first] = violations
  const { keyword = '', instancePath = '', params = {}, message = 'is not valid', parentSchema, data } = first ?? {}
  const [name = ''] = instancePath.slice(1).split('/')
  const { missingProperty, allowedValues } = params as { missingProperty?: string; allowedValues?: readonly unknown[] }
  if (keyword === 'required' && missingProperty !== undefined) return missing(missingProperty, part, cause)
  if (name !== '' && parentSchema !== undefined && typeof data !== 'object') {
    const [expected, example] = FORMS[name] ?? [expectedBy(parentSchema), exampleOf(name, parentSchema)]
    return wrongValue(name, expected, textOf(data), example)
  }
  if (keyword === 'false schema') {
    return new SpeechError('REQUEST_INVALID', `${name} is not known here`, { parameter: name, cause })
  }
  const allowed = allowedValues === undefined ? '' : `: ${allowedValues.join(', ')}`
  const extras = { cause, ...name !== '' && { parameter: name } }
  return new SpeechError('REQUEST_INVALID', `${name === '' ? part : name} ${message}${allowed}`, extras)
}

function missing(name: string, part: string, cause: unknown): SpeechError {
  const where = part === 'querystring' ? 'query' : part
  return new SpeechError('REQUEST_INVALID', `${name} is missing in the ${where}`, { parameter: name, cause })
}

function expectedBy(schema: ParameterSchema): string {
  const { enum: names, type, minimum, exclusiveMinimum, maximum, maxLength } = schema
  if (names !== undefined) return `one of ${names.join(', ')}`
  if (type === 'boolean') return 'true or false'
  if (type === 'string' && maxLength !== undefined) return `a text of at most ${maxLength} characters`
  const kind = type === 'integer' ? 'a whole number' : type === 'number' ? 'a number' : `of the type ${type}`
  const bounds = [
    ...minimum === undefined ? [] : [`from ${minimum}`],
    ...exclusiveMinimum === undefined ? [] : [`above ${exclusiveMinimum} and up`],
    ...maximum === undefined ? [] : [`to ${maximum}`],
  ]
  return [kind, ...bounds].join(' ')
}

/** A value before or after the validator has converted it. */
function textOf(data: unknown): string {
  return typeof data === 'string' ? data : JSON.stringify(data) ?? 'nothing'
}

/** A value that the schema allows. */
function exampleOf(name: string, { enum: names, type, minimum = 0, maximum = Infinity }: ParameterSchema): string {
  if (EXAMPLES[name] !== undefined) return EXAMPLES[name]
  if (names !== undefined) return names[0] ?? ''
  if (type === 'boolean') return 'true'
  if (type === 'integer') return String(Math.max(minimum, Math.min(maximum, 5)))
  return type === 'number' ? String(maximum > 1 ? 1 : (minimum + maximum) / 2) : name
}
