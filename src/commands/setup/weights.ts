/** The state of a model on the disk: each file of its manifest is ready, missing or altered. */
import { constants, existsSync } from 'node:fs'
import { access, cp, readdir, rm, rmdir, stat, statfs } from 'node:fs/promises'
import path from 'node:path'
import { SpeechError } from '../../domain/errors.js'
import type { Bundle } from '../../engine/manifest.js'
import { projectRoot } from '../../domain/project-root.js'
import { megabytes } from './progress.js'
import { removePartials, sha256Of } from './sources/partials.js'

/** Sizes show a truncated file at once; checksums show every change. The service compares checksums when it loads. */
export type Depth = 'sizes' | 'checksums'

export interface FileFinding {
  /** Under `files` of the manifest. */
  readonly key: string
  readonly file: string
  readonly entry: Bundle['files'][string]
  readonly state: 'ready' | 'missing' | 'altered'
  /** What was expected and what was found. */
  readonly detail: string
}

export async function inspectModel(modelsDir: string, manifest: Bundle, depth: Depth): Promise<FileFinding[]> {
  const findings: FileFinding[] = []
  for (const [key, entry] of Object.entries(manifest.files)) {
    const file = path.join(modelsDir, manifest.name, entry.path)
    findings.push({ key, file, entry, ...await inspectFile(file, entry, depth) })
  }
  return findings
}

async function inspectFile(
  file: string, entry: FileFinding['entry'], depth: Depth,
): Promise<Pick<FileFinding, 'state' | 'detail'>> {
  if (!existsSync(file)) return { state: 'missing', detail: 'not there' }
  const { size } = await stat(file)
  if (size !== entry.bytes) return { state: 'altered', detail: `expected ${entry.bytes} bytes, found ${size}` }
  if (depth === 'sizes') return { state: 'ready', detail: `${size} bytes` }
  const found = await sha256Of(file)
  const detail = `expected sha256 ${entry.sha256}, found ${found}`
  return { state: found === entry.sha256 ? 'ready' : 'altered', detail }
}

type Statfs = (folder: string) => Promise<{ readonly bavail: number; readonly bsize: number; readonly blocks: number }>

/** Throws MODEL_FETCH_FAILED when the folder of a model cannot be written, or its disk has less room than `bytes`. */
export async function requireRoom(folder: string, name: string, bytes: number, space?: Statfs): Promise<void> {
  const lack = await lackOfRoom(folder, name, bytes, space)
  if (lack === undefined) return
  const remedy = lack.isFull ? 'free some and start again'
    : 'name a folder that can be written with EARSHOT_MODELS_DIR, or fetch the model as the owner of this one'
  throw new SpeechError('MODEL_FETCH_FAILED', `${lack.problem}; ${remedy}`)
}

/** Why `bytes` of `what` cannot be written into a folder, which need not be there yet; undefined where they can. */
export async function lackOfRoom(
  folder: string, what: string, bytes: number, space: Statfs = statfs,
): Promise<{ readonly problem: string; readonly isFull: boolean } | undefined> {
  let place = folder
  while (!existsSync(place)) place = path.dirname(place)
  const denied = await access(place, constants.W_OK).then(() => undefined, ({ code }: NodeJS.ErrnoException) => code)
  if (denied !== undefined) {
    const why = denied === 'EROFS' ? 'its file system is read-only' : `this user may not write there (${denied})`
    return { problem: `${place} cannot be written, and ${what} belongs there: ${why}`, isFull: false }
  }
  const { bavail, bsize, blocks } = await space(place)
  const free = bavail * bsize
  // Some file systems do not say how large they are.
  if (blocks === 0 || free >= bytes) return undefined
  const problem = `the disk of ${place} is full: ${what} needs ${megabytes(bytes)} there, `
    + `and ${megabytes(free)} are free`
  return { problem, isFull: true }
}

/** One word for the whole model; partial when some files are there and some are not. */
export function stateOf(findings: readonly FileFinding[]): FileFinding['state'] | 'partial' {
  const has = (state: FileFinding['state']): boolean => findings.some((finding) => finding.state === state)
  if (has('altered')) return 'altered'
  if (!has('missing')) return 'ready'
  return has('ready') ? 'partial' : 'missing'
}

/** Deletes the weights and what was compiled from them; the manifest stays. */
export async function removeWeights(modelsDir: string, name: string, findings: readonly FileFinding[]): Promise<void> {
  await rm(path.join(modelsDir, name, 'compiled'), { recursive: true, force: true })
  await removePartials(findings.map(({ file, entry: { sha256 } }) => ({ file, sha256 })), { keep: false })
  for (const { file } of findings) await rm(file, { force: true })
  for (const folder of new Set(findings.map(({ file }) => path.dirname(file)))) {
    if (existsSync(folder) && (await readdir(folder)).length === 0) await rmdir(folder)
  }
}

export const builtInModelsDir = path.join(projectRoot, 'models')

/**
 * Another models directory, an empty volume for example, first gets our manifest of the model, without our weights
 * and what was compiled from them.
 */
export async function bringManifest(modelsDir: string, name: string): Promise<void> {
  const origin = path.join(builtInModelsDir, name)
  const place = path.join(modelsDir, name)
  if (existsSync(path.join(place, 'model.json')) || !existsSync(path.join(origin, 'model.json'))) return
  const filter = (file: string): boolean => !['weights', 'compiled'].includes(path.basename(file))
  await cp(origin, place, { recursive: true, filter }).catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === 'ENOSPC' ? 'its disk is full' : cause.code ?? cause.message
    throw new SpeechError('MODEL_FETCH_FAILED', `${place} cannot be written: ${why}`, { cause })
  })
}
