/**
 * The text of one environment variable → the value of its setting, or a sentence that says what the setting takes, what
 * came, and an example. People write values in many ways, so spellings that can mean only one thing are accepted:
 * blanks around a value and around commas, upper case in a choice, `yes` and `1` for `true`.
 */
import { Value } from 'typebox/value'
import { flagOf } from './flags.js'
import { isSecret } from './secrets.js'
import { SETTINGS, type Settings } from './settings.js'

export type SettingName = keyof Settings

/** What `domain/settings.ts` says about a setting. */
interface Entry {
  readonly type?: string
  readonly default: string | number | boolean
  readonly minimum?: number
  readonly maximum?: number
  readonly pattern?: string
  /** Of a choice. */
  readonly anyOf?: readonly { readonly const: string }[]
  /** Of a text with a pattern: what the pattern says, in words. */
  readonly expected?: string
  readonly examples?: readonly string[]
  readonly separator?: ','
  readonly ignoreCase?: boolean
}

export type SettingValue = { readonly value: unknown } | { readonly fault: string }

/** A finite decimal number: not hexadecimal, not blank, and not beyond the range of a number. */
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i
const MOST_CHARACTERS_SHOWN = 100

const entryOf = (name: SettingName): Entry => SETTINGS.properties[name] as unknown as Entry

/** The value of one setting. A text without any character but blanks is a setting that is not set: undefined. */
export function readSettingValue(name: SettingName, text: string): SettingValue | undefined {
  if (isSecret(name)) return text === '' ? undefined : { value: text }
  const trimmed = text.trim()
  if (trimmed === '') return undefined
  const value = parse(trimmed, entryOf(name))
  return Value.Check(SETTINGS.properties[name], value) ? { value } : { fault: describeFault(name, text) }
}

/** Text that does not fit the type stays text, for the check to refuse: 1.5 workers do not silently become one. */
function parse(text: string, { type, anyOf, separator, ignoreCase }: Entry): unknown {
  if (type === 'integer' || type === 'number') {
    return NUMBER.test(text) && Number.isFinite(Number(text)) ? Number(text) : text
  }
  const lower = text.toLowerCase()
  if (type === 'boolean') return flagOf(text) ?? text
  if (anyOf !== undefined) return lower
  const cased = ignoreCase === true ? lower : text
  return separator === undefined ? cased : cased.split(separator).map((part) => part.trim()).join(separator)
}

/** `EARSHOT_PORT must be a whole number from 0 to 65535, not "80a"; example: EARSHOT_PORT=8080`. */
function describeFault(name: SettingName, text: string): string {
  const entry = entryOf(name)
  const [example = String(entry.default)] = entry.examples ?? []
  const quotes = /^\s*(["']).*\1\s*$/s.test(text) ? ' (without quotation marks)' : ''
  return `${name} must be ${expectedOf(entry)}${quotes}, not ${shown(text)}; example: ${name}=${example}`
}

function expectedOf({ type, anyOf, minimum, maximum, expected, pattern }: Entry): string {
  if (type === 'integer') return `a whole number from ${minimum} to ${maximum}`
  if (type === 'number') return `a number from ${minimum} to ${maximum}`
  if (type === 'boolean') return 'true or false (yes, on, 1, no, off, 0 are read too)'
  if (anyOf !== undefined) return `one of ${anyOf.map((one) => one.const).join(', ')}`
  return expected ?? `a text that matches ${pattern}`
}

/** On one line, without control characters, and not endless. */
function shown(text: string): string {
  const start = text.slice(0, MOST_CHARACTERS_SHOWN)
  return start === text ? JSON.stringify(text) : `${JSON.stringify(start)}… (${text.length} characters)`
}
