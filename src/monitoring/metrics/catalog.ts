/**
 * Every metric of the service, each as one entry: name, type, help, labels with all values that exist from the
 * start, buckets. docs/metrics.md is held against this table by a test, in both directions.
 *
 * Conventions: base units in the name, counters end in `_total`, histograms and never summaries (summaries cannot be
 * aggregated), no label whose values a client could choose.
 */
import { CODEC_GROUPS } from '../../domain/codecs.js'
import { REFUSALS } from '../../domain/scopes.js'
import { FAMILIES } from '../drift/features.js'
import { WINDOWS } from '../drift/snapshot.js'
import { FEEDBACK_EVENTS, LABEL_SOURCES, UNMATCHED_REASONS } from '../feedback/events.js'
import { ERROR_CODES, ERRORS } from '../../domain/errors.js'
import { SEARCH_OUTCOMES } from '../../domain/search-outcomes.js'
import { ENGINES } from '../../domain/choices.js'
import { STAGES } from '../../domain/report.js'
import { CASCADE_REASONS } from '../../domain/transcript.js'

export const LATENCY_SECONDS = [0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30]
const STAGE_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]
const AUDIO_SECONDS = [0.25, 0.5, 1, 1.5, 2, 3, 4, 5, 7.5, 10, 15, 20, 30, 60]
const HTTP_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
const REAL_TIME_FACTORS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 5]

const LOUDNESS_LUFS = [-60, -50, -45, -40, -36, -33, -30, -27, -24, -21, -18, -15, -10]
const SNR_DECIBELS = [0, 3, 6, 9, 12, 15, 20, 25, 30, 40, 50]
const SILENCE_SECONDS = [0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 5]
const BANDWIDTH_HERTZ = [2_000, 3_000, 3_500, 4_000, 4_500, 5_000, 6_000, 7_000, 7_500]
const WORDS_PER_SECOND = [0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 8]
const TOKENS_PER_SECOND = [0.5, 1, 2, 3, 4, 5, 6, 8, 10, 15, 25]
const REMAINING_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30]
const DELAY_SECONDS = [1, 2, 5, 10, 30, 60, 300, 3_600]
const SEARCH_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]
const RANKS = [1, 2, 3, 4, 5, 10, 20, 50]
const UNIT = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98]

/** Hz; any other rate is `other`. */
export const SAMPLE_RATES = ['8000', '16000', '22050', '24000', '44100', '48000'] as const
/** What was wrong with an input: warnings about it, and that nobody spoke. */
export const DEFECTS = ['clipped', 'too_quiet', 'no_speech', 'narrowband', 'dc_offset', 'truncated', 'noisy', 'too_short'] as const

/** Values of a label: a closed list that exists from the start, the served models, or what turns up (bounded elsewhere). */
export type LabelValues = readonly string[] | 'models' | 'open'

export interface MetricEntry {
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly labels?: Readonly<Record<string, LabelValues>>
  readonly buckets?: readonly number[]
}

/** Why the service ended a connection. */
export const CONNECTION_ENDS = ['idle', 'displaced', 'refused', 'unread'] as const
export type ConnectionEnd = typeof CONNECTION_ENDS[number]

/** The model label of requests that were refused before their model was known. */
export const NO_MODEL = 'none'

const codesCountedAs = (counted: string): string[] => ERROR_CODES.filter((code) => ERRORS[code].counted === counted).map((code) => code.toLowerCase())

