/**
 * GET over https for files of gigabytes: what comes back is a stream, never followed to an address without TLS and
 * never decompressed.
 *
 * Proxy and certificates are those of the environment (HTTPS_PROXY, NO_PROXY, NODE_EXTRA_CA_CERTS) and of the user's
 * npm configuration (https-proxy, noproxy, cafile), as for packages; so are the longest silence (fetch-timeout) and the
 * number of attempts (fetch-retries). Nothing else of that configuration leaves the machine: no token of a registry,
 * no client certificate.
 */
import { readFileSync } from 'node:fs'
import { rootCertificates } from 'node:tls'
import { EnvHttpProxyAgent, request, type Dispatcher } from 'undici'
import { SpeechError } from '../../../domain/errors.js'

/** The hub redirects once or twice. */
const MOST_REDIRECTS = 5
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

export interface Answer {
  readonly status: number
  header(name: string): string | undefined
  readonly body: Dispatcher.ResponseData['body']
}

/** What is taken from npm's configuration. */
export interface NetworkConfig {
  readonly httpsProxy?: string | null | undefined
  readonly noProxy?: string | readonly string[] | undefined
  readonly ca?: string | Buffer | readonly (string | Buffer)[] | null | undefined
  /** Milliseconds. */
  readonly timeout?: number | undefined
}

export interface HttpsClient {
  /** From byte `offset` on, if the server can. Throws what the connection throws, and MODEL_FETCH_FAILED. */
  get(address: string, offset: number): Promise<Answer>
  close(): Promise<void>
}

export function openClient(npm: NetworkConfig, environment: NodeJS.ProcessEnv): HttpsClient {
  const ca = trusted(npm, environment)
  const timeout = npm.timeout ?? 0
  const dispatcher = agentFor({
    // An empty text and not undefined, with which the library would read the environment of the process.
    httpProxy: '',
    httpsProxy: npm.httpsProxy ?? environment.https_proxy ?? environment.HTTPS_PROXY ?? '',
    noProxy: noProxyOf(npm) ?? environment.no_proxy ?? environment.NO_PROXY ?? '',
    headersTimeout: timeout, bodyTimeout: timeout,
    ...ca !== undefined && { connect: { ca }, requestTls: { ca }, proxyTls: { ca } },
  })
  return {
    get: (address, offset) => follow(address, offset, dispatcher),
    close: () => dispatcher.destroy(),
  }
}

function agentFor(options: EnvHttpProxyAgent.Options): EnvHttpProxyAgent {
  try {
    return new EnvHttpProxyAgent(options)
  } catch (cause) {
    // Without the address: it may hold a password.
    throw new SpeechError('MODEL_FETCH_FAILED', 'the https proxy of the environment is not an address', { cause })
  }
}

function noProxyOf({ noProxy }: NetworkConfig): string | undefined {
  const text = [noProxy ?? ''].flat().join()
  return text === '' ? undefined : text
}

/**
 * Undefined for the certificates that Node trusts by itself, NODE_EXTRA_CA_CERTS included. npm's `cafile` would replace
 * all of them, so they are added.
 */
function trusted(
  { ca }: NetworkConfig, { NODE_EXTRA_CA_CERTS: file }: NodeJS.ProcessEnv,
): (string | Buffer)[] | undefined {
  const ofNpm = [ca ?? []].flat()
  if (ofNpm.length === 0) return undefined
  const extra = file === undefined || file === '' ? [] : [readFileSync(file, 'utf8')]
  return [...rootCertificates, ...extra, ...ofNpm]
}

async function follow(address: string, offset: number, dispatcher: Dispatcher): Promise<Answer> {
  const range = offset > 0 ? { range: `bytes=${offset}-` } : {}
  const headers = { 'user-agent': 'earshot', 'accept-encoding': 'identity', ...range }
  let url = new URL(address)
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    if (url.protocol !== 'https:') throw failed(`it redirects to ${url.origin}, which is not https`)
    const { statusCode: status, headers: received, body } = await request(url, { dispatcher, headers })
    const header = (name: string): string | undefined => [received[name]].flat()[0]
    if (!REDIRECTS.has(status)) return { status, header, body }
    await body.dump()
    const location = header('location')
    const isAddress = location !== undefined && URL.canParse(location, url.href)
    if (!isAddress) throw failed(`it answers ${status} without an address`)
    url = new URL(location, url)
  }
  throw failed(`it redirects more than ${MOST_REDIRECTS} times`)
}

function failed(problem: string): SpeechError {
  return new SpeechError('MODEL_FETCH_FAILED', problem)
}
