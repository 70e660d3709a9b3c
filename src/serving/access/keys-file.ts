/**
 * The file of access keys: JSON with a name, scopes and a hash for each key, never a key itself. A command changes it
 * while the service reads it, so a new version replaces the old one atomically (a temporary file, then a rename). The
 * temporary file is also the lock that keeps two commands from losing each other's change.
 */
import type { Stats } from 'node:fs'
import { mkdir, open, readlink, realpath, rename, rm, stat, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { Type, type Static } from 'typebox'
import { Value } from 'typebox/value'
import { SpeechError } from '../../domain/errors.js'
import { readPlainFile } from '../../domain/plain-file.js'
import { NO_KEY, SCOPE_NAMES } from '../../domain/scopes.js'

const FORMAT = 'earshot-keys/1'
/** Each key is a label value of metrics. */
export const MAX_KEYS = 200
/** More than `MAX_KEYS` entries need. */
const MAX_BYTES = 262_144
const KEY_NAME = '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'

/** Whether a key may have this name. */
export function isKeyName(text: string): boolean {
  return new RegExp(KEY_NAME).test(text) && text !== NO_KEY
}

const Instant = Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z$' })

const KeyEntry = Type.Object({
  name: Type.String({ pattern: KEY_NAME }),
  scopes: Type.Array(Type.Enum([...SCOPE_NAMES]), { minItems: 1, maxItems: SCOPE_NAMES.length, uniqueItems: true }),
  sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  created: Instant,
  expires: Type.Optional(Instant),
}, { additionalProperties: false })
export type KeyEntry = Static<typeof KeyEntry>

const KeysFile = Type.Object({
  format: Type.Literal(FORMAT),
  keys: Type.Array(KeyEntry, { maxItems: MAX_KEYS }),
}, { additionalProperties: false })

const PRIVATE = 0o600
const GROUP_READABLE = 0o640

/** Throws CONFIG_INVALID with what is wrong with the file; no part of its content is in the message. */
export async function readKeys(file: string): Promise<readonly KeyEntry[]> {
  return parseKeys(file, readText(file))
}

/**
 * Reads the file, empty if there is none, and writes the result of `change`. Throws CONFIG_INVALID when another command
 * is running. Owner and permissions do not change; only its owner can read a new file.
 */
export async function changeKeys(
  file: string,
  change: (keys: readonly KeyEntry[]) => readonly KeyEntry[],
): Promise<void> {
  await makeFolder(file)
  const target = await targetOf(file)
  const fresh = `${target}.new`
  const handle = await openNew(fresh, PRIVATE, 'another command is changing the keys; if none is, remove this file')
  try {
    const before = await statIfThere(target)
    const keys = change(before === undefined ? [] : await readKeys(target))
    if (keys.length > MAX_KEYS) {
      throw new SpeechError('CONFIG_INVALID', `${file} may hold at most ${MAX_KEYS} keys; revoke one first`)
    }
    if (before !== undefined) await copyOwnership(handle, fresh, before)
    await explain(`${fresh} cannot be written`, async () => {
      await handle.writeFile(`${JSON.stringify({ format: FORMAT, keys }, undefined, 2)}\n`)
      await handle.sync()
      await handle.close()
    })
    await explain(`${target} cannot be replaced`, () => rename(fresh, target))
  } catch (thrown) {
    await handle.close()
    await rm(fresh, { force: true })
    throw thrown
  }
}

/** Writes one key to a file that holds nothing else. Throws CONFIG_INVALID if the file exists. */
export async function writeSecret(file: string, key: string, groupReadable: boolean): Promise<void> {
  await makeFolder(file)
  const mode = groupReadable ? GROUP_READABLE : PRIVATE
  const handle = await openNew(file, mode, 'there is a file of this name')
  try {
    await explain(`${file} cannot be written`, async () => {
      await handle.chmod(mode) // whatever the umask says
      await handle.writeFile(key)
      await handle.sync()
    })
  } catch (thrown) {
    await rm(file, { force: true })
    throw thrown
  } finally {
    await handle.close()
  }
}

function readText(file: string): string {
  try {
    return readPlainFile(file, MAX_BYTES).toString('utf8')
  } catch (cause) {
    const { message } = cause as Error
    throw new SpeechError('CONFIG_INVALID', `the keys file ${file} cannot be read: ${message}`, { cause })
  }
}

function parseKeys(file: string, text: string): readonly KeyEntry[] {
  const invalid = (what: string): SpeechError => new SpeechError('CONFIG_INVALID', `the keys file ${file} ${what}`)
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch {
    throw invalid('is not JSON') // the parser's own message would quote the file
  }
  if (!Value.Check(KeysFile, content)) {
    const [first] = Value.Errors(KeysFile, content)
    throw invalid(`is not valid: ${first?.instancePath || 'it'} ${first?.message ?? 'does not fit'}`)
  }
  const { keys } = content
  for (const [index, { name, sha256, created, expires }] of keys.entries()) {
    if (name === NO_KEY) throw invalid(`has a key named "${NO_KEY}", which stands for requests without one`)
    const hasInvalidDate = [created, expires].some((date) => date !== undefined && Number.isNaN(readInstant(date)))
    if (hasInvalidDate) throw invalid(`has a date that does not exist at "${name}"`)
    if (keys.findIndex((other) => other.name === name) < index) throw invalid(`names "${name}" twice`)
    if (keys.findIndex((other) => other.sha256 === sha256) < index) throw invalid(`has the key of "${name}" twice`)
  }
  return keys
}

/** Milliseconds; NaN for a day that does not exist, which `Date` alone takes for a day of the next month. */
export function readInstant(text: string): number {
  const instant = Date.parse(text)
  return !Number.isNaN(instant) && new Date(instant).toISOString().slice(0, 10) === text.slice(0, 10) ? instant : NaN
}

async function openNew(file: string, mode: number, whenThere: string): Promise<FileHandle> {
  return explain(`${file} cannot be written`, () => open(file, 'wx', mode), { EEXIST: `${file}: ${whenThere}` })
}

async function makeFolder(file: string): Promise<void> {
  const folder = path.dirname(file)
  await explain(`the folder ${folder} cannot be made`, () => mkdir(folder, { recursive: true }), {
    EEXIST: `${folder} is not a folder`,
    ENOTDIR: `the folder ${folder} cannot be made, since a part of its path is not a folder`,
  })
}

/** The target of a link, so that it stays a link, also if nothing is there yet. Any other file is its own target. */
async function targetOf(file: string): Promise<string> {
  const found = await explain(`${file} cannot be followed`, () => realpath(file).catch(whenAbsent(undefined)))
  if (found !== undefined) return found
  const link = await explain(`${file} cannot be followed`, () => readlink(file).catch(whenAbsent(undefined)))
  return link === undefined ? file : path.resolve(path.dirname(file), link)
}

async function statIfThere(file: string): Promise<Stats | undefined> {
  return explain(`${file} cannot be looked at`, () => stat(file).catch(whenAbsent(undefined)))
}

/** Root may change the file of the service's user, who must still be able to read it afterwards. */
async function copyOwnership(handle: FileHandle, file: string, { uid, gid, mode }: Stats): Promise<void> {
  const own = await handle.stat()
  const isOurs = own.uid === uid && own.gid === gid
  if (!isOurs) {
    const owner = `the keys file belongs to user ${uid} and group ${gid}, and would not any more`
    await explain(`${file} cannot be given to its owner`, () => handle.chown(uid, gid), {
      EPERM: `${owner}: run this command as that user or as root`,
    })
  }
  await explain(`${file} cannot be given its permissions`, () => handle.chmod(mode & 0o777))
}

/** Turns a system error into CONFIG_INVALID, with a sentence for its code, or with `what` and the system's message. */
async function explain<T>(
  what: string,
  work: () => Promise<T>,
  byCode: Readonly<Record<string, string>> = {},
): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    const { code = '', message } = cause as NodeJS.ErrnoException
    throw new SpeechError('CONFIG_INVALID', byCode[code] ?? `${what} (${message})`, { cause })
  }
}

function whenAbsent<T>(instead: T): (thrown: NodeJS.ErrnoException) => T {
  return (thrown) => {
    if (thrown.code === 'ENOENT') return instead
    throw thrown
  }
}
