/**
 * Compiled graphs beside the weights, as `<model>/compiled/<entrance>-<matrices>-<key>-<checksum>.onnx`.
 *
 * The key is made of everything that the graph is made of: checksums of the weights, the manifest's words on decoding,
 * the compiler's own files and the version of the runtime. So nothing has to be told that a graph is out of date. What is
 * read is compared with the checksum in its name; a file that was altered is written anew.
 */
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { openModelFiles, type Manifest } from '../manifest.js'
import { runtimeVersion, sessionOpener } from '../runtime/session.js'
import { compileModel, type Entrance } from './compile.js'
import type { Target } from './graph.js'
import { UnknownModel } from './published.js'

export interface Compiled {
  readonly graph: Uint8Array
  /** Undefined when it was there. */
  readonly compileSeconds: number | undefined
  /** Why it could not be kept, where it could not. */
  readonly notKept: string | undefined
}

/** Why a model runs as it was published. */
export interface NotCompiled { readonly reason: string }

/** The compiled graph of a model, from the cache or made now; `begins` is called before it is made, which takes seconds. */
export async function compiledGraph(modelsDir: string, manifest: Manifest, target: Target, entrance: Entrance = 'greedy', begins: () => void = () => undefined): Promise<Compiled | NotCompiled> {
  const folder = path.join(modelsDir, manifest.name, 'compiled')
  const stem = `${entrance}-${target.matrices}-${await keyOf(manifest)}`
  const kept = await read(folder, stem)
  if (kept !== undefined) return { graph: kept, compileSeconds: undefined, notKept: undefined }
  begins()
  const since = performance.now()
  try {
    const graph = await compileModel(manifest, openModelFiles(modelsDir, manifest), target, entrance, sessionOpener({ providers: ['cpu'], strict: true, threads: 1 }))
    const compileSeconds = (performance.now() - since) / 1000
    return { graph, compileSeconds, notKept: await write(folder, stem, graph) }
  } catch (thrown) {
    if (thrown instanceof UnknownModel) return { reason: thrown.message }
    throw thrown
  }
}

async function read(folder: string, stem: string): Promise<Uint8Array | undefined> {
  const name = (await namesIn(folder)).find((candidate) => candidate.startsWith(`${stem}-`) && candidate.endsWith('.onnx'))
  if (name === undefined) return undefined
  // It may be gone by now: another process cleans up after a newer one.
  const graph = await readFile(path.join(folder, name)).catch(ifGone(undefined))
  return graph !== undefined && name === nameOf(stem, graph) ? graph : undefined
}

/** Puts it beside the weights. Answers why it could not be, if so: a read-only directory is no reason not to serve. */
async function write(folder: string, stem: string, graph: Uint8Array): Promise<string | undefined> {
  const name = nameOf(stem, graph)
  const partial = path.join(folder, `${name}.${process.pid}-${randomBytes(4).toString('hex')}.partial`)
  try {
    await mkdir(folder, { recursive: true })
    await writeFile(partial, graph)
    await rename(partial, path.join(folder, name))
    await removeOld(folder, stem.slice(0, stem.lastIndexOf('-') + 1))
    return undefined
  } catch (cause) {
    await rm(partial, { force: true }).catch(() => undefined) // it may be the directory that cannot be written
    return (cause as Error).message
  }
}

/** Of a kind, the newest is kept and the one before: two versions in turns, sources and build perhaps, shall not undo each other's work. */
async function removeOld(folder: string, kind: string): Promise<void> {
  const names = (await namesIn(folder)).filter((name) => name.startsWith(kind) && name.endsWith('.onnx'))
  const dated = await Promise.all(names.map(async (name) => ({ name, written: (await stat(path.join(folder, name))).mtimeMs })))
  for (const { name } of dated.sort((a, b) => b.written - a.written).slice(2)) await rm(path.join(folder, name), { force: true })
}

function nameOf(stem: string, graph: Uint8Array): string {
  return `${stem}-${createHash('sha256').update(graph).digest('hex').slice(0, 32)}.onnx`
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(ifGone<string[]>([]))
}

/** Answers instead when there is no such file or folder; any other failure is one. */
function ifGone<Answer>(answer: Answer): (cause: NodeJS.ErrnoException) => Answer {
  return (cause) => {
    if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR') return answer
    throw cause
  }
}

async function keyOf({ files, family, languages, frontEnd, decoding }: Manifest): Promise<string> {
  const sources = Object.values(files).map(({ sha256 }) => sha256).sort()
  const parts = [runtimeVersion, family, languages, frontEnd, decoding, sources]
  return createHash('sha256').update(JSON.stringify(parts)).update(await compilerFiles()).digest('hex').slice(0, 16)
}

/** The text of the compiler and of its architectures: a change to them is a new version. */
async function compilerFiles(): Promise<string> {
  const here = path.dirname(fileURLToPath(import.meta.url))
  const folders = [here, path.join(here, '../architectures')]
  const texts = await Promise.all(folders.map(async (folder) => {
    const names = (await readdir(folder)).filter((name) => /\.(js|ts)$/.test(name)).sort()
    return Promise.all(names.map((name) => readFile(path.join(folder, name), 'utf8')))
  }))
  return texts.flat().join('\n')
}
