/** Loads the catalogues that are configured as files, before the service is ready. */
import { readFile, stat } from 'node:fs/promises'
import { SpeechError } from '../../domain/errors.js'
import { formatOfUpload } from './parse.js'
import type { CatalogueStore, Stored } from './store.js'

export interface CatalogueFile {
  readonly name: string
  readonly path: string
}

/** Throws the error of `CatalogueStore.put` with the name of the file, or CONFIG_INVALID if it cannot be read. */
export async function loadCatalogue(
  store: CatalogueStore, { name, path }: CatalogueFile, maxBytes: number,
): Promise<Stored> {
  try {
    const found = await stat(path)
    // Reading a pipe or a device might never end.
    if (!found.isFile()) throw new Error('it is not a regular file')
    if (found.size > maxBytes) {
      throw new SpeechError('CATALOGUE_TOO_LARGE', `${found.size} bytes, EARSHOT_MAX_CATALOGUE_BYTES is ${maxBytes}`)
    }
    const bytes = await readFile(path)
    return await store.put(name, bytes, formatOfUpload(mediaTypeOf(path), bytes))
  } catch (thrown) {
    if (thrown instanceof SpeechError && thrown.code === 'SHUTTING_DOWN') throw thrown
    const { message } = thrown as Error
    if (thrown instanceof SpeechError) throw new SpeechError(thrown.code, `${path}: ${message}`, { cause: thrown })
    const detail = `EARSHOT_CATALOGUES: ${path} cannot be read (${message})`
    throw new SpeechError('CONFIG_INVALID', detail, { cause: thrown })
  }
}

/** By the end of the name; empty where it says nothing. */
export function mediaTypeOf(path: string): string {
  if (/\.(csv|tsv)$/i.test(path)) return 'text/csv'
  return /\.(jsonl|ndjson)$/i.test(path) ? 'application/jsonl' : ''
}
