/**
 * Command-line options of the benches: what each means, how it is read, and what is said when it cannot be. The same
 * declaration makes the line of `--help`.
 */
import { parseArgs } from 'node:util'
import { UsageError } from './endings.js'

export interface Option<V> {
  readonly type: 'string' | 'boolean'
  /** What it does, for `--help`. */
  readonly says: string
  /** What stands after the name in `--help`; empty for a flag. */
  readonly value: string
  /** The default as `--help` shows it; empty where there is none. */
  readonly shown: string
  /** `given` is undefined when the option was left out. Throws a UsageError. */
  readonly read: (given: string | undefined, name: string) => V
}

export type Options = Readonly<Record<string, Option<unknown>>>
export type Values<T extends Options> = { readonly [K in keyof T]: T[K] extends Option<infer V> ? V : never }

/** Throws a UsageError on options that the bench does not have, with the list of those that it has. */
export function parseOptions<T extends Options>(args: readonly string[], options: T): Values<T> {
  const types = Object.fromEntries(Object.entries(options).map(([name, { type }]) => [name, { type }]))
  const values = parse(args, types)
  const read = Object.entries(options).map(([name, option]) => {
    const given = values[name]
    return [name, option.read(given === true ? '' : given, name)]
  })
  return Object.fromEntries(read) as Values<T>
}

type Given = Record<string, string | true | undefined>

function parse(args: readonly string[], types: Record<string, Pick<Option<unknown>, 'type'>>): Given {
  try {
    return parseArgs({ args: [...args], options: types, strict: true, allowPositionals: false }).values as Given
  } catch (thrown) {
    const { code, message } = thrown as { readonly code?: string; readonly message: string }
    if (code?.startsWith('ERR_PARSE_ARGS') !== true) throw thrown
    const names = Object.keys(types).map((name) => `--${name}`)
    // Node adds advice about positional arguments, which no bench takes.
    const [what = message] = message.split(/\. To specify|\. To parse/)
    throw new UsageError(`${what}; the options are ${[...names, '--help'].join(', ')}`)
  }
}

/** One line for each option: name, value, meaning, default. */
export function describeOptions(options: Options): string {
  const rows = Object.entries(options).map(([name, { value, says, shown }]) =>
    [`--${name}${value === '' ? '' : ` ${value}`}`, `${says}${shown === '' ? '' : ` (default: ${shown})`}`] as const)
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, says]) => `  ${name.padEnd(width)}  ${says}`).join('\n')
}

export function text(says: string, fallback: string, value = 'NAME'): Option<string> {
  return { type: 'string', says, value, shown: fallback, read: (given) => given ?? fallback }
}

export function optionalText(says: string, value = 'NAME'): Option<string | undefined> {
  return { type: 'string', says, value, shown: '', read: (given) => given }
}

export function flag(says: string): Option<boolean> {
  return { type: 'boolean', says, value: '', shown: '', read: (given) => given !== undefined }
}

/** Names with commas between them; undefined when none were given. */
export function optionalList(says: string): Option<readonly string[] | undefined> {
  return { type: 'string', says, value: 'NAME,…', shown: '', read: (given) => given?.split(',') }
}

export function list<N extends string>(says: string, choices: readonly N[]): Option<readonly N[]> {
  return {
    type: 'string', says: `${says}: ${choices.join(', ')}`, value: 'NAME,…', shown: 'all',
    read: (given, name) => {
      const asked = given?.split(',').map((one) => one.trim()) ?? choices
      const unknown = asked.filter((one) => !(choices as readonly string[]).includes(one))
      if (unknown.length > 0) {
        throw new UsageError(`--${name} knows ${choices.join(', ')}, not "${unknown.join('", "')}"`)
      }
      return asked as readonly N[]
    },
  }
}

export function choice<N extends string>(says: string, choices: readonly N[], fallback: N): Option<N> {
  return {
    type: 'string', says: `${says}: ${choices.join(', ')}`, value: 'NAME', shown: fallback,
    read: (given = fallback, name) => {
      const found = choices.find((one) => one === given)
      if (found === undefined) throw new UsageError(`--${name} expects one of ${choices.join(', ')}, not "${given}"`)
      return found
    },
  }
}

/** A number of at least `minimum`. */
export function number<F extends number | undefined>(says: string, fallback: F, minimum = 0): Option<number | F> {
  return {
    type: 'string', says, value: 'N', shown: shownNumber(fallback),
    read: (given, name) => given === undefined ? fallback : toNumber(given, name, minimum),
  }
}

/** As `number`, without a fraction. */
export function count<F extends number | undefined>(says: string, fallback: F, minimum = 1): Option<number | F> {
  return {
    ...number(says, fallback, minimum),
    read: (given, name) => {
      if (given === undefined) return fallback
      const value = toNumber(given, name, minimum)
      if (!Number.isInteger(value)) throw new UsageError(`--${name} expects a whole number, not "${given}"`)
      return value
    },
  }
}

/** Whole numbers of at least 1, with commas between them. */
export function counts(says: string, fallback: readonly number[]): Option<readonly number[]> {
  return {
    type: 'string', says, value: 'N,…', shown: fallback.join(','),
    read: (given, name) => given?.split(',').map((one) => count('', 1).read(one, name)) ?? fallback,
  }
}

function shownNumber(fallback: number | undefined): string {
  if (fallback === undefined) return ''
  return fallback === Infinity ? 'all' : String(fallback)
}

function toNumber(given: string, name: string, minimum: number): number {
  const value = Number(given)
  if (given.trim() === '' || !Number.isFinite(value) || value < minimum) {
    throw new UsageError(`--${name} expects a number of at least ${minimum}, not "${given}"`)
  }
  return value
}
