/** The steps of the start of a recognition process: which models it loads, and the test that each has to pass. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { SpeechError } from '../../domain/errors.js'
import type { LoadedModel, WorkerSettings } from '../../domain/worker-protocol.js'
import { checkCascade, type Cascade } from '../cascade.js'
import { transcribe } from '../pipeline.js'
import type { Recognizer } from '../recognizer.js'
import type { SpeechDetectors } from '../segmentation/detector.js'

export function modelsToLoad({ models, cascadeModel }: WorkerSettings): string[] {
  return [...new Set(cascadeModel === undefined ? models : [...models, cascadeModel])]
}

export function describeModel(
  name: string, recognizer: Recognizer, notes: readonly string[], loadSeconds: number,
): LoadedModel {
  const { languages, provider, engine, timesWords } = recognizer
  return { name, languages, provider, engine: { engine, notes }, timesWords, loadSeconds }
}

export async function openCascade(
  recognizers: ReadonlyMap<string, Recognizer>, { models: [first = ''], cascadeModel, cascadeBelow }: WorkerSettings,
): Promise<Cascade | undefined> {
  if (cascadeModel === undefined) return undefined
  const [primary, larger] = [recognizers.get(first), recognizers.get(cascadeModel)]
  if (primary === undefined || larger === undefined) throw new Error('a model of the cascade is not loaded')
  checkCascade(primary, { recognizer: larger, below: cascadeBelow })
  // Both score transcripts; before the first clip that is escalated.
  for (const recognizer of [primary, larger]) await recognizer.openBeamSearch?.()
  return { recognizer: larger, below: cascadeBelow }
}

/** A model that recognizes nothing in a plain sentence is not ready, even if it loaded. */
export async function warmUp(
  recognizer: Recognizer, clip: Uint8Array, settings: WorkerSettings, detectors: SpeechDetectors,
): Promise<void> {
  const options = { ...settings, detectors, language: undefined, interrupt: () => undefined }
  const { text } = await transcribe(clip, recognizer, options)
  if (text !== '') return
  throw new SpeechError('MODEL_INVALID', `${recognizer.name} recognized nothing in the clip ${settings.warmUpClip}`)
}

/** The runtime has its own copy of the models: some 30 MB here that V8 would keep until it needs memory. */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  void (runInNewContext('gc') as () => void)()
}
