/** Opens what watches the answers, with its metrics and log lines: drift, and feedback. */
import type { FastifyBaseLogger } from 'fastify'
import type { Config } from '../../../config.js'
import { pipelineOf, unmonitoredFeatures } from '../../../monitoring/drift/baseline.js'
import { DriftWatch } from '../../../monitoring/drift/watch.js'
import { Feedback } from '../../../monitoring/feedback/feedback.js'
import { countAlarm, exposeDrift } from '../../../monitoring/metrics/drift-metrics.js'
import { feedbackCounters, exposeConceptDrift } from '../../../monitoring/metrics/feedback-metrics.js'
import type { Telemetry } from '../../../monitoring/metrics/telemetry.js'
import type { ServedModel } from '../dependencies.js'

export async function openDrift(
  config: Config, { name, digest }: Pick<ServedModel, 'name' | 'digest'>, { registry }: Telemetry,
  logger: FastifyBaseLogger,
): Promise<DriftWatch> {
  const file = config.driftRecord
  const drift = await DriftWatch.open(config, { name, digest }, pipelineOf(config), {
    onAlarm(feature, { psi, excess, pValue, delta, clips }) {
      countAlarm(registry, feature)
      logger.warn({ feature, psi, excess, pValue, delta, clips }, 'drift')
    },
    onClear(feature) { logger.info({ feature }, 'drift is over') },
    onRecordError(err) { logger.error({ err, file }, 'the record of drift features cannot be written') },
    onRecordRepaired(bytes) {
      logger.warn({ file, bytes }, 'an incomplete line at the end of the record of drift features was removed')
    },
  })
  exposeDrift(registry, drift.monitor)
  const baseline = drift.monitor?.baseline
  if (baseline === undefined) logger.info({ reason: drift.reason }, 'drift is not watched')
  else logger.info({ baseline: baseline.id, clips: baseline.source.clips, ...baseline.calibration }, 'drift baseline')
  const features = baseline === undefined ? [] : unmonitoredFeatures(baseline)
  if (features.length > 0) {
    logger.warn({ features }, 'features that the drift baseline does not share are not monitored')
  }
  return drift
}

export function openFeedback(config: Config, drift: DriftWatch, { registry }: Telemetry): Feedback {
  const { feedbackSecret: secret, feedbackExpirySeconds: expirySeconds, models } = config
  const [standard = ''] = models
  const table = drift.monitor?.baseline.confidenceToWer
  const confidenceToWer = table && { confidenceToWer: { [standard]: table } }
  const observer = feedbackCounters(registry, models)
  const feedback = new Feedback({ secret, expirySeconds, models, observer, ...confidenceToWer })
  exposeConceptDrift(registry, () => feedback.estimates())
  return feedback
}
