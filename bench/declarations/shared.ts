/** Options that many benches have. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { projectRoot } from '../../src/domain/project-root.js'
import { count, text } from '../harness/options.js'

export const DEFAULT_MODEL = 'moonshine-tiny-en'
export const LARGER_MODEL = 'whisper-small'
const DEVELOPMENT = '../shared/data/speech/manifest.jsonl'
const SYNTHETIC = 'fixtures/clips/manifest.jsonl'
/** The development clips where they are there, else the synthetic clips of the project. */
const PRESENT = path.join(projectRoot, existsSync(path.join(projectRoot, DEVELOPMENT)) ? DEVELOPMENT : SYNTHETIC)

export const MODEL = text('the model that is measured', DEFAULT_MODEL)
export const LARGER = text('the larger model', LARGER_MODEL)
/** A JSONL manifest; some benches call it `--clips`. */
export const MANIFEST = {
  ...text('recordings with their texts: a JSONL manifest, or a folder with one', PRESENT, 'FILE'),
  shown: existsSync(path.join(projectRoot, DEVELOPMENT)) ? DEVELOPMENT : SYNTHETIC,
}
export const LIMIT = count('clips of each source', Infinity)
export const WORKERS = count('workers of the service; 0: as many as it chooses', 0, 0)
export const SEED = count('another number draws others', 1)
/** Said of benches whose figures mean little on synthetic speech. */
export const SYNTHETIC_ONLY = 'a clone without recordings runs on the few synthetic clips of fixtures/clips: enough to '
  + 'see that the bench works, too little to judge anything'
