/** A real service that watches for drift, with a baseline made for its model, its settings and the traffic it will get. */
import { mkdtemp, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { makeBaseline } from '../../src/commands/baseline/make.js'
import { readConfig } from '../../src/config.js'
import { pipelineOf, type Baseline } from '../../src/monitoring/drift/baseline.js'
import type { BaselineClip } from '../../src/monitoring/drift/build-baseline.js'
import { modelDigest, readManifest } from '../../src/engine/manifest.js'
import { modelsDir } from '../recognizers.js'
import { startServer, type Server } from '../server.js'

/** As `npm run baseline` makes it, its check against itself included. */
export async function baselineFor(model: string, clips: readonly BaselineClip[]): Promise<Baseline> {
  const manifest = await readManifest(modelsDir, model)
  return makeBaseline({
    id: 'bench', provenance: 'traffic of the drift bench', clips, speakers: null, confidenceToWer: null, bins: undefined,
    model: { name: manifest.name, digest: modelDigest(manifest) },
    pipeline: pipelineOf(readConfig({ EARSHOT_MODELS: model })),
  }, new Date()).baseline
}

export async function writeBaseline(baseline: Baseline): Promise<string> {
  const file = path.join(await mkdtemp(path.join(os.tmpdir(), 'earshot-drift-')), 'baseline.json')
  await writeFile(file, JSON.stringify(baseline))
  return file
}

/** `baseline`: a file, or `off`. */
export function startWatched(model: string, baseline: string, workers: number): Promise<Server> {
  return startServer({ model, workers, settings: { EARSHOT_DRIFT_BASELINE: baseline } })
}
