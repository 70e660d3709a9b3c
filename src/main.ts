/** Starts the service: settings, telemetry, recognition workers, server; and shuts it down without losing a request. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import closeWithGrace from 'close-with-grace'
import type { Logger } from 'pino'
import { AccessKeys } from './serving/access/keys.js'
import { loadCatalogue } from './search/catalogue/files.js'
import { CatalogueStore } from './search/catalogue/store.js'
import { deprecatedSettings, nearestSetting, readConfig, unknownSettings, type Config } from './config.js'
import { SpeechError } from './domain/errors.js'
import { openCollection } from './serving/http/collection/open-collection.js'
import type { ServedModel } from './serving/http/dependencies.js'
import { isLoopback } from './serving/http/browsers/hosts.js'
import { openDrift, openFeedback } from './serving/http/monitoring/open-monitoring.js'
import { LiveSessions } from './serving/http/live/live-sessions.js'
import { Uploads } from './serving/http/uploads.js'
import { modelDigest, originOf, readManifest, type Manifest } from './engine/manifest.js'
import { readModelCard } from './domain/model-card.js'
import { checkModels } from './recognition/checked-models.js'
import { projectRoot } from './domain/project-root.js'
import { openExternalSearchEngine } from './search/external-engine.js'
import { NO_MODEL } from './monitoring/metrics/definitions.js'
import { showCatalogues } from './monitoring/metrics/catalogue-metrics.js'
import { showKeys } from './monitoring/metrics/key-metrics.js'
import { Telemetry } from './monitoring/metrics/telemetry.js'
import { openLogger } from './serving/logger.js'
import { openLabelling } from './serving/labelling/labelling.js'
import { availableCores } from './serving/workers/cores.js'
import type { PoolEvents } from './serving/workers/pool-options.js'
import { WorkerPool } from './serving/workers/pool.js'
import { memoryLimitBytes } from './serving/workers/recycling.js'
import type { CheckedModels, LoadedModel } from './domain/worker-protocol.js'
import { welcome } from './serving/welcome.js'
import { workerSettings } from './serving/workers/worker-settings.js'

/** Time after the drain for workers to end, before the process exits anyway. */
const EXIT_AFTER_DRAIN_MS = 15_000
/** Of that, for clips that wait to be written. */
const COLLECTION_CLOSE_SECONDS = 8

const UNPROTECTED =
  'anyone who reaches this port may use every route, replace catalogues and read metrics: set EARSHOT_KEYS_FILE'

const { version } = JSON.parse(readFileSync(path.join(projectRoot, 'package.json'), 'utf8')) as { version: string }

try {
  await serve(readConfig(process.env, availableCores))
} catch (thrown) {
  // The message of a SpeechError explains the cause; any other error is a bug and needs its stack.
  const text = thrown instanceof SpeechError ? `${thrown.code}: ${thrown.message}` : (thrown as Error).stack
  process.stderr.write(`earshot: ${text ?? String(thrown)}\n`)
  process.exit(1)
}

