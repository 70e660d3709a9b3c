/**
 * An https server of files whose certificate only tests trust, a proxy that reaches it under any name, and a model
 * whose weights are fetched from it.
 */
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import { connect, type AddressInfo, type Server } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import type { Test } from 'tap'
import { runModels } from '../../../../src/commands/setup/models.js'
import { projectRoot } from '../../../../src/domain/project-root.js'

const TLS = path.join(projectRoot, 'fixtures/tls')
export const AUTHORITY = path.join(TLS, 'authority.pem')

export interface Asked {
  readonly host: string
  readonly path: string
  readonly range: string | undefined
  readonly headers: IncomingMessage['headers']
}
export type Handler = (request: IncomingMessage, response: ServerResponse, bytes: Buffer | undefined) => void

export interface WeightsServer {
  readonly port: number
  /** The address of its root, ending with a slash. */
  readonly address: string
  readonly files: Map<string, Buffer>
  readonly asked: Asked[]
  handler: Handler
  /** `GET /a /b bytes=5-` */
  log(): string[]
}

export async function startWeightsServer(t: Test): Promise<WeightsServer> {
  const [cert, key] = ['server.pem', 'server-key.pem'].map((name) => readFileSync(path.join(TLS, name)))
  const asked: Asked[] = []
  const files = new Map<string, Buffer>()
  const server = createServer({ cert: cert!, key: key! }, (request, response) => {
    const { host = '', range } = request.headers
    asked.push({ host, path: request.url!, range, headers: request.headers })
    kit.handler(request, response, files.get(request.url!))
  })
  const port = await listen(t, server)
  const kit: WeightsServer = {
    port, address: `https://localhost:${port}/`, files, asked, handler: serve,
    log: () => asked.map(({ path, range }) => range === undefined ? path : `${path} ${range}`),
  }
  return kit
}

/** As a server that can continue files. */
export const serve: Handler = (request, response, bytes) => {
  if (bytes === undefined) return void response.writeHead(404).end('there is no such file')
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
  if (from >= bytes.length) return void response.writeHead(416).end()
  if (from > 0) response.writeHead(206, { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` })
  response.end(bytes.subarray(from))
}

/** Sends the first `count` bytes of what is asked for, and closes the connection. */
export function breakAfter(count: number, next: Handler = serve): Handler {
  let broken = false
  return (request, response, bytes) => {
    if (broken || bytes === undefined) return next(request, response, bytes)
    broken = true
    response.writeHead(200, { 'content-length': bytes.length })
    response.write(bytes.subarray(0, count), () => setTimeout(() => response.destroy(), 50))
  }
}

export interface WebProxy { readonly address: string; readonly tunnels: string[]; readonly credentials: string[] }

/** Every tunnel ends at the server, whatever its name. */
export async function startProxy(t: Test, { port }: WeightsServer): Promise<WebProxy> {
  const proxy: { tunnels: string[]; credentials: string[] } = { tunnels: [], credentials: [] }
  const server = createHttpServer()
  server.on('connect', (request, socket) => {
    proxy.tunnels.push(request.url!)
    proxy.credentials.push(request.headers['proxy-authorization'] ?? '')
    const tunnel = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      tunnel.pipe(socket).pipe(tunnel)
    })
    for (const end of [tunnel, socket]) end.on('error', () => { tunnel.destroy(); socket.destroy() })
  })
  return { address: `http://127.0.0.1:${await listen(t, server)}`, ...proxy }
}

async function listen(t: Test, server: Server & { closeAllConnections?: () => void }): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => { server.closeAllConnections?.(); server.close() })
  return (server.address() as AddressInfo).port
}

export interface Ended { readonly exitCode: number; readonly printed: string }

export interface Model {
  readonly folder: string
  readonly modelsDir: string
  readonly environment: NodeJS.ProcessEnv
  readonly contents: Readonly<Record<string, Buffer>>
  run(...args: string[]): Promise<Ended>
  /** With variables of the environment besides. */
  runWith(settings: Readonly<Record<string, string>>, ...args: string[]): Promise<Ended>
  /** Names in the folder of the weights. */
  files(): string[]
  /** Whether every file has landed, and nothing besides. */
  isWhole(): boolean
}

