/**
 * `npm run models -- list | fetch [name…] | verify [name…] | remove name…`
 *
 * Without names, `fetch` takes the models that the service will load (EARSHOT_MODELS, EARSHOT_CASCADE_MODEL, a
 * detector) and `verify` those that are there. EARSHOT_MODELS_DIR chooses the directory.
 */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { targetFor } from '../../engine/compiler/target.js'
import { readConfig, type Config } from '../../config.js'
import { SpeechError } from '../../domain/errors.js'
import { listModels, readBundle, type Bundle } from '../../engine/manifest.js'
import { asksForHelp, printUsage } from '../command.js'
import { fetchFiles } from './fetch.js'
import { megabytes, startProgress } from './progress.js'
import {
  bringManifest, builtInModelsDir, inspectModel, removeWeights, requireRoom, stateOf, type Depth, type FileFinding,
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

/**
 * Writes the graphs for this machine where there are none. A model that the compiler does not know is served as it was
 * published.
 */
async function compile(manifest: Bundle, modelsDir: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const { engine, executionProviders, matrices } = readConfig(environment)
  if (manifest.purpose !== 'recognition' || engine === 'reference') return
  const { compiledGraph } = await import('../../engine/compiler/cache.js')
  const target = targetFor(executionProviders[0] ?? 'cpu', matrices)
  const begins = (): void => { console.error(`earshot: compiling ${manifest.name} for this machine`) }
  const compiled = await compiledGraph(modelsDir, manifest, target, 'greedy', begins)
  if ('reason' in compiled) {
    console.error(`earshot: ${manifest.name} runs as it was published: ${compiled.reason}`)
    return
  }
  const all = [compiled]
  // The first request for times of words, for alternatives or with phrases would wait for these.
  for (const kind of ['align', 'steps'] as const) {
    const further = await compiledGraph(modelsDir, manifest, target, kind)
    if (!('reason' in further)) all.push(further)
  }
  const seconds = all.reduce((sum, { compileSeconds = 0 }) => sum + compileSeconds, 0)
  const notKept = all.find((one) => one.notKept !== undefined)?.notKept
  if (seconds === 0) return
  const but = notKept === undefined ? '' : `, but the graph could not be kept: ${notKept}`
  console.error(`earshot: ${manifest.name} is compiled for this machine (${seconds.toFixed(1)} s)${but}`)
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
