/** Opens the collection that the settings ask for, with its metrics and log lines. */
import type { FastifyBaseLogger } from 'fastify'
import type { Config } from '../../../config.js'
import { Collector } from '../../../data/collection/collector.js'
import { openClipStore, secretsFor } from '../../../data/collection/open-store.js'
import { pseudonymOf } from '../../../data/collection/secrets.js'
import { collectionCounters, exposeCollection } from '../../../monitoring/metrics/collection-metrics.js'
import type { Telemetry } from '../../../monitoring/metrics/telemetry.js'

/** Throws CONFIG_INVALID and COLLECTION_INVALID. A store that does not respond is tried again later. */
export async function openCollection(
  config: Config, { registry }: Telemetry, logger: FastifyBaseLogger,
): Promise<Collector | undefined> {
  if (config.collect === undefined) {
    exposeCollection(registry, undefined)
    return undefined
  }
  const place = config.collect
  const secrets = secretsFor(config)
  const collector = await Collector.start({
    shares: {
      uniform: config.collectUniform, doubtful: config.collectDoubtful, drifted: config.collectDrifted,
      corrected: config.collectCorrected,
    },
    doubtfulBelow: config.collectDoubtfulBelow, bufferBytes: config.collectBufferBytes,
    retentionDays: config.collectRetentionDays, maxBytes: config.collectMaxBytes,
    open: () => openClipStore(config, secrets),
    pseudonyms: {
      requestPseudonym: (id) => pseudonymOf('request', id, secrets),
      sessionPseudonym: (session) => pseudonymOf('session', session, secrets),
    },
    events: {
      ...collectionCounters(registry),
      onStopped(err) { logger.error({ err, place }, 'clips cannot be collected; this is tried again') },
      onResumed() { logger.info({ place }, 'clips are collected again') },
    },
  })
  exposeCollection(registry, collector)
  const encrypted = secrets.encryption !== undefined
  logger.info({ place, consent: config.collectConsent, encrypted }, 'clips are collected')
  return collector
}
