/** What the commands share: reading arguments, messages for a person, and the exit code of a failure. */
import { parseArgs, type ParseArgsConfig } from 'node:util'
import type { Config } from '../config.js'
import { SpeechError } from '../domain/errors.js'

/** The command was called incorrectly. */
export class UsageError extends Error {}

/**
 * Runs a command and resolves to its exit code: 0, also where `args` ask for help; 2 after a UsageError, which is
 * printed with the usage; 1 after a failure that its message explains: a SpeechError, or an error of the file system.
 * Anything else is thrown.
 */
export async function runCommand(
  usage: string, args: readonly string[], work: () => Promise<void>,
): Promise<number> {
  if (asksForHelp(args)) return printUsage(usage)
  try {
    await work()
    return 0
  } catch (thrown) {
    if (thrown instanceof UsageError) return fail(`${thrown.message}\n\n${usage}`, 2)
    if (thrown instanceof SpeechError || isSystemError(thrown)) return fail(thrown.message, 1)
    throw thrown
  }
}

export function asksForHelp(args: readonly string[]): boolean {
  const options = args.includes('--') ? args.slice(0, args.indexOf('--')) : args
  return options.includes('--help') || options.includes('-h') || args[0] === 'help'
}

/** On standard output, since it was asked for. */
export function printUsage(usage: string): number {
  console.log(usage)
  return 0
}

/** As `parseArgs` of Node; throws UsageError. */
export function readArguments<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config)
  } catch (thrown) {
    throw new UsageError((thrown as Error).message)
  }
}

/** What a command is to do: its first argument. Throws UsageError. */
export function actionOf<Action>(actions: Readonly<Record<string, Action>>, name: string): Action {
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined
  if (action !== undefined) return action
  const names = Object.keys(actions).join(', ')
  throw new UsageError(name === '' ? `one of ${names} is needed` : `there is no "${name}"; choose one of ${names}`)
}

/** A whole number of at least `least`; throws UsageError. */
export function countOf(name: string, given: string | undefined, fallback: number, least = 1): number {
  if (given === undefined) return fallback
  const value = Number(given)
  if (/^\d+$/.test(given) && value >= least) return value
  throw new UsageError(`${name} expects a whole number of at least ${least}, not "${given}"`)
}

/** The first of EARSHOT_MODELS. */
export function defaultModelOf({ models: [first] }: Pick<Config, 'models'>): string {
  if (first === undefined) throw new SpeechError('CONFIG_INVALID', 'EARSHOT_MODELS names no model')
  return first
}

/** Messages go to standard error, results to standard output. */
export function printMessage(line: string): void {
  console.error(`earshot: ${line}`)
}

function fail(message: string, exitCode: number): number {
  printMessage(message)
  return exitCode
}

function isSystemError(thrown: unknown): thrown is NodeJS.ErrnoException {
  return thrown instanceof Error && 'syscall' in thrown && thrown.syscall !== undefined
}
