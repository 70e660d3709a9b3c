/** Command-line options of the benches: node:util's parser, and numbers checked with a sentence about what was expected. */
import { parseArgs, type ParseArgsConfig } from 'node:util'

/** The command was called wrongly: its message is all that is printed. */
export class UsageError extends Error {}

type OptionTable = NonNullable<ParseArgsConfig['options']>
type Values<T extends OptionTable> = ReturnType<typeof parseArgs<{ options: T; strict: true }>>['values']

/** Throws on options that the bench does not have. */
export function parseOptions<T extends OptionTable>(args: readonly string[], options: T): Values<T> {
  return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values as Values<T>
}

/** A number at or above `minimum`, or the fallback when the option was not given. */
export function numberOption(name: string, given: string | undefined, fallback: number, minimum = 0): number {
  if (given === undefined) return fallback
  const value = Number(given)
  if (given.trim() === '' || !Number.isFinite(value) || value < minimum) {
    throw new UsageError(`--${name} expects a number of at least ${minimum}, not "${given}"`)
  }
  return value
}

/** As `numberOption`, without a fraction. */
export function countOption(name: string, given: string | undefined, fallback: number, minimum = 1): number {
  const value = numberOption(name, given, fallback, minimum)
  if (!Number.isInteger(value)) throw new UsageError(`--${name} expects a whole number, not "${given}"`)
  return value
}
