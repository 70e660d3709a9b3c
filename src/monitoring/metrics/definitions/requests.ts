/** Metrics of requests: outcomes, latency and errors. */
import { ERROR_CODES, ERRORS } from '../../../domain/errors.js'
import { STAGES } from '../../../domain/report.js'
import type { MetricDefinition } from './definition.js'

export const LATENCY_SECONDS = [0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30]
const STAGE_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]
const HTTP_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

const codesCountedAs = (counted: string): string[] =>
  ERROR_CODES.filter((code) => ERRORS[code].counted === counted).map((code) => code.toLowerCase())

export const REQUEST_METRICS = {
  asr_requests_total: {
    type: 'counter',
    help: 'Recognition requests finished, by outcome.',
    labels: { model: 'models', outcome: ['ok', 'error', 'rejected', 'cancelled'] },
  },
  asr_request_duration_seconds: {
    type: 'histogram',
    help: 'Time from the last byte of an upload to its answer.',
    labels: { model: 'models', outcome: ['ok', 'error'] },
    buckets: LATENCY_SECONDS,
  },
  asr_stage_duration_seconds: {
    type: 'histogram',
    help: 'Time that a recognized request spent in each stage.',
    labels: { stage: STAGES },
    buckets: STAGE_SECONDS,
  },
  asr_errors_total: {
    type: 'counter',
    help: 'Requests that failed, by error code.',
    labels: { reason: codesCountedAs('error') },
  },
  asr_rejections_total: {
    type: 'counter',
    help: 'Recognition requests that were refused because of their parameters, their audio or the load, by '
      + 'error code. Requests without a suitable access key are counted in asr_access_refused_total.',
    labels: { reason: codesCountedAs('rejection') },
  },
  http_server_request_duration_seconds: {
    type: 'histogram',
    help: 'Duration of HTTP server requests.',
    labels: { http_request_method: 'open', http_route: 'open', http_response_status_code: 'open' },
    buckets: HTTP_SECONDS,
  },
} as const satisfies Record<string, MetricDefinition>
