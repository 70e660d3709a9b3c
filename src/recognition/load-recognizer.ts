/**
 * The name of a model → a recognizer on the requested engine, and notes for the log.
 *
 * The compiled graph is read from the folder of the weights, or compiled now. A model that the compiler does not
 * support runs on its published graphs, with a note.
 */
import type { Engine, MatrixChoice } from '../domain/choices.js'
import { SpeechError } from '../domain/errors.js'
import { compiledGraph, type Compiled } from '../engine/compiler/cache.js'
import { targetFor } from '../engine/compiler/target.js'
import {
  hasPublishedGraphs, modelDigest, openModelFiles, readManifest, type Manifest, type ModelFiles,
} from '../engine/manifest.js'
import { sessionOpener, type OpenSession } from '../engine/runtime/session.js'
import type { CheckedModel } from './checked-models.js'
import { loadRecognizer, type CompiledGraphs, type Recognizer } from './recognizer.js'

export interface EngineSettings {
  readonly modelsDir: string
  readonly engine: Engine
  readonly matrices: MatrixChoice
  readonly executionProviders: readonly string[]
  readonly executionProvidersStrict: boolean
  readonly threads: number
  /** Of the encoder, for a clip that has the machine to itself; default: `threads`. */
  readonly idleThreads?: number
}

/** Largest encoder that is opened twice. */
const MOST_WIDE_BYTES = 40e6

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
  provider: string, manifest: Manifest, settings: EngineSettings, open: OpenSession,
): Promise<LoadedRecognizer> {
  const { modelsDir, engine, matrices } = settings
  const files = openModelFiles(modelsDir, manifest)
  if (engine === 'reference') return { recognizer: await loadPublished(manifest, files, open), notes: [] }
  const target = targetFor(provider, matrices)
  const found = []
  for (const kind of ['encoder', 'greedy'] as const) {
    const compiled = await compiledGraph(modelsDir, manifest, target, kind)
    if ('reason' in compiled) {
      const notes = [`not compiled: ${compiled.reason}`]
      return { recognizer: await loadPublished(manifest, files, open, compiled.reason), notes }
    }
    found.push(compiled)
  }
  const [encoder, greedy] = found as [Compiled, Compiled]
  const compileSeconds = found.reduce((sum, one) => sum + (one.compileSeconds ?? 0), 0)
  const notKept = found.find((one) => one.notKept !== undefined)?.notKept
  const notes = [
    ...compileSeconds === 0 ? [] : [`compiled in ${compileSeconds.toFixed(1)} s`],
    ...notKept === undefined ? [] : [`the compiled graph could not be kept: ${notKept}`],
  ]
  const further = async (entrance: 'encoder' | 'steps' | 'align'): Promise<Uint8Array> => {
    const found = await compiledGraph(modelsDir, manifest, target, entrance)
    if ('reason' in found) throw new SpeechError('MODEL_INVALID', `${manifest.name}: ${found.reason}`)
    return found.graph
  }
  const graphs: CompiledGraphs = {
    encoder: encoder.graph, greedy: greedy.graph, further, openWide: wideOpener(provider, encoder.graph, settings),
  }
  return { recognizer: await loadRecognizer(manifest, files, open, graphs), notes }
}

/** A second encoder takes the memory of its weights, so there is none of a large model. */
function wideOpener(
  provider: string, { byteLength }: Uint8Array, { threads, idleThreads = threads }: EngineSettings,
): OpenSession | undefined {
  if (provider !== 'cpu' || idleThreads <= threads || byteLength > MOST_WIDE_BYTES) return undefined
  return sessionOpener({ providers: ['cpu'], strict: true, threads: idleThreads })
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
