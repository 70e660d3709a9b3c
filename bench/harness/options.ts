/** Command-line options of the benches: how each is read, and what is said when it cannot be. */
import { parseArgs } from 'node:util'

/** The command was called wrongly: its message is all that is printed. */
export class UsageError extends Error {}

export interface Option<V> {
  readonly type: 'string' | 'boolean'
  /** `given` is undefined when the option was left out. Throws a UsageError. */
  readonly read: (given: string | undefined, name: string) => V
}

export type Options = Readonly<Record<string, Option<unknown>>>
export type Values<T extends Options> = { readonly [K in keyof T]: T[K] extends Option<infer V> ? V : never }

/** Throws on options that the bench does not have. */
export function parseOptions<T extends Options>(args: readonly string[], options: T): Values<T> {
  const types = Object.fromEntries(Object.entries(options).map(([name, { type }]) => [name, { type }]))
  const { values } = parseArgs({ args: [...args], options: types, strict: true, allowPositionals: false })
  const read = Object.entries(options).map(([name, option]) => {
    const given = values[name]
    return [name, option.read(given === undefined ? undefined : String(given), name)]
  })
  return Object.fromEntries(read) as Values<T>
}

export function text(fallback: string): Option<string> {
  return { type: 'string', read: (given) => given ?? fallback }
}

export const optionalText: Option<string | undefined> = { type: 'string', read: (given) => given }
export const flag: Option<boolean> = { type: 'boolean', read: (given) => given !== undefined }
/** Names with commas between them; undefined when none were given. */
export const optionalList: Option<readonly string[] | undefined> = {
  type: 'string', read: (given) => given?.split(','),
}

export function list<N extends string>(choices: readonly N[]): Option<readonly N[]> {
  return {
    type: 'string',
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

export function choice<N extends string>(choices: readonly N[], fallback: N): Option<N> {
  return {
    type: 'string',
    read: (given = fallback, name) => {
      const found = choices.find((one) => one === given)
      if (found === undefined) throw new UsageError(`--${name} expects one of ${choices.join(', ')}, not "${given}"`)
      return found
    },
  }
}

/** A number of at least `minimum`. */
export function number<F extends number | undefined>(fallback: F, minimum = 0): Option<number | F> {
  return { type: 'string', read: (given, name) => given === undefined ? fallback : toNumber(given, name, minimum) }
}

/** As `number`, without a fraction. */
export function count<F extends number | undefined>(fallback: F, minimum = 1): Option<number | F> {
  return {
    type: 'string',
    read: (given, name) => {
      if (given === undefined) return fallback
      const value = toNumber(given, name, minimum)
      if (!Number.isInteger(value)) throw new UsageError(`--${name} expects a whole number, not "${given}"`)
      return value
    },
  }
}

function toNumber(given: string, name: string, minimum: number): number {
  const value = Number(given)
  if (given.trim() === '' || !Number.isFinite(value) || value < minimum) {
    throw new UsageError(`--${name} expects a number of at least ${minimum}, not "${given}"`)
  }
  return value
}
