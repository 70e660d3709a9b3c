/**
 * Weights from web servers: `url`, a folder with its mirrors, and `hub`, the Hugging Face hub at one commit. Each file
 * lands alone. The beginning of a file is kept when a download breaks off, and any server may continue it, because the
 * checksum says what the file is.
 */
import { rm } from 'node:fs/promises'
import { SpeechError } from '../../../domain/errors.js'
import type { HubSource, UrlSource } from '../../../engine/manifest-sources.js'
import { discard, download, type Patience } from './download.js'
import { adviceFor, placesIn, type FetchFrom } from './fetching.js'
import { openClient, type HttpsClient } from './https.js'
import { readNpmConfig } from './npm-config.js'
import { endPartial, landPartial, resumePartial, sizeOf, type Wanted } from './partials.js'

const HUB = 'https://huggingface.co'

export const fetchFrom: FetchFrom<UrlSource | HubSource> = async (source, findings, fetching) => {
  const places = placesIn(source, findings, fetching.name)
  const { environment } = fetching
  const folders = source.kind === 'hub' ? [hubFolder(source, environment)] : [source.url, ...source.mirrors ?? []]
  const npm = await readNpmConfig(environment)
  const client = openClient(npm, environment)
  const patience = patienceOf(npm)
  let bytes = 0
  try {
    for (const [index, finding] of findings.entries()) {
      const addresses = folders.map((folder) => new URL(places[index]!, folder).href)
      const wanted = { file: finding.file, ...finding.entry }
      await fetchFile(client, addresses, wanted, patience, (ofFile) => fetching.received(bytes + ofFile))
      fetching.landed(finding)
      bytes += finding.entry.bytes
    }
  } finally {
    await client.close()
  }
}

/** npm's `fetch-retries`, and `fetch-retry-mintimeout` up to a second, since a break is no overload. */
function patienceOf({ retry }: { readonly retry?: unknown }): Patience {
  const { retries = 0, minTimeout = 1_000 } = (retry ?? {}) as { retries?: number; minTimeout?: number }
  return { retries, pauseMs: Math.min(minTimeout, 1_000) }
}

/** HF_ENDPOINT replaces the address of the hub, as in its own tools: a mirror, or a proxy of the company. */
export function hubFolder({ repository, revision }: HubSource, { HF_ENDPOINT: endpoint }: NodeJS.ProcessEnv): string {
  const base = endpoint === undefined || endpoint === '' ? HUB : endpoint.replace(/\/+$/, '')
  if (!URL.canParse(base) || new URL(base).protocol !== 'https:') {
    throw new SpeechError('MODEL_FETCH_FAILED', 'HF_ENDPOINT is not an https address')
  }
  return `${base}/${repository}/resolve/${revision}/`
}

/** From the first address that has it. Throws what was wrong with each. */
async function fetchFile(
  client: HttpsClient, addresses: readonly string[], wanted: Wanted, patience: Patience,
  received: (bytes: number) => void,
): Promise<void> {
  const partial = await resumePartial(wanted).catch((cause: Error) => {
    throw explain(cause, addresses[0]!)
  })
  const failures: SpeechError[] = []
  try {
    for (const address of addresses) {
      try {
        return await fetchAndLand(client, address, partial, wanted, patience, received)
      } catch (cause) {
        failures.push(explain(cause, address))
      }
    }
  } finally {
    if (await sizeOf(partial) === 0) await rm(partial, { force: true })
    endPartial(partial)
  }
  const [first] = failures
  const isAltered = failures.every(({ code }) => code === 'MODEL_FILE_ALTERED')
  const code = isAltered ? 'MODEL_FILE_ALTERED' : 'MODEL_FETCH_FAILED'
  throw new SpeechError(code, failures.map(({ detail }) => detail).join('; '), { cause: first })
}

async function fetchAndLand(
  client: HttpsClient, address: string, partial: string, wanted: Wanted, patience: Patience,
  received: (bytes: number) => void,
): Promise<void> {
  const resumed = await sizeOf(partial) > 0
  await download(client, address, partial, wanted, patience, received)
  const fault = await landPartial(partial, wanted)
  if (fault === undefined) return
  await discard(partial)
  // The wrong bytes may be those of another server, which had sent the beginning.
  if (resumed) return fetchAndLand(client, address, partial, wanted, patience, received)
  throw new SpeechError('MODEL_FILE_ALTERED', fault)
}

function explain(cause: unknown, address: string): SpeechError {
  if (cause instanceof SpeechError) return new SpeechError(cause.code, `${address}: ${cause.detail}`, { cause })
  const { code, message } = cause as NodeJS.ErrnoException
  const named = code === undefined || message.includes(code) ? message : `${message} (${code})`
  const network = `${named}; a proxy belongs into HTTPS_PROXY, a certificate of your own into NODE_EXTRA_CA_CERTS`
  return new SpeechError('MODEL_FETCH_FAILED', `${address}: ${adviceFor(code) ?? network}`, { cause })
}
