/**
 * Objects as files of a directory. An object is written to a file with a leading dot, brought to the disk, and renamed;
 * the directory is brought to the disk too, since otherwise a power failure could undo the rename (POSIX; Pillai et
 * al., "All File Systems Are Not Created Equal", OSDI 2014). Only the user of the service can read the files.
 */
import { randomBytes } from 'node:crypto'
import type { Dirent } from 'node:fs'
import { mkdir, open, readdir, readFile, rename, rm, rmdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { requireKey, type ObjectStore, type StoredObject } from './object-store.js'

const FILE_MODE = 0o600
const FOLDER_MODE = 0o700
const UNFINISHED = /^\..+\.part$/

export class DirectoryStore implements ObjectStore {
  readonly place: string
  readonly #root: string

  constructor(root: string) {
    this.#root = path.resolve(root)
    this.place = this.#root
  }

  async put(key: string, content: Uint8Array): Promise<void> {
    const file = this.#fileOf(key)
    const folder = path.dirname(file)
    const made = await mkdir(folder, { recursive: true, mode: FOLDER_MODE })
    const unfinished = path.join(folder, `.${path.basename(file)}.${randomBytes(6).toString('hex')}.part`)
    try {
      await writeThrough(unfinished, content)
      await rename(unfinished, file)
    } catch (thrown) {
      // A full disk needs the space; where not even this is possible, removeLeftovers does it later.
      await rm(unfinished, { force: true }).catch(() => undefined)
      throw thrown
    }
    await syncFolder(folder)
    if (made !== undefined) await syncFolder(path.dirname(made))
  }

  async get(key: string): Promise<Buffer | undefined> {
    return unlessAbsent(readFile(this.#fileOf(key)))
  }

  async delete(key: string): Promise<void> {
    const file = this.#fileOf(key)
    if (await unlessAbsent(stat(file)) === undefined) return
    await rm(file, { force: true })
    await syncFolder(path.dirname(file))
  }

  async *list(after = ''): AsyncGenerator<StoredObject> {
    for await (const key of this.#keysIn('', after)) {
      const found = await unlessAbsent(stat(this.#fileOf(key)))
      if (found !== undefined) yield { key, bytes: found.size, modified: found.mtimeMs }
    }
  }

  /** The names of one folder are in memory at a time. */
  async *#keysIn(folder: string, after: string): AsyncGenerator<string> {
    for (const entry of await this.#entriesOf(folder)) {
      const key = folder + entry.name
      if (entry.isFile()) {
        if (key > after) yield key
        continue
      }
      // All keys in the folder are before the character that follows the slash.
      if (entry.isDirectory() && `${key}0` > after) yield* this.#keysIn(`${key}/`, after)
    }
  }

  /** In the order of their keys, in which a folder counts with its slash. */
  async #entriesOf(folder: string): Promise<Dirent[]> {
    const entries = await unlessAbsent(readdir(path.join(this.#root, folder), { withFileTypes: true }))
    const keyOf = (entry: Dirent): string => entry.isDirectory() ? `${entry.name}/` : entry.name
    return (entries ?? []).filter(({ name }) => !name.startsWith('.'))
      .sort((a, b) => keyOf(a) < keyOf(b) ? -1 : 1)
  }

  /** Also folders that are empty. */
  async removeLeftovers(before: number): Promise<void> {
    for (const folder of await this.#foldersBelow('')) {
      const directory = path.join(this.#root, folder)
      const names = await unlessAbsent(readdir(directory)) ?? []
      for (const name of names.filter((one) => UNFINISHED.test(one))) {
        const file = path.join(directory, name)
        const found = await unlessAbsent(stat(file))
        if (found !== undefined && found.mtimeMs < before) await rm(file, { force: true })
      }
      const found = await unlessAbsent(stat(directory))
      const isOld = found !== undefined && found.mtimeMs < before
      if (folder !== '' && names.length === 0 && isOld) await unlessAbsent(rmdir(directory))
    }
  }

  async #foldersBelow(folder: string): Promise<string[]> {
    const entries = await this.#entriesOf(folder)
    const inner = await Promise.all(entries.filter((entry) => entry.isDirectory())
      .map(({ name }) => this.#foldersBelow(`${folder}${name}/`)))
    return [...inner.flat(), folder]
  }

  #fileOf(key: string): string {
    return path.join(this.#root, ...requireKey(key).split('/'))
  }
}

async function writeThrough(file: string, content: Uint8Array): Promise<void> {
  const handle = await open(file, 'wx', FILE_MODE)
  try {
    await handle.writeFile(content)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Undefined where there is no such file: another process may have removed it meanwhile. */
async function unlessAbsent<T>(work: Promise<T>): Promise<T | undefined> {
  return work.catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === 'ENOENT') return undefined
    throw thrown
  })
}
