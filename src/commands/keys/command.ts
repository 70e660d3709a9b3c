/**
 * `npm run keys -- add NAME --scopes SCOPES | list | revoke NAME`, and in an image without npm
 * `node dist/src/commands/keys/run.js` with the same arguments.
 *
 * A key is shown once, alone on standard output, or written to a file; messages go to standard error. The service
 * watches the keys file, so it needs no notification.
 */
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { SpeechError } from '../../domain/errors.js'
import {
  changeKeys, isKeyName, readInstant, readKeys, writeSecret, type KeyEntry,
} from '../../serving/access/keys-file.js'
import { NO_KEY, SCOPE_NAMES, type Scope } from '../../domain/scopes.js'
import { actionOf, readArguments, runCommand, UsageError } from '../command.js'
import { createKey, hashKey } from '../../serving/access/secret.js'

const USAGE = `npm run keys -- add NAME --scopes ${SCOPE_NAMES.join(',')} [--expires 2030-01-31] `
  + '[--output FILE [--group-readable]] | list | revoke NAME; with --file FILE, or EARSHOT_KEYS_FILE set'

/** A day (from 0:00 UTC), or an instant. */
const DATE = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?Z)?$/

interface Options {
  readonly file: string
  readonly scopes: string | undefined
  readonly expires: string | undefined
  readonly output: string | undefined
  readonly groupReadable: boolean
}

type Action = (names: readonly string[], options: Options) => Promise<void>

const ACTIONS: Readonly<Record<string, Action>> = { add, list, revoke }

/** Resolves to an exit code. */
export async function runKeys(words: readonly string[], environment: NodeJS.ProcessEnv = process.env): Promise<number> {
  return runCommand(USAGE, words, async () => {
    const { action, names, options } = readCommand(words, environment)
    await action(names, options)
  })
}

interface Command { readonly action: Action; readonly names: readonly string[]; readonly options: Options }

function readCommand(words: readonly string[], environment: NodeJS.ProcessEnv): Command {
  const { values, positionals: [name = '', ...names] } = parse(words)
  const action = actionOf(ACTIONS, name)
  const file = values.file ?? environment.EARSHOT_KEYS_FILE ?? ''
  if (file === '') throw new SpeechError('CONFIG_INVALID', 'name the keys file with EARSHOT_KEYS_FILE or --file')
  const { scopes, expires, output, 'group-readable': groupReadable = false } = values
  const ofAdd = [scopes, expires, output].some((value) => value !== undefined) || groupReadable
  if (action !== add && ofAdd) throw new UsageError('only add has such options')
  return { action, names, options: { file: path.resolve(file), scopes, expires, output, groupReadable } }
}

function parse(words: readonly string[]) {
  const text = { type: 'string' } as const
  return readArguments({
    args: [...words], allowPositionals: true,
    options: { file: text, scopes: text, expires: text, output: text, 'group-readable': { type: 'boolean' } },
  })
}

async function add(names: readonly string[], options: Options): Promise<void> {
  const name = nameIn(names)
  if (!isKeyName(name)) {
    const rule = `letters, digits, ".", "_" and "-", at most 64, and not "${NO_KEY}"`
    throw invalid(`a key may not be named "${name}": ${rule}`)
  }
  if (options.groupReadable && options.output === undefined) throw invalid('--group-readable goes with --output')
  const key = createKey()
  const expires = readExpiry(options.expires)
  const entry: KeyEntry = {
    name,
    scopes: readScopes(options.scopes),
    sha256: hashKey(key),
    created: new Date().toISOString(),
    ...expires !== undefined && { expires },
  }
  if (options.output !== undefined) await writeSecret(options.output, key, options.groupReadable)
  try {
    await changeKeys(options.file, (keys) => {
      if (keys.some((other) => other.name === name)) throw invalid(`there is a key named "${name}" already`)
      return [...keys, entry]
    })
  } catch (thrown) {
    if (options.output !== undefined) await rm(options.output, { force: true })
    throw thrown
  }
  const where = options.output === undefined
    ? 'this is its key, which is shown only now'
    : `its key is in ${options.output}`
  console.error(`earshot: ${describe(entry)}; ${where}`)
  if (options.output === undefined) console.log(key)
}

async function list(names: readonly string[], { file }: Options): Promise<void> {
  if (names.length > 0) throw new UsageError('list takes no name')
  const rows = [['name', 'scopes', 'created', 'expires']]
  for (const { name, scopes, created, expires = 'never' } of await readKeys(file)) {
    const isOver = Date.parse(expires) <= Date.now()
    rows.push([name, scopes.join(','), created, `${expires}${isOver ? ' (expired)' : ''}`])
  }
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  for (const row of rows) console.log(row.map((cell, column) => cell.padEnd(widths[column]!)).join('  ').trimEnd())
}

async function revoke(names: readonly string[], { file }: Options): Promise<void> {
  const name = nameIn(names)
  await readKeys(file) // revoking creates no file
  await changeKeys(file, (keys) => {
    if (!keys.some((key) => key.name === name)) throw invalid(`there is no key named "${name}" in ${file}`)
    return keys.filter((key) => key.name !== name)
  })
  console.error(`earshot: "${name}" is revoked`)
}

function nameIn(names: readonly string[]): string {
  if (names.length !== 1) throw new UsageError(`expected one name, not ${names.length}`)
  return names[0]!
}

function readScopes(list: string | undefined): Scope[] {
  const names = [...new Set((list ?? '').split(',').filter((name) => name !== ''))]
  const wrong = names.find((name) => !(SCOPE_NAMES as readonly string[]).includes(name))
  if (names.length === 0 || wrong !== undefined) {
    const given = wrong === undefined ? '' : `, not "${wrong}"`
    throw invalid(`--scopes takes ${SCOPE_NAMES.join(', ')}, separated by commas${given}`)
  }
  return names as Scope[]
}

function readExpiry(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const instant = DATE.test(text) ? readInstant(text) : NaN
  if (!(instant > Date.now())) {
    const forms = 'a day to come, such as 2030-01-31, or an instant, such as 2030-01-31T12:00Z'
    throw invalid(`--expires takes ${forms}, not "${text}"`)
  }
  return new Date(instant).toISOString()
}

function describe({ name, scopes, expires }: KeyEntry): string {
  return `"${name}" may ${scopes.join(', ')}${expires === undefined ? '' : ` until ${expires}`}`
}

function invalid(what: string): SpeechError {
  return new SpeechError('CONFIG_INVALID', what)
}
