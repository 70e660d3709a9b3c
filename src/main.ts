/** Starts the process: settings, telemetry, recognition workers, server; and ends it without losing a request. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import closeWithGrace from 'close-with-grace'
import { pino, type Logger } from 'pino'
import { AccessKeys } from './serving/access/keys.js'
import { loadCatalogue } from './search/catalogue/files.js'
import { CatalogueStore } from './search/catalogue/store.js'
import { deprecatedSettings, readConfig, unknownSettings, type Config } from './config.js'
import { pipelineOf, unmonitoredFeatures } from './monitoring/drift/baseline.js'
import { DriftWatch } from './monitoring/drift/watch.js'
import { SpeechError } from './domain/errors.js'
import { Feedback } from './monitoring/feedback/feedback.js'
import { buildApp } from './serving/http/app.js'
import type { ServedModel } from './serving/http/dependencies.js'
import { isLoopback } from './serving/http/browsers/hosts.js'
import { Uploads } from './serving/http/uploads.js'
import { modelDigest, readManifest, type Manifest } from './engine/manifest.js'
import { projectRoot } from './domain/project-root.js'
import { openSearchEngine } from './search/external-engine.js'
import { NO_MODEL } from './monitoring/metrics/catalog.js'
import { showCatalogues } from './monitoring/metrics/catalogue-metrics.js'
import { showKeys } from './monitoring/metrics/key-metrics.js'
import { countAlarm, exposeDrift } from './monitoring/metrics/drift-metrics.js'
import { feedbackCounters, showConcepts } from './monitoring/metrics/feedback-metrics.js'
import { Telemetry } from './monitoring/metrics/telemetry.js'
import { availableCores } from './serving/workers/cores.js'
import type { PoolEvents } from './serving/workers/pool-options.js'
import { WorkerPool } from './serving/workers/pool.js'
import type { LoadedModel } from './domain/worker-protocol.js'
import { workerSettings } from './serving/workers/worker-settings.js'

/** Time beyond the drain for workers to leave, before the process goes regardless. */
const LAST_RESORT_MS = 15_000

const UNPROTECTED = 'anyone who reaches this port may use every route, replace catalogues and read metrics: set EARSHOT_KEYS_FILE'

const version = (JSON.parse(readFileSync(path.join(projectRoot, 'package.json'), 'utf8')) as { version: string }).version

try {
  await serve(readConfig(process.env, availableCores))
} catch (thrown) {
  // An error of our table explains itself; anything else is a bug and keeps its stack.
  process.stderr.write(`earshot: ${thrown instanceof SpeechError ? `${thrown.code}: ${thrown.message}` : (thrown as Error).stack ?? String(thrown)}\n`)
  process.exit(1)
}

