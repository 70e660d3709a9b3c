/** Metrics of uploads as they were measured before any processing. */
import { SAMPLE_RATES } from '../../../domain/report-facts.js'
import { UNIT_INTERVAL, type MetricDefinition } from './definition.js'
import { CODEC_GROUPS } from '../../../domain/codecs.js'
import { DEFECTS } from './labels.js'

const LOUDNESS_LUFS = [-60, -50, -45, -40, -36, -33, -30, -27, -24, -21, -18, -15, -10]
const SNR_DECIBELS = [0, 3, 6, 9, 12, 15, 20, 25, 30, 40, 50]
const SILENCE_SECONDS = [0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 5]
const BANDWIDTH_HERTZ = [2_000, 3_000, 3_500, 4_000, 4_500, 5_000, 6_000, 7_000, 7_500]

export const INPUT_METRICS = {
  asr_input_loudness_lufs: {
    type: 'histogram',
    help: 'Integrated loudness of uploads (BS.1770) before any processing; negative, so its sum has no meaning.',
    buckets: LOUDNESS_LUFS,
  },
  asr_input_snr_decibels: {
    type: 'histogram',
    help: 'Signal-to-noise ratio of uploads that have pauses to measure it in.',
    buckets: SNR_DECIBELS,
  },
  asr_input_speech_ratio: { type: 'histogram', help: 'Share of an upload that is speech.', buckets: UNIT_INTERVAL },
  asr_input_silence_seconds: {
    type: 'histogram',
    help: 'Silence before the first and after the last speech of uploads that contain speech.',
    labels: { position: ['leading', 'trailing'] },
    buckets: SILENCE_SECONDS,
  },
  asr_input_bandwidth_hertz: {
    type: 'histogram',
    help: 'Highest frequency less than 50 dB below the peak of the spectrum, at most 8 kHz.',
    buckets: BANDWIDTH_HERTZ,
  },
  asr_input_defects_total: {
    type: 'counter',
    help: 'Uploads with a defect; one may have several.',
    labels: { defect: DEFECTS },
  },
  asr_input_format_total: {
    type: 'counter',
    help: 'Uploads by the encoding of their samples and their declared rate in Hz.',
    labels: { codec: [...CODEC_GROUPS, 'other'], sample_rate: [...SAMPLE_RATES, 'other'] },
  },
} as const satisfies Record<string, MetricDefinition>