/** A model with the sizes and checksums of `contents`, and with these fields in its manifest. */
export function makeModel(t: Test, fields: object, contents: Readonly<Record<string, Buffer>> = randomFiles()): Model {
  const home = mkdtempSync(path.join(os.tmpdir(), 'earshot-sources-'))
  t.teardown(() => rmSync(home, { recursive: true, force: true }))
  const modelsDir = path.join(home, 'models')
  const folder = path.join(modelsDir, 'tiny')
  mkdirSync(folder, { recursive: true })
  writeFileSync(path.join(folder, 'model.json'), JSON.stringify({ ...manifestOf(contents), ...fields }))
  const environment = {
    HOME: home, npm_config_cache: path.join(home, 'cache'), npm_config_userconfig: path.join(home, 'user.npmrc'),
    npm_config_registry: 'http://127.0.0.1:9/', npm_config_cafile: AUTHORITY,
    npm_config_fetch_retries: '0', npm_config_fetch_retry_mintimeout: '1',
    EARSHOT_MODELS_DIR: modelsDir, EARSHOT_MODELS: 'tiny', EARSHOT_SPEECH_DETECTION: 'spectral',
    EARSHOT_ENGINE: 'reference', // the weights are random bytes
  }
  const weights = path.join(folder, 'weights')
  const model: Model = {
    folder, modelsDir, environment, contents,
    run: (...args) => capture(() => runModels(args, environment)),
    runWith: (settings, ...args) => capture(() => runModels(args, { ...environment, ...settings })),
    files: () => existsSync(weights) ? readdirSync(weights).sort() : [],
    isWhole: () => model.files().join() === Object.keys(contents).map((key) => `${key}.bin`).sort().join()
      && Object.entries(contents).every(([key, bytes]) => readFileSync(path.join(weights, `${key}.bin`)).equals(bytes)),
  }
  return model
}

export function randomFiles(): Record<string, Buffer> {
  return { weights: randomBytes(300_000) }
}

/** Puts the files of a model at the paths that its manifest names below `folder` of the server. */
export function publish(server: WeightsServer, folder: string, { contents }: Model): void {
  for (const [key, bytes] of Object.entries(contents)) server.files.set(`/${folder}${key}.bin`, bytes)
}

/** What is left of an interrupted download. */
export function leavePartial({ folder, contents }: Model, key: string, bytes: Buffer, pid = 2 ** 30): string {
  const checksum = sha256(contents[key]!).slice(0, 16)
  const name = `${key}.bin.${checksum}.${pid}-0123abcd.partial`
  mkdirSync(path.join(folder, 'weights'), { recursive: true })
  writeFileSync(path.join(folder, 'weights', name), bytes)
  return name
}

export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function manifestOf(contents: Readonly<Record<string, Buffer>>): object {
  const files = Object.fromEntries(Object.entries(contents).map(([key, bytes]) =>
    [key, { path: `weights/${key}.bin`, from: `${key}.bin`, bytes: bytes.length, sha256: sha256(bytes) }]))
  return {
    name: 'tiny', version: '1.0.0', description: '', family: 'moonshine', languages: ['en'], licence: 'MIT',
    precision: 'int8', parameters: 1, files,
    frontEnd: { kind: 'waveform', sampleRate: 16_000, minSamples: 1 }, tokenizer: { kind: 'llama' },
    decoding: { startToken: 1, endToken: 2, tokensPerSecond: 6.5, maxTokens: 10 }, limits: { clipSeconds: 30 },
  }
}

/** Runs with console and stderr caught. */
export async function capture(work: () => Promise<number>): Promise<Ended> {
  const { log, error } = console
  const write = process.stderr.write
  let printed = ''
  console.log = console.error = (line: string) => { printed += `${line}\n` }
  process.stderr.write = (chunk: string | Uint8Array) => { printed += String(chunk); return true }
  try {
    return { exitCode: await work(), printed }
  } finally {
    Object.assign(console, { log, error })
    process.stderr.write = write
  }
}