async function serve(config: Config): Promise<void> {
  const logger = pino({ level: config.logLevel, base: { service: 'earshot' }, timestamp: pino.stdTimeFunctions.isoTime })
  for (const renamedSetting of deprecatedSettings()) logger.warn(renamedSetting, 'this name of a setting is deprecated')
  for (const name of unknownSettings()) logger.warn({ setting: name }, 'this setting is not known')
  const manifests = await Promise.all(config.models.map((name) => readManifest(config.modelsDir, name)))
  const larger = config.cascadeModel === undefined ? undefined : await readManifest(config.modelsDir, config.cascadeModel)
  const models = manifests.map((manifest, index) => asServed(manifest, index === 0 ? larger : undefined))
  const loadable = larger === undefined || config.models.includes(larger.name) ? models : [...models, asServed(larger, undefined)]
  const telemetry = new Telemetry(config.models, { version, revision: config.revision, node_version: process.version })
  const keys = await openKeys(config, telemetry, logger)
  const uploads = new Uploads(config)
  const pool = openPool(config, poolEvents(loadable, telemetry, logger))
  telemetry.observeLive(() => ({
    queueLength: pool.queueLength,
    queueCapacity: config.queueJobs,
    requestsInProgress: uploads.requestsInProgress,
    uploadBytesHeld: uploads.bytesHeld,
    workers: pool.readiness().workers,
    workerResidentBytes: pool.residentBytes,
  }))
  const drift = await openDrift(config, models[0]!, telemetry, logger)
  const feedback = openFeedback(config, drift, telemetry)
  const catalogues = new CatalogueStore(pool.phraseLists, config)
  catalogues.await(config.catalogues.map(({ name }) => name))
  showCatalogues(telemetry.live, () => catalogues.list())
  const app = await buildApp({ config, keys, pool, telemetry, drift, uploads, feedback, catalogues, searchEngine: openSearchEngine(config), logger, models }, version)

  let closing = false
  closeWithGrace({ delay: config.drainSeconds * 1000 + LAST_RESORT_MS, logger: false }, async ({ signal, err }) => {
    closing = true
    if (err) logger.fatal({ err }, 'unexpected error')
    logger.info({ signal, requests: uploads.requestsInProgress }, 'draining')
    await uploads.drain(config.drainSeconds)
    await pool.close(0)
    await app.close()
    await drift.close()
    keys?.close()
    logger.info('closed')
  })

  // The port opens first: health and metrics answer while the models load.
  const address = await app.listen({ host: config.host, port: config.port }).catch((cause: NodeJS.ErrnoException) => {
    throw new SpeechError('CONFIG_INVALID', `EARSHOT_HOST and EARSHOT_PORT: ${config.host}:${config.port} cannot be listened on (${cause.message})`, { cause })
  })
  logger.info({ address, workers: config.workers, threads: config.threads, models: config.models, cascade: config.cascadeModel }, 'listening')
  await Promise.all([pool.start(), loadCatalogues(config, catalogues, logger)]).catch((thrown: unknown) => { if (!closing) throw thrown })
  if (closing) return
  logger.info({ workers: config.workers }, 'ready')
  welcome(address, config)
}

/** Says so, loudly, where strangers may come in. */
async function openKeys({ keysFile, host }: Config, telemetry: Telemetry, logger: Logger): Promise<AccessKeys | undefined> {
  if (keysFile === undefined) {
    if (!isLoopback(host)) logger.warn({ host }, UNPROTECTED)
    return undefined
  }
  const keys = await AccessKeys.open(keysFile, {
    onKeys(names) {
      telemetry.keys.know(names)
      logger.info({ keys: names.length }, 'access keys read')
    },
    onStale(err) { logger.error({ err }, 'the access keys cannot be read; those that were read last stay in use') },
  })
  showKeys(telemetry.live, keys)
  return keys
}

async function loadCatalogues({ catalogues, maxCatalogueBytes }: Config, store: CatalogueStore, logger: Logger): Promise<void> {
  for (const file of catalogues) {
    const { catalogue, compileSeconds } = await loadCatalogue(store, file, maxCatalogueBytes)
    logger.info({ catalogue: file.name, version: catalogue.version, entries: catalogue.entries.length, compileSeconds }, 'catalogue taken in')
  }
}

function openPool(config: Config, events: PoolEvents): WorkerPool {
  return new WorkerPool({
    entry: new URL('./recognition/process/worker-process.js', import.meta.url),
    workers: config.workers,
    settings: workerSettings(config),
    queue: { jobs: config.queueJobs, audioSeconds: config.queueAudioSeconds },
    queueWaitSeconds: config.queueWaitSeconds,
    deadlineSeconds: config.deadlineSeconds,
    killAfterSeconds: config.killAfterSeconds,
    startSeconds: config.startSeconds,
    events,
  })
}

function poolEvents(models: readonly ServedModel[], telemetry: Telemetry, logger: Logger): PoolEvents {
  return {
    onWorkerReady(pid, seconds, loaded) {
      for (const model of loaded) recordModel(model, models, telemetry, logger)
      logger.info({ worker: pid, seconds, models: loaded.map(({ name, provider, engine }) => `${name} on ${provider.provider}, ${engine.engine}`) }, 'worker ready')
    },
    onWorkerReplaced(pid, reason, description) {
      telemetry.workerReplaced(reason)
      logger.error({ worker: pid, reason, description }, 'worker replaced')
    },
    onWorkerNoise(pid, line) { logger.warn({ worker: pid, line }, 'worker wrote to standard error') },
    onRetry(pid) {
      telemetry.workerRetried()
      logger.warn({ worker: pid }, 'request retried on another worker')
    },
  }
}

