/** Metrics of the queue, connections and workers, of access keys, and of the build and its models. */
import { ENGINES } from '../../../domain/choices.js'
import { REFUSALS } from '../../../domain/scopes.js'
import type { MetricDefinition } from './definition.js'
import { CONNECTION_ENDS } from './labels.js'

export const SERVICE_METRICS = {
  asr_queue_length: { type: 'gauge', help: 'Requests waiting for a worker.' },
  asr_queue_capacity: { type: 'gauge', help: 'Maximum number of requests that may wait for a worker.' },
  asr_requests_in_progress: {
    type: 'gauge',
    help: 'Requests with a body (audio, feedback, catalogues) that were admitted and are not answered yet.',
  },
  asr_upload_bytes_held: { type: 'gauge', help: 'Bytes of uploads held in memory.' },
  asr_connections: {
    type: 'gauge',
    help: 'Open connections; idle ones have no request in progress.',
    labels: { state: ['idle', 'busy'] },
  },
  asr_connections_ended_total: {
    type: 'counter',
    help: 'Connections that the service closed: idle for too long; displaced, to make room for a new one while '
      + 'idle; refused beyond the limit; or unread, when a client did not read its answer in time.',
    labels: { reason: CONNECTION_ENDS },
  },
  asr_workers: {
    type: 'gauge',
    help: 'Recognition workers by state.',
    labels: { state: ['idle', 'busy', 'starting'] },
  },
  asr_requests_running: {
    type: 'gauge',
    help: 'Requests that workers are running; a worker may run several at the same time.',
  },
  asr_request_running_seconds_total: {
    type: 'counter',
    help: 'Seconds that requests ran in workers. Divided by asr_worker_busy_seconds_total, it is how many requests a '
      + 'busy worker runs at the same time.',
  },
  asr_worker_busy_seconds_total: {
    type: 'counter',
    help: 'Seconds that workers spent recognizing; requests that run at the same time count once.',
  },
  asr_worker_restarts_total: {
    type: 'counter',
    help: 'Workers replaced, by reason; `memory`: it used more than its limit.',
    labels: { reason: ['crash', 'timeout', 'memory'] },
  },
  asr_worker_retries_total: { type: 'counter', help: 'Requests given to a second worker because the first one died.' },
  asr_worker_resident_memory_bytes: {
    type: 'gauge',
    help: 'Resident memory of all workers, as of their last answers.',
  },

  asr_client_requests_total: {
    type: 'counter',
    help: 'Recognition requests finished, by access key and outcome.',
    labels: { client: 'open', outcome: ['ok', 'error', 'rejected', 'cancelled'] },
  },
  asr_client_audio_seconds_total: {
    type: 'counter',
    help: 'Seconds of audio recognized, by access key.',
    labels: { client: 'open' },
  },
  asr_access_refused_total: {
    type: 'counter',
    help: 'Requests of all routes that were refused because of their access key, by error code: it is missing, '
      + 'is wrong, has expired or lacks the scope.',
    labels: { reason: REFUSALS.map((code) => code.toLowerCase()) },
  },
  asr_access_keys: { type: 'gauge', help: 'Access keys in use, expired ones included; 0 without a keys file.' },
  asr_access_keys_stale: {
    type: 'gauge',
    help: '1 while the keys file cannot be read or is not valid, and the last valid keys stay in use; otherwise 0.',
  },

  asr_build_info: {
    type: 'gauge',
    help: 'Build of the running service; always 1.',
    labels: { version: 'open', revision: 'open', node_version: 'open' },
  },
  asr_model_info: {
    type: 'gauge',
    help: 'A served model; always 1.',
    labels: {
      model: 'open',
      version: 'open',
      digest: 'open',
      family: 'open',
      precision: 'open',
      languages: 'open',
      provider: 'open',
      engine: ENGINES,
    },
  },
  asr_model_load_duration_seconds: {
    type: 'gauge',
    help: 'Time that the last load of the model took, including its warm-up.',
    labels: { model: 'models' },
  },
  asr_model_loaded_timestamp_seconds: {
    type: 'gauge',
    help: 'When the model was last loaded, as a Unix time.',
    labels: { model: 'models' },
  },
  asr_model_bytes: { type: 'gauge', help: 'Size of the model files.', labels: { model: 'models' } },
  asr_execution_provider_refused: {
    type: 'gauge',
    help: 'Whether a preferred execution provider could not be used: 1 if so, and the model runs on a later one.',
    labels: { model: 'models', provider: ['cuda', 'webgpu', 'cpu'] },
  },
} as const satisfies Record<string, MetricDefinition>
