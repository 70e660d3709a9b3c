/**
 * Files that are being written. Each has a name of its own until it is complete and correct, so a final name always
 * means a whole file, however often a download was interrupted:
 *
 *   <file>.<process>-<random>.partial                  worthless once its process has ended
 *   <file>.<checksum>.<process>-<random>.partial       the beginning of the file with this checksum
 *
 * The second kind is kept when a download ends early. The next download of the same file, from whatever source, takes
 * it over by renaming it, which only one process can do. What nobody resumed is removed with the next complete fetch
 * of the model, or with the model.
 */
import { createHash, randomBytes } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'

/** Every name of an unfinished file ends so. */
const PARTIAL = '.partial'
/** Hexadecimal digits of the checksum in a name. */
const CHECKSUM_DIGITS = 16
const NAME = /(?:\.([0-9a-f]{16}))?\.(\d+)-[0-9a-f]{8}\.partial$/

/** A file as its manifest describes it. */
export interface Wanted {
  /** Its final place. */
  readonly file: string
  readonly bytes: number
  readonly sha256: string
}

/**
 * Paths that this process writes now. The number of the process in a name does not tell: in a container, the next
 * process has the same one.
 */
const written = new Set<string>()

/** The path of a new unfinished file. With `sha256` it can be resumed. `endPartial` must follow. */
export function startPartial(file: string, sha256?: string): string {
  const checksum = sha256 === undefined ? '' : `.${sha256.slice(0, CHECKSUM_DIGITS)}`
  const partial = `${file}${checksum}.${process.pid}-${randomBytes(4).toString('hex')}${PARTIAL}`
  written.add(partial)
  return partial
}

/** From now on the file may be taken over or removed. */
export function endPartial(partial: string): void {
  written.delete(partial)
}

/** As `startPartial`, with what an earlier download of the same file left, if anything. Makes the folder. */
export async function resumePartial({ file, sha256 }: Wanted): Promise<string> {
  const folder = path.dirname(file)
  await mkdir(folder, { recursive: true })
  const beginning = `${path.basename(file)}.${sha256.slice(0, CHECKSUM_DIGITS)}.`
  const found = await Promise.all((await abandoned(folder)).filter((name) => name.startsWith(beginning))
    .map(async (name) => ({ name, bytes: await sizeOf(path.join(folder, name)) })))
  const partial = startPartial(file, sha256)
  for (const { name } of found.sort((a, b) => b.bytes - a.bytes)) {
    if (await wasRenamed(path.join(folder, name), partial)) break
  }
  return partial
}

/** Another process may have taken it. */
async function wasRenamed(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to)
    return true
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw cause
  }
}

/** Gives a file its final name if its checksum is right. Returns what is wrong otherwise. */
export async function landPartial(partial: string, { file, bytes, sha256 }: Wanted): Promise<string | undefined> {
  const found = await sha256Of(partial)
  if (found === sha256) {
    await rename(partial, file)
    return undefined
  }
  return `expected sha256 ${sha256}, found ${found} (${await sizeOf(partial)} of ${bytes} bytes)`
}

/**
 * Deletes what interrupted downloads of these files left behind, but nothing of a running process. With `keep`, what
 * can be resumed stays.
 */
export async function removePartials(
  wanted: readonly Pick<Wanted, 'file' | 'sha256'>[], { keep }: { readonly keep: boolean },
): Promise<void> {
  const kept = new Set(keep ? wanted.map(({ sha256 }) => sha256.slice(0, CHECKSUM_DIGITS)) : [])
  for (const folder of new Set(wanted.map(({ file }) => path.dirname(file)))) {
    for (const name of await abandoned(folder)) {
      if (!kept.has(NAME.exec(name)?.[1] ?? '')) await rm(path.join(folder, name), { force: true })
    }
  }
}

/** Names of unfinished files that nobody writes any more. */
async function abandoned(folder: string): Promise<string[]> {
  if (!existsSync(folder)) return []
  return (await readdir(folder)).filter((name) => name.endsWith(PARTIAL) && !isBeingWritten(folder, name))
}

function isBeingWritten(folder: string, name: string): boolean {
  const pid = Number(NAME.exec(name)?.[2] ?? 0)
  if (pid === 0) return false
  if (pid === process.pid) return written.has(path.join(folder, name))
  try {
    return process.kill(pid, 0)
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'EPERM'
  }
}

export async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}

/** 0 where there is no file. */
export async function sizeOf(file: string): Promise<number> {
  return existsSync(file) ? (await stat(file)).size : 0
}
