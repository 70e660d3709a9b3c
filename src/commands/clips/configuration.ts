/**
 * A digest of everything that the result of recognition depends on besides the clip: the settings of the workers, the
 * models with their manifests and calibrations, the code of the pipeline, the version of the runtime and the kind of
 * machine. A cached result with the same digest is the result that recognition would give.
 */
import { createHash } from 'node:crypto'
import { readFile, readdir } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Config } from '../../config.js'
import { runtimeVersion } from '../../engine/runtime/session.js'
import { workerSettings } from '../../serving/workers/worker-settings.js'
import { defaultModelOf } from '../command.js'
import { COMPILED, type Requested } from './recognize.js'

/** Version of the digest and of what is stored under it. */
const FORMAT = 1
/** Folders of src/ whose code decides what is recognized. */
const PIPELINE = ['audio', 'domain', 'engine', 'recognition', 'search']
const HEXADECIMAL_DIGITS = 32

/** `compiled`: the src/ that recognizes; `catalogue`: the content of one whose names bias the recognition. */
export async function configurationDigest(
  config: Config, requested: Requested = {}, { compiled = COMPILED, catalogue = Buffer.alloc(0) } = {},
): Promise<string> {
  const { modelsDir, models: _models, warmUpClip: _warmUpClip, ...settings } = workerSettings(config)
  const names = [defaultModelOf(config), config.cascadeModel ?? [], config.speechDetector].flat()
  const models = await Promise.all(names.map((name) => modelText(path.join(modelsDir, name))))
  const parts = { FORMAT, settings, names, models, requested, runtime: runtimeVersion, arch: process.arch }
  return createHash('sha256').update(JSON.stringify(parts)).update(catalogue)
    .update(await pipelineDigest(fileURLToPath(compiled))).digest('hex').slice(0, HEXADECIMAL_DIGITS)
}

/** Describes the model, and changes nothing. */
const MODEL_CARD = 'card.json'

/** The manifest has the checksums of the weights. */
async function modelText(folder: string): Promise<readonly string[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json') && name !== MODEL_CARD).sort()
  return Promise.all(names.map((name) => readFile(path.join(folder, name), 'utf8')))
}

async function pipelineDigest(root: string): Promise<string> {
  const hash = createHash('sha256')
  for (const folder of PIPELINE) {
    const files = (await readdir(path.join(root, folder), { recursive: true })).filter((name) => name.endsWith('.js'))
    for (const name of files.sort()) hash.update(name).update(await readFile(path.join(root, folder, name)))
  }
  return hash.digest('hex')
}
