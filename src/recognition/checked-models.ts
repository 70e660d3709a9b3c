/**
 * The files of models that say how they are run, read and checked by the server for its workers. The only file of
 * recognition/ that the server imports: it loads the library for schemas anyway, and a worker then does not.
 */
import type { CheckedModels } from '../domain/worker-protocol.js'
import { modelDigest, readDetectorManifest, type Manifest } from '../engine/manifest.js'
import { readCalibration, type Calibration } from './confidence/calibration.js'
import type { DetectionSettings } from './segmentation/load-detectors.js'

/** What a model is, and the calibration of its confidence; null without one. */
export interface CheckedModel { readonly manifest: Manifest; readonly calibration: Calibration | null }

/** Throws CONFIDENCE_INVALID. */
export async function checkModel(modelsDir: string, manifest: Manifest): Promise<CheckedModel> {
  const { name } = manifest
  return { manifest, calibration: await readCalibration(modelsDir, { name, digest: modelDigest(manifest) }) }
}

/** Of all models that a worker loads. Throws CONFIDENCE_INVALID, and MODEL_* for the neural detector. */
export async function checkModels(
  { modelsDir, speechDetection, speechDetector }: DetectionSettings, manifests: readonly Manifest[],
): Promise<CheckedModels> {
  const models = await Promise.all(manifests.map(async (manifest) =>
    [manifest.name, await checkModel(modelsDir, manifest)] as const))
  const detector = speechDetection === 'spectral' ? undefined : await readDetectorManifest(modelsDir, speechDetector)
  return { models: Object.fromEntries(models), detector }
}