async function serve(config: Config): Promise<void> {
  const logger = await openLogger(config, process.stdout.isTTY)
  warnOfSettings(logger)
  const { models, standard, loadable, checked } = await describeModels(config)
  const telemetry = new Telemetry(config.models, { version, revision: config.revision, node_version: process.version })
  const keys = await openKeys(config, telemetry, logger)
  const [uploads, sessions] = [new Uploads(config), new LiveSessions(config.liveSessions, telemetry.registry)]
  const pool = openPool(config, { loadable, checked }, poolEvents(loadable, telemetry, logger))
  telemetry.observeLive(() => ({
    queueLength: pool.queueLength,
    queueCapacity: config.queueJobs,
    requestsInProgress: uploads.requestsInProgress,
    uploadBytesHeld: uploads.bytesHeld,
    workers: pool.readiness().workers,
    requestsRunning: pool.runningJobs,
    workerResidentBytes: pool.residentBytes,
  }))
  const drift = await openDrift(config, standard, telemetry, logger)
  const feedback = openFeedback(config, drift, telemetry)
  const collection = await openCollection(config, telemetry, logger)
  const catalogues = new CatalogueStore(pool.phraseLists, config)
  catalogues.await(config.catalogues.map(({ name }) => name))
  showCatalogues(telemetry.registry, () => catalogues.list())
  // Workers load their models while this process loads the HTTP server.
  const started = pool.start()
  started.catch(() => undefined) // of interest below, once the port is open
  const searchEngine = openExternalSearchEngine(config)
  const { buildApp } = await import('./serving/http/app.js')
  const labelling = await openLabelling(config, collection?.clips)
  const app = await buildApp({
    config, keys, pool, telemetry, drift, uploads, sessions, feedback, collection, catalogues, searchEngine, logger,
    models, labelling,
  }, version)

  let closing = false
  const delay = config.drainSeconds * 1000 + EXIT_AFTER_DRAIN_MS
  closeWithGrace({ delay, logger: false }, async ({ signal, err }) => {
    closing = true
    if (err) logger.fatal({ err }, 'unexpected error')
    logger.info({ signal, requests: uploads.requestsInProgress, sessions: sessions.count }, 'draining')
    await Promise.all([uploads, sessions].map((one) => one.drain(config.drainSeconds)))
    await pool.close(0)
    await app.close()
    await collection?.close(COLLECTION_CLOSE_SECONDS)
    await drift.close()
    keys?.close()
    logger.info('closed')
  })

  // The port opens first: health and metrics respond while the models load.
  const { host, port, workers, threads, cascadeModel: cascade } = config
  const address = await app.listen({ host, port }).catch((cause: unknown) => { throw cannotListen(host, port, cause) })
  logger.info({ address, workers, threads, models: config.models, cascade }, 'listening')
  const loading = Promise.all([started, loadCatalogues(config, catalogues, logger)])
  await loading.catch((thrown: unknown) => { if (!closing) throw thrown })
  if (closing) return
  logger.info({ workers }, 'ready')
  welcome(address, config, UNPROTECTED)
}

function cannotListen(host: string, port: number, cause: unknown): SpeechError {
  const { code, message } = cause as NodeJS.ErrnoException
  const other = port % 65_535 + 1
  const detail = code === 'EADDRINUSE'
    ? `EARSHOT_PORT: port ${port} of ${host} is in use; choose another one, for example EARSHOT_PORT=${other}`
    : `EARSHOT_HOST and EARSHOT_PORT: cannot listen on ${host}:${port} (${message})`
  return new SpeechError('CONFIG_INVALID', detail, { cause })
}

function warnOfSettings(logger: Logger): void {
  for (const renamedSetting of deprecatedSettings()) logger.warn(renamedSetting, 'this name of a setting is deprecated')
  for (const name of unknownSettings()) {
    logger.warn({ setting: name, meant: nearestSetting(name) }, 'this setting is not known')
  }
}

interface DescribedModels {
  readonly models: readonly ServedModel[]
  /** The default one. */
  readonly standard: ServedModel
  /** All that workers load. */
  readonly loadable: readonly ServedModel[]
  readonly checked: CheckedModels
}

async function describeModels(config: Config): Promise<DescribedModels> {
  const { models: names, modelsDir, cascadeModel } = config
  const manifests = await Promise.all(names.map((name) => readManifest(modelsDir, name)))
  const larger = cascadeModel === undefined ? undefined : await readManifest(modelsDir, cascadeModel)
  const models = manifests.map((manifest, index) => asServed(modelsDir, manifest, index === 0 ? larger : undefined))
  const [standard] = models
  if (standard === undefined) throw new SpeechError('CONFIG_INVALID', 'EARSHOT_MODELS names no model')
  const further = larger === undefined || names.includes(larger.name) ? [] : [larger]
  const loadable = [...models, ...further.map((manifest) => asServed(modelsDir, manifest, undefined))]
  return { models, standard, loadable, checked: await checkModels(config, [...manifests, ...further]) }
}

