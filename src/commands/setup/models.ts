/**
 * `npm run models -- list | fetch [name…] | verify [name…] | remove name…`
 *
 * Without names, `fetch` takes the models that the service will load (EARSHOT_MODELS, EARSHOT_CASCADE_MODEL, a
 * detector) and `verify` those that are there. EARSHOT_MODELS_DIR chooses the directory.
 */
import { existsSync } from 'node:fs'
import path from 'node:path'
import type { Target } from '../../engine/compiler/graph.js'
import { targetFor } from '../../engine/compiler/target.js'
import { readConfig, type Config } from '../../config.js'
import { SpeechError } from '../../domain/errors.js'
import { listModels, readBundle, type Bundle, type Manifest } from '../../engine/manifest.js'
import { asksForHelp, printUsage } from '../command.js'
import { fetchFiles } from './fetch.js'
import { megabytes, startProgress } from './progress.js'
import {
  bringManifest, builtInModelsDir, inspectModel, lackOfRoom, removeWeights, requireRoom, stateOf, type Depth,
  type FileFinding,
} from './weights.js'

/** What `"unverified": true` in a manifest means. */
const UNVERIFIED = 'its checksum is a published one, and nobody of the project has run it'
const USAGE = 'npm run models -- list | fetch [name…] | verify [name…] | remove name…'

type Action = (names: readonly string[], modelsDir: string, environment: NodeJS.ProcessEnv) => Promise<number>

const ACTIONS: Readonly<Record<string, Action>> = {
  list,
  fetch: (names, modelsDir, environment) => fetchAll(names, modelsDir, environment, 'checksums'),
  /** As `fetch`, but trusting sizes: what every start of the service does. */
  ensure: (names, modelsDir, environment) => fetchAll(names, modelsDir, environment, 'sizes'),
  verify,
  remove,
}

/** Returns an exit code. Failures that we can explain are printed as a sentence. */
export async function runModels(
  args: readonly string[], environment: NodeJS.ProcessEnv = process.env,
): Promise<number> {
  if (asksForHelp(args)) return printUsage(USAGE)
  const [action = 'list', ...names] = args
  try {
    const act = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined
    if (act === undefined) throw new SpeechError('CONFIG_INVALID', `expected ${USAGE}, not "${action}"`)
    return await act(names, readConfig(environment).modelsDir, environment)
  } catch (thrown) {
    if (!(thrown instanceof SpeechError)) throw thrown
    console.error(`earshot: ${thrown.message}`)
    return 1
  }
}

async function list(_names: readonly string[], modelsDir: string): Promise<number> {
  const header = ['name', 'family', 'languages', 'licence', 'size', 'state']
  const rows = [header]
  for (const name of await knownModels(modelsDir)) {
    const manifest = await manifestOf(modelsDir, name)
    const findings = await inspectModel(modelsDir, manifest, 'sizes')
    const size = megabytes(bytesOf(findings))
    const state = manifest.unverified === true ? `${stateOf(findings)}, unverified` : stateOf(findings)
    rows.push([name, manifest.family, languagesOf(manifest), manifest.licence, size, state])
  }
  const widths = header.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  for (const row of rows) console.log(row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd())
  return 0
}

async function fetchAll(
  names: readonly string[], modelsDir: string, environment: NodeJS.ProcessEnv, depth: Depth,
): Promise<number> {
  for (const name of names.length > 0 ? names : servedBundles(readConfig(environment))) {
    await bringManifest(modelsDir, name)
    const manifest = await readBundle(modelsDir, name)
    const lacking = (await inspectModel(modelsDir, manifest, depth)).filter(({ state }) => state !== 'ready')
    if (lacking.length > 0) await fetchModel(manifest, lacking, modelsDir, environment)
    await compile(manifest, modelsDir, environment)
    if (lacking.length > 0) continue
    if (depth === 'checksums') console.error(`earshot: ${name} is there, checksums are right`)
  }
  return 0
}

/** In the order of their need: the first request for times, alternatives or phrases would wait for the later ones. */
const GRAPHS = ['encoder', 'greedy', 'align', 'steps'] as const

/** What is done instead of writing graphs, and why. */
class NotWritten extends Error {
  static asPublished({ name }: Bundle, reason: string): NotWritten {
    return new NotWritten(`${name} runs as it was published: ${reason}`)
  }

  static withoutPlace({ name }: Bundle, reason: string): NotWritten {
    return new NotWritten(`${name} is compiled whenever it is loaded, which takes seconds: ${reason}`)
  }
}

/**
 * Writes the graphs for this machine where there are none. A model that the compiler does not know is served as it was
 * published. Where there is no place for graphs, each worker compiles when it starts, which is slower and no failure.
 */
