/**
 * The name of a model → a recognizer on the requested engine, and notes for the log.
 *
 * The compiled graph is read from the folder of the weights, or compiled now. A model that the compiler does not
 * support runs on its published graphs, with a note.
 */
import type { Engine, MatrixChoice } from '../domain/choices.js'
import { SpeechError } from '../domain/errors.js'
import { compiledGraph } from '../engine/compiler/cache.js'
import { targetFor } from '../engine/compiler/target.js'
import {
  hasPublishedGraphs, modelDigest, openModelFiles, readManifest, type Manifest, type ModelFiles,
} from '../engine/manifest.js'
import { sessionOpener, type OpenSession } from '../engine/runtime/session.js'
import type { CheckedModel } from './checked-models.js'
import { loadRecognizer, type Recognizer } from './recognizer.js'

export interface EngineSettings {
  readonly modelsDir: string
  readonly engine: Engine
  readonly matrices: MatrixChoice
  readonly executionProviders: readonly string[]
  readonly executionProvidersStrict: boolean
  readonly threads: number
}

export interface LoadedRecognizer { readonly recognizer: Recognizer; readonly notes: readonly string[] }

/** `checked`: the files of the model, where the server has read them. */
export async function loadModel(
  name: string, settings: EngineSettings, checked?: CheckedModel,
): Promise<LoadedRecognizer> {
  const { manifest, calibration } = checked ?? await readChecked(settings.modelsDir, name)
  const { recognizer, notes } = await loadOnBestProvider(manifest, settings)
  return { recognizer: { ...recognizer, calibration, digest: modelDigest(manifest) }, notes }
}

async function readChecked(modelsDir: string, name: string): Promise<CheckedModel> {
  // Imported here, like the check of manifests: a worker that gets checked files loads no library for schemas.
  const { checkModel } = await import('./checked-models.js')
  return checkModel(modelsDir, await readManifest(modelsDir, name))
}

/** A graph compiled for an accelerator is of no use on the CPU: when no accelerator can be used, another is loaded. */
async function loadOnBestProvider(manifest: Manifest, settings: EngineSettings): Promise<LoadedRecognizer> {
  const { executionProviders: providers, executionProvidersStrict: strict, threads } = settings
  const open = sessionOpener({ providers, strict, threads })
  const first = await loadOnProvider(providers[0]!, manifest, settings, open)
  const { engine, provider: { provider } } = first.recognizer
  if (engine === 'reference' || provider === providers[0]) return first
  await first.recognizer.dispose()
  return loadOnProvider(provider, manifest, settings, open)
}

async function loadOnProvider(
  provider: string, manifest: Manifest, { modelsDir, engine, matrices }: EngineSettings, open: OpenSession,
): Promise<LoadedRecognizer> {
  const files = openModelFiles(modelsDir, manifest)
  if (engine === 'reference') return { recognizer: await loadPublished(manifest, files, open), notes: [] }
  const target = targetFor(provider, matrices)
  const compiled = await compiledGraph(modelsDir, manifest, target)
  if ('reason' in compiled) {
    const notes = [`not compiled: ${compiled.reason}`]
    return { recognizer: await loadPublished(manifest, files, open, compiled.reason), notes }
  }
  const { graph, compileSeconds, notKept } = compiled
  const notes = [
    ...compileSeconds === undefined ? [] : [`compiled in ${compileSeconds.toFixed(1)} s`],
    ...notKept === undefined ? [] : [`the compiled graph could not be kept: ${notKept}`],
  ]
  const further = async (entrance: 'steps' | 'align'): Promise<Uint8Array> => {
    const found = await compiledGraph(modelsDir, manifest, target, entrance)
    if ('reason' in found) throw new SpeechError('MODEL_INVALID', `${manifest.name}: ${found.reason}`)
    return found.graph
  }
  return { recognizer: await loadRecognizer(manifest, files, open, { greedy: graph, further }), notes }
}

/** Throws MODEL_INVALID for a model that has no published graphs; `reason`: why it cannot be compiled. */
async function loadPublished(
  manifest: Manifest, files: ModelFiles, open: OpenSession, reason?: string,
): Promise<Recognizer> {
  if (hasPublishedGraphs(manifest)) return loadRecognizer(manifest, files, open)
  const problem = reason === undefined
    ? 'it comes as weights alone and runs only with EARSHOT_ENGINE=compiled'
    : `it comes as weights alone, and cannot be compiled: ${reason}`
  throw new SpeechError('MODEL_INVALID', `${manifest.name}: ${problem}`)
}