async function openDrift(config: Config, { name, digest }: ServedModel, { live }: Telemetry, logger: Logger): Promise<DriftWatch> {
  const drift = await DriftWatch.open(config, { name, digest }, pipelineOf(config), {
    onAlarm(feature, { psi, excess, pValue, delta, clips }) {
      countAlarm(live, feature)
      logger.warn({ feature, psi, excess, pValue, delta, clips }, 'drift')
    },
    onClear(feature) { logger.info({ feature }, 'drift is over') },
    onRecordError(err) { logger.error({ err, file: config.driftRecord }, 'the record of drift features cannot be written') },
    onRecordRepaired(bytes) { logger.warn({ file: config.driftRecord, bytes }, 'an incomplete line at the end of the record of drift features was removed') },
  })
  exposeDrift(live, drift.monitor)
  const baseline = drift.monitor?.baseline
  if (baseline === undefined) logger.info({ reason: drift.reason }, 'drift is not watched')
  else logger.info({ baseline: baseline.id, clips: baseline.source.clips, ...baseline.calibration }, 'drift baseline')
  const unmonitored = baseline === undefined ? [] : unmonitoredFeatures(baseline)
  if (unmonitored.length > 0) logger.warn({ features: unmonitored }, 'features that the drift baseline does not share are not monitored')
  return drift
}

function openFeedback(config: Config, drift: DriftWatch, { live }: Telemetry): Feedback {
  const { feedbackSecret: secret, feedbackExpirySeconds: expirySeconds, models } = config
  const table = drift.monitor?.baseline.confidenceToWer
  const feedback = new Feedback({
    secret, expirySeconds, models, observer: feedbackCounters(live, models),
    ...table && { confidenceToWer: { [models[0]!]: table } },
  })
  showConcepts(live, () => feedback.figures())
  return feedback
}

function recordModel({ name, provider, engine, loadSeconds }: LoadedModel, models: readonly ServedModel[], telemetry: Telemetry, logger: Logger): void {
  const model = models.find((known) => known.name === name)!
  telemetry.modelLoaded({ ...model, engine: engine.engine, provider: provider.provider, refusedProviders: provider.refused.map((refused) => refused.provider), loadSeconds })
  for (const note of engine.notes) logger.info({ model: name, engine: engine.engine, note }, 'engine')
  for (const refused of provider.refused) logger.warn({ model: name, ...refused, using: provider.provider }, 'execution provider not available')
}

function asServed(manifest: Manifest, larger: Manifest | undefined): ServedModel {
  const { name, version: modelVersion, description, family, languages, licence, precision, parameters, limits, source } = manifest
  if (name === NO_MODEL) throw new SpeechError('MODEL_INVALID', `a model may not be called "${NO_MODEL}"`)
  const files = Object.values(manifest.files)
  return {
    name, version: modelVersion, description, family, languages, licence, precision, parameters,
    clipSeconds: limits.clipSeconds,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    digest: modelDigest(manifest),
    source: source?.package ?? 'local',
    cascade: larger === undefined ? null : { model: larger.name, languages: larger.languages },
  }
}

/** For the person at the terminal; the log goes to standard output, this does not. */
function welcome(address: string, { warmUpClip, keysFile, host }: Config): void {
  const key = keysFile === undefined ? '' : '-H "Authorization: Bearer $KEY" '
  process.stderr.write(`\nEarshot listens on ${address}; try\n\n  curl ${key}--data-binary '@${warmUpClip}' ${address}/v1/transcriptions\n\n`)
  if (keysFile === undefined && !isLoopback(host)) process.stderr.write(`WARNING: ${UNPROTECTED}\n\n`)
}