async function compile(manifest: Bundle, modelsDir: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const { engine, executionProviders, matrices } = readConfig(environment)
  if (manifest.purpose !== 'recognition' || engine === 'reference') return
  const { name } = manifest
  const target = targetFor(executionProviders[0] ?? 'cpu', matrices)
  try {
    const seconds = await compileGraphs(manifest, modelsDir, target)
    if (seconds > 0) console.error(`earshot: ${name} is compiled for this machine (${seconds.toFixed(1)} s)`)
  } catch (thrown) {
    if (!(thrown instanceof NotWritten)) throw thrown
    console.error(`earshot: ${thrown.message}`)
  }
}

/** Seconds that it took; 0 where all graphs are there. Throws NotWritten. */
async function compileGraphs(manifest: Manifest, modelsDir: string, target: Target): Promise<number> {
  const { bytesOfGraph, compiledGraph, folderOfGraphs } = await import('../../engine/compiler/cache.js')
  const folder = folderOfGraphs(modelsDir, manifest)
  let seconds = 0
  for (const [index, kind] of GRAPHS.entries()) {
    const bytes = GRAPHS.slice(index).reduce((sum, one) => sum + bytesOfGraph(manifest, target, one), 0)
    const compiled = await compiledGraph(modelsDir, manifest, target, kind, async () => {
      const lack = await lackOfRoom(folder, `the compiled ${manifest.name}`, bytes)
      if (lack !== undefined) throw NotWritten.withoutPlace(manifest, lack.problem)
      if (seconds === 0) console.error(`earshot: compiling ${manifest.name} for this machine`)
    })
    if ('reason' in compiled) {
      // Some models have no graphs of the later kinds.
      if (kind === 'encoder' || kind === 'greedy') throw NotWritten.asPublished(manifest, compiled.reason)
      continue
    }
    if (compiled.notKept !== undefined) throw NotWritten.withoutPlace(manifest, compiled.notKept)
    seconds += compiled.compileSeconds ?? 0
  }
  return seconds
}

/** What the service will load. */
function servedBundles({ models, cascadeModel, speechDetection, speechDetector }: Config): readonly string[] {
  const recognizers = cascadeModel === undefined ? models : [...new Set([...models, cascadeModel])]
  return speechDetection === 'spectral' ? recognizers : [...recognizers, speechDetector]
}

async function fetchModel(
  manifest: Bundle, lacking: readonly FileFinding[], modelsDir: string, environment: NodeJS.ProcessEnv,
): Promise<void> {
  const { name, unverified = false } = manifest
  if (unverified) console.error(`earshot: ${name} is unverified: ${UNVERIFIED}`)
  await requireRoom(path.join(modelsDir, name), name, bytesOf(lacking))
  const progress = startProgress(name, bytesOf(lacking))
  const failed = (sentence: string): void => {
    progress.end()
    console.error(`earshot: ${sentence}`)
  }
  try {
    await fetchFiles(manifest, lacking, path.join(modelsDir, name), environment, { received: progress.update, failed })
  } finally {
    progress.end()
  }
  console.error(`earshot: ${name} is ready, checksums are right`)
}

async function verify(names: readonly string[], modelsDir: string): Promise<number> {
  let faults = 0
  for (const name of names.length > 0 ? names : await knownModels(modelsDir)) {
    const manifest = await manifestOf(modelsDir, name)
    const findings = await inspectModel(modelsDir, manifest, 'checksums')
    if (names.length === 0 && stateOf(findings) === 'missing') continue
    const wrong = findings.filter(({ state }) => state !== 'ready')
    for (const { file, state, detail } of wrong) console.error(`earshot: ${name}: ${file} is ${state}: ${detail}`)
    if (wrong.length === 0) console.log(`${name}: all ${findings.length} files are right`)
    faults += wrong.length
  }
  if (faults > 0) console.error('earshot: "npm run models -- fetch <name>" replaces what is not right')
  return faults === 0 ? 0 : 1
}

async function remove(names: readonly string[], modelsDir: string): Promise<number> {
  if (names.length === 0) {
    throw new SpeechError('CONFIG_INVALID', `expected the names of the models to remove: ${USAGE}`)
  }
  for (const name of names) {
    await removeWeights(modelsDir, name, await inspectModel(modelsDir, await readBundle(modelsDir, name), 'sizes'))
    console.error(`earshot: the weights of ${name} are removed`)
  }
  return 0
}

/** Those of the directory, and ours, which `fetch` would bring there. */
async function knownModels(modelsDir: string): Promise<string[]> {
  const there = existsSync(modelsDir) ? await listModels(modelsDir) : []
  return [...new Set([...there, ...await listModels(builtInModelsDir)])].sort()
}

async function manifestOf(modelsDir: string, name: string): Promise<Bundle> {
  const there = existsSync(modelsDir) ? await listModels(modelsDir) : []
  return readBundle(there.includes(name) ? modelsDir : builtInModelsDir, name)
}

function bytesOf(findings: readonly FileFinding[]): number {
  return findings.reduce((sum, { entry }) => sum + entry.bytes, 0)
}

function languagesOf(bundle: Bundle): string {
  if (bundle.purpose !== 'recognition') return 'any'
  const { languages } = bundle
  return languages.length > 3 ? `${languages.length} languages` : languages.join(' ')
}
