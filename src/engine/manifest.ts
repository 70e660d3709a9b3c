/**
 * models/<name>/model.json: what a model is, where its weights come from, and how they are fed.
 *
 * Manifests are checked when they are read (manifest-check.ts) and trusted everywhere else. Weights are returned only
 * after their SHA-256 was compared, as the very bytes that were hashed: a half-fetched or altered file is never loaded.
 */
import { createHash } from 'node:crypto'
import { createReadStream, existsSync, readdirSync } from 'node:fs'
import { readFile, readdir } from 'node:fs/promises'
import path from 'node:path'
import { SpeechError } from '../domain/errors.js'
import { nearestName } from '../domain/nearest-name.js'
import type { Bundle, DetectorManifest, EncoderDecoderDecoding, Manifest } from './manifest-schema.js'
import { nameOfSource, sourcesOf } from './manifest-sources.js'

export type {
  Bundle, CtcDecoding, DetectorManifest, EncoderDecoderDecoding, LogMelSpec, Manifest, TokenizerSpec,
} from './manifest-schema.js'

/** Reads a file of the model by its key in `files` and verifies it. Throws MODEL_FILE_MISSING or MODEL_FILE_ALTERED. */
export interface ModelFiles {
  read(key: string): Promise<Uint8Array>
  /** The first bytes alone; the whole file is verified, without holding it in memory. */
  readBeginning(key: string, maxBytes: number): Promise<Uint8Array>
}

/** How an encoder-decoder model decodes. Throws MODEL_INVALID for a model of another kind. */
export function encoderDecoderOf({ name, decoding }: Pick<Manifest, 'name' | 'decoding'>): EncoderDecoderDecoding {
  if (decoding.kind === 'encoder-decoder') return decoding
  const problem = `"decoding" must be of the kind encoder-decoder, not ${decoding.kind}`
  throw new SpeechError('MODEL_INVALID', `${name}: ${problem}`)
}

/** False for a model that comes as a file of weights alone, which only the compiler can read. */
export function hasPublishedGraphs({ files }: Pick<Manifest, 'files'>): boolean {
  return files.weights === undefined
}

/** The manifest of a recognizer. Throws MODEL_INVALID for one of a detector. */
export async function readManifest(modelsDir: string, name: string): Promise<Manifest> {
  const bundle = await readBundle(modelsDir, name)
  if (bundle.purpose === 'recognition') return bundle
  throw new SpeechError('MODEL_INVALID', `${name} is a speech detector, not a recognizer`)
}

/** The manifest of a detector. Throws MODEL_INVALID for one of a recognizer. */
export async function readDetectorManifest(modelsDir: string, name: string): Promise<DetectorManifest> {
  const bundle = await readBundle(modelsDir, name)
  if (bundle.purpose === 'speech-detection') return bundle
  throw new SpeechError('MODEL_INVALID', `${name} is a recognizer, not a speech detector`)
}

export async function readBundle(modelsDir: string, name: string): Promise<Bundle> {
  const file = path.join(modelsDir, name, 'model.json')
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new SpeechError('MODEL_FILE_MISSING', `${file}; ${adviceFor(name, modelsDir)}`, { cause })
  })
  // Checking a schema takes a library of 700 modules, which a worker that gets its manifests checked does without.
  const { parseManifest } = await import('./manifest-check.js')
  const manifest = parseManifest(text, file)
  if (manifest.name === name) return manifest
  throw new SpeechError('MODEL_INVALID', `${file} has the name "${manifest.name}", and its folder is "${name}"`)
}

/** The model that was probably meant, or those that there are. */
function adviceFor(name: string, modelsDir: string): string {
  if (!existsSync(modelsDir)) return `the folder ${modelsDir} does not exist`
  const names = readdirSync(modelsDir).filter((one) => existsSync(path.join(modelsDir, one, 'model.json'))).sort()
  const meant = nearestName(name, names)
  return meant === undefined ? `${modelsDir} has ${names.join(', ') || 'no model'}` : `did you mean ${meant}?`
}

/** Names of the models of a directory: its folders that hold a model.json. */
export async function listModels(modelsDir: string): Promise<string[]> {
  const entries = await readdir(modelsDir, { withFileTypes: true })
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  const hasManifest = async (name: string): Promise<boolean> =>
    (await readdir(path.join(modelsDir, name))).includes('model.json')
  const found = await Promise.all(folders.map(hasManifest))
  return folders.filter((_, index) => found[index]).sort()
}

/** Files as their manifest promises them: `<modelsDir>/<name>/<path>`. */
export function openModelFiles(modelsDir: string, manifest: Bundle): ModelFiles {
  const entryOf = (key: string): Bundle['files'][string] & { readonly file: string } => {
    const entry = manifest.files[key]
    if (entry !== undefined) return { ...entry, file: path.join(modelsDir, manifest.name, entry.path) }
    throw new SpeechError('MODEL_INVALID', `${manifest.name} has no file "${key}" in its manifest`)
  }
  const missing = (file: string) => (cause: unknown): never => {
    const remedy = `"npm run models -- fetch ${manifest.name}" fetches it`
    throw new SpeechError('MODEL_FILE_MISSING', `${file}; ${remedy}`, { cause })
  }
  return {
    async read(key) {
      const entry = entryOf(key)
      const bytes = await readFile(entry.file).catch(missing(entry.file))
      compare(entry, createHash('sha256').update(bytes).digest('hex'), bytes.byteLength)
      return bytes
    },
    async readBeginning(key, maxBytes) {
      const entry = entryOf(key)
      const hash = createHash('sha256')
      const kept: Uint8Array[] = []
      let length = 0
      const take = async (): Promise<void> => {
        for await (const chunk of createReadStream(entry.file) as AsyncIterable<Uint8Array>) {
          if (length < maxBytes) kept.push(chunk.subarray(0, maxBytes - length))
          hash.update(chunk)
          length += chunk.byteLength
        }
      }
      await take().catch(missing(entry.file))
      compare(entry, hash.digest('hex'), length)
      return Buffer.concat(kept)
    },
  }
}

function compare(
  { file, sha256, bytes }: { readonly file: string; readonly sha256: string; readonly bytes: number },
  found: string, length: number,
): void {
  if (found === sha256) return
  const difference = `expected sha256 ${sha256}, found ${found} (${length} of ${bytes} bytes)`
  throw new SpeechError('MODEL_FILE_ALTERED', `${file}: ${difference}`)
}

/** Where its weights come from first: a package, a repository, an address, or `local`. */
export function originOf(manifest: Pick<Bundle, 'source' | 'sources'>): string {
  const [first] = sourcesOf(manifest)
  return first === undefined ? 'local' : nameOfSource(first)
}

/** A short name for exactly these files: the first 12 hexadecimal digits of the SHA-256 over their checksums. */
export function modelDigest({ files }: Pick<Manifest, 'files'>): string {
  return createHash('sha256').update(Object.values(files).map(({ sha256 }) => sha256).join()).digest('hex').slice(0, 12)
}
