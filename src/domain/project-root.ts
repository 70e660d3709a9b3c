/** The project folder: that of package.json, searched upwards from here, so that it works in src/ and in dist/src/. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const projectRoot = findRoot(path.dirname(fileURLToPath(import.meta.url)))

function findRoot(folder: string): string {
  if (existsSync(path.join(folder, 'package.json'))) return folder
  const parent = path.dirname(folder)
  if (parent === folder) throw new Error(`no package.json above ${fileURLToPath(import.meta.url)}`)
  return findRoot(parent)
}
