/** Metrics of recognized audio and of its transcripts. */
import { CASCADE_REASONS } from '../../../domain/transcript.js'
import { UNIT_INTERVAL, type MetricDefinition } from './definition.js'
import { CODEC_GROUPS } from '../../../domain/codecs.js'

const AUDIO_SECONDS = [0.25, 0.5, 1, 1.5, 2, 3, 4, 5, 7.5, 10, 15, 20, 30, 60]
const REAL_TIME_FACTORS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 5]
const WORDS_PER_SECOND = [0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 8]
const TOKENS_PER_SECOND = [0.5, 1, 2, 3, 4, 5, 6, 8, 10, 15, 25]
const REMAINING_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30]

export const RECOGNITION_METRICS = {
  asr_audio_seconds_total: {
    type: 'counter',
    help: 'Seconds of audio recognized, as received.',
    labels: { model: 'models' },
  },
  asr_audio_trimmed_seconds_total: {
    type: 'counter',
    help: 'Seconds of silence removed before recognition.',
    labels: { position: ['leading', 'trailing'] },
  },
  asr_audio_bytes_total: {
    type: 'counter',
    help: 'Bytes of audio received.',
    labels: { codec: [...CODEC_GROUPS, 'other'] },
  },
  asr_audio_duration_seconds: { type: 'histogram', help: 'Length of recognized uploads.', buckets: AUDIO_SECONDS },
  asr_real_time_factor: {
    type: 'histogram',
    help: 'Processing time without waiting, divided by the length of the audio; requests that run in the same worker '
      + 'slow each other down.',
    labels: { model: 'models' },
    buckets: REAL_TIME_FACTORS,
  },
  asr_tokens_total: { type: 'counter', help: 'Tokens of returned transcripts.', labels: { model: 'models' } },
  asr_decoding_passes_total: {
    type: 'counter',
    help: 'Decoding passes; more than one for a clip that was re-decoded because its first transcript was doubtful.',
    labels: { model: 'models' },
  },
  asr_hearings_total: {
    type: 'counter',
    help: 'Deprecated: the old name of asr_decoding_passes_total.',
    labels: { model: 'models' },
  },
  asr_cascade_total: {
    type: 'counter',
    help: 'Clips of a default model with a cascade, by the reason for escalation to the larger model; `sure` and '
      + '`uncertain_speech`: not escalated.',
    labels: { reason: CASCADE_REASONS },
  },
  asr_cascade_seconds_total: { type: 'counter', help: 'Seconds spent in the larger model of a cascade.' },
  asr_words_total: {
    type: 'counter',
    help: 'Words in returned transcripts: runs of letters, digits and apostrophes.',
    labels: { model: 'models' },
  },
  asr_transcripts_total: {
    type: 'counter',
    help: 'Transcripts by kind of result.',
    labels: { model: 'models', result: ['text', 'empty', 'no_speech', 'token_limit', 'repetition'] },
  },
  asr_confidence: {
    type: 'histogram',
    help: 'exp(mean token log-probability) of returned transcripts, 0 to 1.',
    labels: { model: 'models' },
    buckets: UNIT_INTERVAL,
  },
  asr_lowest_token_probability: {
    type: 'histogram',
    help: 'Probability of the least probable token of a transcript, 0 to 1.',
    labels: { model: 'models' },
    buckets: UNIT_INTERVAL,
  },
  asr_tokens_per_audio_second: {
    type: 'histogram',
    help: 'Tokens per second of audio given to the model; high when the decoder repeats itself.',
    labels: { model: 'models' },
    buckets: TOKENS_PER_SECOND,
  },
  asr_words_per_second: {
    type: 'histogram',
    help: 'Words, as in asr_words_total, per second of audio given to the model.',
    labels: { model: 'models' },
    buckets: WORDS_PER_SECOND,
  },
  asr_detected_language_total: {
    type: 'counter',
    help: 'Transcripts by language, requested or detected, of the languages of the served models.',
    labels: { language: 'open' },
  },
  asr_deadline_remaining_seconds: {
    type: 'histogram',
    help: 'Time left until the deadline of a request when it was answered.',
    buckets: REMAINING_SECONDS,
  },
} as const satisfies Record<string, MetricDefinition>