export const METRICS = {
  asr_requests_total: { type: 'counter', help: 'Recognition requests finished, by outcome.', labels: { model: 'models', outcome: ['ok', 'error', 'rejected', 'cancelled'] } },
  asr_request_duration_seconds: { type: 'histogram', help: 'Time from the last byte of an upload to its answer.', labels: { model: 'models', outcome: ['ok', 'error'] }, buckets: LATENCY_SECONDS },
  asr_stage_duration_seconds: { type: 'histogram', help: 'Time one recognized request spent in each stage.', labels: { stage: STAGES }, buckets: STAGE_SECONDS },
  asr_errors_total: { type: 'counter', help: 'Requests that failed, by error code.', labels: { reason: codesCountedAs('error') } },
  asr_rejections_total: { type: 'counter', help: 'Recognition requests that were refused, by error code: for what they ask, for their audio or for the load. Those without a fitting access key are in asr_access_refused_total.', labels: { reason: codesCountedAs('rejection') } },
  http_server_request_duration_seconds: { type: 'histogram', help: 'Duration of HTTP server requests.', labels: { http_request_method: 'open', http_route: 'open', http_response_status_code: 'open' }, buckets: HTTP_SECONDS },

  asr_audio_seconds_total: { type: 'counter', help: 'Seconds of audio recognized, as received.', labels: { model: 'models' } },
  asr_audio_trimmed_seconds_total: { type: 'counter', help: 'Seconds of silence removed before recognition.', labels: { position: ['leading', 'trailing'] } },
  asr_audio_bytes_total: { type: 'counter', help: 'Bytes of audio received.', labels: { codec: [...CODEC_GROUPS, 'other'] } },
  asr_audio_duration_seconds: { type: 'histogram', help: 'Length of recognized uploads.', buckets: AUDIO_SECONDS },
  asr_real_time_factor: { type: 'histogram', help: 'Processing time without waiting, divided by the length of the audio.', labels: { model: 'models' }, buckets: REAL_TIME_FACTORS },
  asr_tokens_total: { type: 'counter', help: 'Tokens of returned transcripts.', labels: { model: 'models' } },
  asr_decoding_passes_total: { type: 'counter', help: 'Decodes run; more than one for a clip whose first transcript was doubtful.', labels: { model: 'models' } },
  asr_hearings_total: { type: 'counter', help: 'Deprecated: the old name of asr_decoding_passes_total.', labels: { model: 'models' } },
  asr_cascade_total: { type: 'counter', help: 'Clips of a default model with a cascade, by why the larger model was asked; `sure`: it was not.', labels: { reason: CASCADE_REASONS } },
  asr_cascade_seconds_total: { type: 'counter', help: 'Seconds spent in the larger model of a cascade.' },
  asr_words_total: { type: 'counter', help: 'Words in returned transcripts.', labels: { model: 'models' } },
  asr_transcripts_total: { type: 'counter', help: 'Transcripts by kind of result.', labels: { model: 'models', result: ['text', 'empty', 'no_speech', 'token_limit', 'repetition'] } },
  asr_confidence: { type: 'histogram', help: 'exp(mean token log-probability) of returned transcripts, 0 to 1.', labels: { model: 'models' }, buckets: UNIT },
  asr_lowest_token_probability: { type: 'histogram', help: 'Probability of the token of a transcript that the decoder doubted most, 0 to 1.', labels: { model: 'models' }, buckets: UNIT },
  asr_tokens_per_audio_second: { type: 'histogram', help: 'Tokens a second of audio given to the model: high in a loop.', labels: { model: 'models' }, buckets: TOKENS_PER_SECOND },
  asr_words_per_second: { type: 'histogram', help: 'Words a second of audio given to the model.', labels: { model: 'models' }, buckets: WORDS_PER_SECOND },
  asr_detected_language_total: { type: 'counter', help: 'Transcripts by language, told or detected; languages of the served models.', labels: { language: 'open' } },
  asr_deadline_remaining_seconds: { type: 'histogram', help: 'Time that was left to the deadline of a request when it was answered.', buckets: REMAINING_SECONDS },

  asr_input_loudness_lufs: { type: 'histogram', help: 'Integrated loudness of uploads (BS.1770), before anything is changed; negative, so its sum means nothing.', buckets: LOUDNESS_LUFS },
  asr_input_snr_decibels: { type: 'histogram', help: 'Signal-to-noise ratio of uploads that have pauses to measure it in.', buckets: SNR_DECIBELS },
  asr_input_speech_ratio: { type: 'histogram', help: 'Share of an upload in which somebody speaks.', buckets: UNIT },
  asr_input_silence_seconds: { type: 'histogram', help: 'Silence before the first and after the last speech of uploads in which somebody speaks.', labels: { position: ['leading', 'trailing'] }, buckets: SILENCE_SECONDS },
  asr_input_bandwidth_hertz: { type: 'histogram', help: 'Highest frequency with less than 50 dB below the peak of the spectrum, at most 8 kHz.', buckets: BANDWIDTH_HERTZ },
  asr_input_defects_total: { type: 'counter', help: 'Uploads with a defect; one may have several.', labels: { defect: DEFECTS } },
  asr_input_format_total: { type: 'counter', help: 'Uploads by the encoding of their samples and their declared rate in Hz.', labels: { codec: [...CODEC_GROUPS, 'other'], sample_rate: [...SAMPLE_RATES, 'other'] } },

  asr_search_requests_total: { type: 'counter', help: 'Spoken searches answered, by what became of them.', labels: { outcome: SEARCH_OUTCOMES } },
  asr_search_duration_seconds: { type: 'histogram', help: 'Time spent on finding hits, after recognition.', buckets: SEARCH_SECONDS },
  asr_bias_hits_total: { type: 'counter', help: 'Transcripts that hold a phrase of the catalogue or list that they were heard with.' },
  asr_bias_overrides_total: { type: 'counter', help: 'Those of them that would have read otherwise without it.' },
  asr_catalogue_entries: { type: 'gauge', help: 'Entries of a catalogue that is served.', labels: { catalogue: 'open' } },
  asr_catalogue_loaded_timestamp_seconds: { type: 'gauge', help: 'When the served version of a catalogue took over, as a Unix time.', labels: { catalogue: 'open' } },
  asr_catalogue_compile_seconds: { type: 'gauge', help: 'Longest time that a worker took to compile the catalogue.', labels: { catalogue: 'open' } },

  asr_queue_length: { type: 'gauge', help: 'Requests waiting for a worker.' },
  asr_queue_capacity: { type: 'gauge', help: 'Most requests that may wait for a worker.' },
  asr_requests_in_progress: { type: 'gauge', help: 'Requests with a body (audio, feedback, catalogues) that were let in and are not answered yet.' },
  asr_upload_bytes_held: { type: 'gauge', help: 'Bytes of uploads held in memory.' },
  asr_connections: { type: 'gauge', help: 'Open connections; idle ones have no request under way.', labels: { state: ['idle', 'busy'] } },
  asr_connections_ended_total: { type: 'counter', help: 'Connections that the service ended: idle too long; displaced, since they were idle and a new one needed their place; refused beyond the limit; or unread, where a client did not take its answer in time.', labels: { reason: CONNECTION_ENDS } },
  asr_workers: { type: 'gauge', help: 'Recognition workers by state.', labels: { state: ['idle', 'busy', 'starting'] } },
  asr_worker_busy_seconds_total: { type: 'counter', help: 'Seconds workers spent recognizing.' },
  asr_worker_restarts_total: { type: 'counter', help: 'Workers replaced.', labels: { reason: ['crash', 'timeout'] } },
  asr_worker_retries_total: { type: 'counter', help: 'Requests given to a second worker because the first one died.' },
  asr_worker_resident_memory_bytes: { type: 'gauge', help: 'Resident memory of all workers at their last answer.' },

  asr_client_requests_total: { type: 'counter', help: 'Recognition requests finished, by access key and outcome.', labels: { client: 'open', outcome: ['ok', 'error', 'rejected', 'cancelled'] } },
  asr_client_audio_seconds_total: { type: 'counter', help: 'Seconds of audio recognized, by access key.', labels: { client: 'open' } },
  asr_access_refused_total: { type: 'counter', help: 'Requests of all routes that were refused for their access key, by error code: none was sent, or it is wrong, has expired or lacks the scope.', labels: { reason: REFUSALS.map((code) => code.toLowerCase()) } },
  asr_access_keys: { type: 'gauge', help: 'Access keys in use, expired ones included; 0 without a keys file.' },
  asr_access_keys_stale: { type: 'gauge', help: '1 while the keys file cannot be read or is not valid, and the keys that were read last stay in use; otherwise 0.' },

  asr_build_info: { type: 'gauge', help: 'Build of the running service; always 1.', labels: { version: 'open', revision: 'open', node_version: 'open' } },
  asr_model_info: { type: 'gauge', help: 'A served model; always 1.', labels: { model: 'open', version: 'open', digest: 'open', family: 'open', precision: 'open', languages: 'open', provider: 'open', engine: ENGINES } },
  asr_model_load_duration_seconds: { type: 'gauge', help: 'Time the last load of the model took, with its warm-up.', labels: { model: 'models' } },
  asr_model_loaded_timestamp_seconds: { type: 'gauge', help: 'When the model was last loaded, as a Unix time.', labels: { model: 'models' } },
  asr_model_bytes: { type: 'gauge', help: 'Size of the files of the model.', labels: { model: 'models' } },
  asr_execution_provider_refused: { type: 'gauge', help: 'Whether an execution provider that was preferred could not be used: 1, the model runs on a later one.', labels: { model: 'models', provider: ['cuda', 'webgpu', 'cpu'] } },

  asr_drift_bin_observations_total: { type: 'counter', help: 'Clips whose feature fell in each bin of the baseline, or was `missing`.', labels: { feature: 'open', bin: 'open' } },
  asr_drift_baseline_proportion: { type: 'gauge', help: 'Share of the baseline in each bin, smoothed (Jeffreys), `missing` left out.', labels: { feature: 'open', bin: 'open' } },
  asr_drift_baseline_samples: { type: 'gauge', help: 'Clips of the baseline on which a feature could be measured.', labels: { feature: 'open' } },
  asr_drift_baseline_design_effect: { type: 'gauge', help: 'How much more windows of the baseline vary than independent clips would, the larger of both windows.', labels: { feature: 'open' } },
  asr_drift_baseline_info: { type: 'gauge', help: 'The baseline in use; always 1.', labels: { id: 'open', model: 'open', pipeline: 'open', calibrated: ['yes', 'no'] } },
  asr_drift_baseline_created_timestamp_seconds: { type: 'gauge', help: 'When the baseline was made, as a Unix time.' },
  asr_drift_window_samples: { type: 'gauge', help: 'Clips in the current window of this process.', labels: { window: WINDOWS } },
  asr_drift_psi: { type: 'gauge', help: 'Population stability index of a window against the baseline; absent while the window has too few clips.', labels: { feature: 'open', window: WINDOWS } },
  asr_drift_psi_excess: { type: 'gauge', help: 'The same less what it would be on average without drift; may be slightly negative.', labels: { feature: 'open', window: WINDOWS } },
  asr_drift_p_value: { type: 'gauge', help: 'Probability of such a window without drift, Holm-adjusted over the features of the family, design effect included.', labels: { feature: 'open', window: WINDOWS } },
  asr_drift_cliffs_delta: { type: 'gauge', help: 'Direction of a shift: from -1, all values lie below the baseline, to 1, all above.', labels: { feature: 'open', window: WINDOWS } },
  asr_drift_alarm: { type: 'gauge', help: 'Whether drift is declared: size, significance and persistence hold.', labels: { feature: 'open', kind: FAMILIES } },
  asr_drift_alarms_total: { type: 'counter', help: 'Drift alarms raised.', labels: { feature: 'open' } },

  asr_feedback_events_total: { type: 'counter', help: 'What clients said became of a transcript.', labels: { model: 'models', event: FEEDBACK_EVENTS } },
  asr_feedback_unmatched_total: { type: 'counter', help: 'Feedback and labels that could not be attributed.', labels: { reason: UNMATCHED_REASONS } },
  asr_feedback_delay_seconds: { type: 'histogram', help: 'Time from an answer to its feedback.', buckets: DELAY_SECONDS },
  asr_clicked_rank: { type: 'histogram', help: 'Rank of the hit that a user opened, from 1, as clients tell it.', buckets: RANKS },
  asr_label_words_total: { type: 'counter', help: 'Reference words of labelled transcripts.', labels: { model: 'models', source: LABEL_SOURCES } },
  asr_label_word_errors_total: { type: 'counter', help: 'Word errors of labelled transcripts; over asr_label_words_total of the random source it is the word error rate.', labels: { model: 'models', source: LABEL_SOURCES, type: ['substitution', 'deletion', 'insertion'] } },
  asr_label_utterances_total: { type: 'counter', help: 'Labelled transcripts.', labels: { model: 'models', source: LABEL_SOURCES, result: ['exact', 'wrong'] } },
  asr_label_wer_ratio: { type: 'gauge', help: 'Word error rate of the newest random labels of this process, and its 95 % interval; absent below the minimum.', labels: { model: 'open', bound: ['estimate', 'low', 'high'] } },
  asr_estimated_wer_ratio: { type: 'gauge', help: 'Word error rate predicted from recent confidences by the calibration table; not a measurement. Absent without a table.', labels: { model: 'open' } },
  asr_calibration_p_value: { type: 'gauge', help: 'Probability of the labelled errors, given their confidences, if confidence still means what it meant in the baseline; absent below the minimum.', labels: { model: 'open' } },
} as const satisfies Record<string, MetricEntry>

export type MetricName = keyof typeof METRICS
