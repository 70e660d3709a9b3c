/** What the server reads of the models for its workers. */
import path from 'node:path'
import t from 'tap'
import { projectRoot } from '../../src/domain/project-root.js'
import { modelDigest, readDetectorManifest, readManifest } from '../../src/engine/manifest.js'
import { checkModels } from '../../src/recognition/checked-models.js'
import { readCalibration } from '../../src/recognition/confidence/calibration.js'

const modelsDir = path.join(projectRoot, 'models')
const [NAME, DETECTOR] = ['moonshine-tiny-en', 'silero-vad']

t.test('manifests, calibrations and the detector survive the way to a worker', async (t) => {
  const manifest = await readManifest(modelsDir, NAME)
  const calibration = await readCalibration(modelsDir, { name: NAME, digest: modelDigest(manifest) })
  const settings = { modelsDir, speechDetection: 'both', speechDetector: DETECTOR } as const
  const checked = structuredClone(await checkModels(settings, [manifest]))
  t.same(checked, {
    models: { [NAME]: { manifest, calibration } }, detector: await readDetectorManifest(modelsDir, DETECTOR),
  })
  t.ok(calibration)
})

t.test('a detector that is not used need not be there', async (t) => {
  const settings = { modelsDir, speechDetection: 'spectral', speechDetector: 'no-such-model' } as const
  t.same(await checkModels(settings, []), { models: {}, detector: undefined })
  await t.rejects(checkModels({ ...settings, speechDetection: 'both' }, []), { code: 'MODEL_FILE_MISSING' })
})
