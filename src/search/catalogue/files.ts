/** Catalogues that are there from the start: read from files, before the service counts as ready. */
import { readFile, stat } from 'node:fs/promises'
import { SpeechError } from '../../domain/errors.js'
import { formatOfUpload } from './parse.js'
import type { CatalogueStore, Stored } from './store.js'

export interface CatalogueFile {
  readonly name: string
  readonly path: string
}

/** One after the other. Throws what the first one at fault is refused with, and names its file. */
export async function loadCatalogue(store: CatalogueStore, { name, path }: CatalogueFile, maxBytes: number): Promise<Stored> {
  try {
    const found = await stat(path)
    // A pipe or a device might be read for ever.
    if (!found.isFile()) throw new Error('it is not a regular file')
    if (found.size > maxBytes) throw new SpeechError('CATALOGUE_TOO_LARGE', `${found.size} bytes, EARSHOT_MAX_CATALOGUE_BYTES is ${maxBytes}`)
    const bytes = await readFile(path)
    return await store.put(name, bytes, formatOfUpload(mediaTypeOf(path), bytes))
  } catch (thrown) {
    if (thrown instanceof SpeechError && thrown.code === 'SHUTTING_DOWN') throw thrown
    if (thrown instanceof SpeechError) throw new SpeechError(thrown.code, `${path}: ${thrown.message}`, { cause: thrown })
    throw new SpeechError('CONFIG_INVALID', `EARSHOT_CATALOGUES: ${path} cannot be read (${(thrown as Error).message})`, { cause: thrown })
  }
}

function mediaTypeOf(path: string): string {
  if (/\.(csv|tsv)$/i.test(path)) return 'text/csv'
  return /\.(jsonl|ndjson)$/i.test(path) ? 'application/jsonl' : ''
}
