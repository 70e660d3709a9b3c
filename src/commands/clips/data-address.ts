/** A recording inside a page. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'

/** The browser finds the format in the first bytes; the type only has to be one of audio. */
export async function dataAddress(file: string): Promise<string> {
  return `data:audio/${path.extname(file).slice(1).toLowerCase()};base64,${await readFile(file, 'base64')}`
}