/** Warns if the service can be reached from outside without a key. */
async function openKeys(config: Config, telemetry: Telemetry, logger: Logger): Promise<AccessKeys | undefined> {
  const { keysFile, host } = config
  if (keysFile === undefined) {
    if (!isLoopback(host)) logger.warn({ host }, UNPROTECTED)
    return undefined
  }
  const keys = await AccessKeys.open(keysFile, {
    onKeys(names) {
      telemetry.keys.setKeys(names)
      logger.info({ keys: names.length }, 'access keys read')
    },
    onStale(err) { logger.error({ err }, 'the access keys cannot be read; those that were read last stay in use') },
  })
  showKeys(telemetry.registry, keys)
  return keys
}

async function loadCatalogues(config: Config, store: CatalogueStore, logger: Logger): Promise<void> {
  for (const file of config.catalogues) {
    const { catalogue, compileSeconds } = await loadCatalogue(store, file, config.maxCatalogueBytes)
    const { version, entries } = catalogue
    logger.info({ catalogue: file.name, version, entries: entries.length, compileSeconds }, 'catalogue taken in')
  }
}

function openPool(
  config: Config, { loadable, checked }: Pick<DescribedModels, 'loadable' | 'checked'>, events: PoolEvents,
): WorkerPool {
  const modelBytes = loadable.reduce((sum, { bytes }) => sum + bytes, 0)
  return new WorkerPool({
    entry: new URL('./recognition/process/worker-process.js', import.meta.url),
    workers: config.workers, settings: workerSettings(config), checked, modelBytes,
    memoryLimitBytes: config.workerMemoryLimitBytes ?? memoryLimitBytes(modelBytes, config.maxAudioSeconds),
    queue: { jobs: config.queueJobs, audioSeconds: config.queueAudioSeconds },
    queueWaitSeconds: config.queueWaitSeconds, startSeconds: config.startSeconds, maxBatchSize: config.maxBatchSize,
    deadlineSeconds: config.deadlineSeconds, killAfterSeconds: config.killAfterSeconds, events,
  })
}

function poolEvents(models: readonly ServedModel[], telemetry: Telemetry, logger: Logger): PoolEvents {
  return {
    onWorkerReady(pid, seconds, loaded) {
      for (const model of loaded) recordModel(model, models, telemetry, logger)
      const running = loaded.map(({ name, provider, engine }) => `${name} on ${provider.provider}, ${engine.engine}`)
      logger.info({ worker: pid, seconds, models: running }, 'worker ready')
    },
    onWorkerReplaced(pid, reason, description) {
      telemetry.workerReplaced(reason)
      logger[reason === 'memory' ? 'warn' : 'error']({ worker: pid, reason, description }, 'worker replaced')
    },
    onWorkerNoise(pid, line) { logger.warn({ worker: pid, line }, 'worker wrote to standard error') },
    onRetry(pid) {
      telemetry.workerRetried()
      logger.warn({ worker: pid }, 'request retried on another worker')
    },
  }
}

function recordModel(
  { name, provider, engine, loadSeconds }: LoadedModel, models: readonly ServedModel[],
  telemetry: Telemetry, logger: Logger,
): void {
  const model = models.find((known) => known.name === name)
  if (model === undefined) throw new Error(`a worker loaded ${name}, which no setting names`)
  const refusedProviders = provider.refused.map((refused) => refused.provider)
  telemetry.modelLoaded({ ...model, engine: engine.engine, provider: provider.provider, refusedProviders, loadSeconds })
  for (const note of engine.notes) logger.info({ model: name, engine: engine.engine, note }, 'engine')
  for (const refused of provider.refused) {
    logger.warn({ model: name, ...refused, using: provider.provider }, 'execution provider not available')
  }
}

function asServed(modelsDir: string, manifest: Manifest, larger: Manifest | undefined): ServedModel {
  const { name, description, family, languages, licence, precision, parameters, limits } = manifest
  if (name === NO_MODEL) throw new SpeechError('MODEL_INVALID', `a model must not be called "${NO_MODEL}"`)
  const [files, digest] = [Object.values(manifest.files), modelDigest(manifest)]
  return {
    name, version: manifest.version, description, family, languages, licence, precision, parameters,
    clipSeconds: limits.clipSeconds,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    digest, card: readModelCard(modelsDir, { name, digest }), source: originOf(manifest),
    cascade: larger === undefined ? null : { model: larger.name, languages: larger.languages },
  }
}
