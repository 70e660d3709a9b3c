/**
 * Compiled graphs beside the weights, as `<model>/compiled/<kind>-<matrices>-<key>-<checksum>.onnx`.
 *
 * The key is a hash of everything that the graph depends on: checksums of the weights, the fields of the manifest about
 * decoding, the compiler's own files and the version of the runtime. So no cached graph is ever out of date. A graph is
 * compared with the checksum in its name when it is read; a file that was altered is written again.
 */
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { openModelFiles, type Manifest } from '../manifest.js'
import { runtimeVersion, sessionOpener } from '../runtime/session.js'
import { compileModel, type GraphKind } from './compile.js'
import type { Target } from './graph.js'
import { UnknownModel } from './published.js'

export interface Compiled {
  readonly graph: Uint8Array
  /** Undefined when the graph was in the cache. */
  readonly compileSeconds: number | undefined
  /** Why the graph could not be written to the cache; undefined when it is there. */
  readonly notKept: string | undefined
}

/** Why a model is run from its published graphs. */
export interface NotCompiled { readonly reason: string }

/** Where the graphs of a model are kept. */
export function folderOfGraphs(modelsDir: string, { name }: Pick<Manifest, 'name'>): string {
  return path.join(modelsDir, name, 'compiled')
}

/** Numbers in a graph per parameter of the model. */
const SHARE: Readonly<Record<GraphKind, number>> = { encoder: 0.6, greedy: 1.4, align: 0.8, steps: 1.3 }

/** Bytes of a number of a matrix. */
const BYTES_OF_NUMBER: Readonly<Record<Target['matrices'], number>> = {
  signed: 1, unsigned: 1, real: 4, half: 2, 'emulated-half': 4,
}

/** A little more than the bytes of a compiled graph, as measured with the models of this repository. */
export function bytesOfGraph(
  { parameters }: Pick<Manifest, 'parameters'>, { matrices }: Target, kind: GraphKind,
): number {
  return Math.ceil(SHARE[kind] * parameters * BYTES_OF_NUMBER[matrices])
}

/**
 * The compiled graph of a model, from the cache or compiled now. `onCompile` is awaited before it is compiled, which
 * takes seconds; when it throws, nothing is compiled.
 */
export async function compiledGraph(
  modelsDir: string, manifest: Manifest, target: Target, kind: GraphKind,
  onCompile?: () => unknown,
): Promise<Compiled | NotCompiled> {
  const folder = folderOfGraphs(modelsDir, manifest)
  const stem = `${kind}-${target.matrices}-${await keyOf(manifest)}`
  const cached = await read(folder, stem)
  if (cached !== undefined) return { graph: cached, compileSeconds: undefined, notKept: undefined }
  await onCompile?.()
  const since = performance.now()
  const open = sessionOpener({ providers: ['cpu'], strict: true, threads: 1 })
  try {
    const graph = await compileModel(manifest, openModelFiles(modelsDir, manifest), target, kind, open)
    const compileSeconds = (performance.now() - since) / 1000
    return { graph, compileSeconds, notKept: await write(folder, stem, graph) }
  } catch (thrown) {
    if (thrown instanceof UnknownModel) return { reason: thrown.message }
    throw thrown
  }
}

async function read(folder: string, stem: string): Promise<Uint8Array | undefined> {
  const names = await namesIn(folder)
  const name = names.find((candidate) => candidate.startsWith(`${stem}-`) && candidate.endsWith('.onnx'))
  if (name === undefined) return undefined
  // Another process may have removed it in the meantime.
  const graph = await readFile(path.join(folder, name)).catch(ifMissing(undefined))
  return graph !== undefined && name === nameOf(stem, graph) ? graph : undefined
}

/** Stores the graph beside the weights. Returns the reason when it cannot: a read-only directory is no error. */
async function write(folder: string, stem: string, graph: Uint8Array): Promise<string | undefined> {
  const name = nameOf(stem, graph)
  const suffix = `${process.pid}-${randomBytes(4).toString('hex')}.partial`
  const partial = path.join(folder, `${name}.${suffix}`)
  try {
    await mkdir(folder, { recursive: true })
    await writeFile(partial, graph)
    await rename(partial, path.join(folder, name))
    await removeOld(folder, stem.slice(0, stem.lastIndexOf('-') + 1))
    return undefined
  } catch (cause) {
    await rm(partial, { force: true }).catch(() => undefined) // the directory itself may be read-only
    return (cause as Error).message
  }
}

/**
 * Keeps the newest graph of this prefix and the one before: two versions of the service that run alternately, sources
 * and build for instance, do not remove each other's graphs.
 */
async function removeOld(folder: string, prefix: string): Promise<void> {
  const files = (await namesIn(folder)).filter((name) => name.startsWith(prefix) && name.endsWith('.onnx'))
    .map((name) => path.join(folder, name))
  const dated = await Promise.all(files.map(async (file) => ({ file, writtenMs: (await stat(file)).mtimeMs })))
  for (const { file } of dated.sort((a, b) => b.writtenMs - a.writtenMs).slice(2)) await rm(file, { force: true })
}

function nameOf(stem: string, graph: Uint8Array): string {
  return `${stem}-${createHash('sha256').update(graph).digest('hex').slice(0, 32)}.onnx`
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(ifMissing<string[]>([]))
}

/** Returns `fallback` when there is no such file or folder, and throws any other error. */
function ifMissing<Fallback>(fallback: Fallback): (cause: NodeJS.ErrnoException) => Fallback {
  return (cause) => {
    if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR') return fallback
    throw cause
  }
}

async function keyOf({ files, family, languages, frontEnd, decoding }: Manifest): Promise<string> {
  const sources = Object.entries(files).map(([key, { sha256 }]) => `${key} ${sha256}`).sort()
  const parts = [runtimeVersion, family, languages, frontEnd, decoding, sources]
  return createHash('sha256').update(JSON.stringify(parts)).update(await compilerFiles()).digest('hex').slice(0, 16)
}

/** The text of the compiler and of its architectures: any change to them makes a new version. */
async function compilerFiles(): Promise<string> {
  const here = path.dirname(fileURLToPath(import.meta.url))
  const folders = [here, path.join(here, '../architectures')]
  const texts = await Promise.all(folders.map(async (folder) => {
    const names = (await readdir(folder)).filter((name) => /\.(js|ts)$/.test(name)).sort()
    return Promise.all(names.map((name) => readFile(path.join(folder, name), 'utf8')))
  }))
  return texts.flat().join('\n')
}
