/** The live metrics: what exists before the first request, what one request changes, and nothing without bounds. */
import t from 'tap'
import { ERRORS, type ErrorCode } from '../../../src/domain/errors.js'
import { LATENCY_SECONDS, METRICS, type MetricDefinition } from '../../../src/monitoring/metrics/definitions.js'
import { Telemetry } from '../../../src/monitoring/metrics/telemetry.js'
import { STAGES, type Report } from '../../../src/domain/report.js'
import { CASCADE_REASONS } from '../../../src/domain/transcript.js'

const make = (): Telemetry => new Telemetry(['a-model'], { version: '1', revision: 'r', node_version: 'v' })

async function samples(telemetry: Telemetry): Promise<Map<string, number>> {
  const lines = (await telemetry.exposition()).split('\n').filter((line) => /^(asr|http)_/.test(line))
  return new Map(lines.map((line) =>
    [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]))
}

const REPORT: Report = {
  text: 'two words', rawText: 'two words', confidence: 0.9, lowestTokenProbability: 0.7, correctness: 0.8, alternatives: [],
  phraseScores: [], unbiasedText: null, changedByBiasing: false, language: 'en', model: 'a-model', noSpeechReason: null, warnings: [],
  decodingPasses: 3,
  cascade: null,
  segments: [{
    startSeconds: 0, endSeconds: 1, text: 'two words', words: null, confidence: 0.9, meanLogProbability: -0.1,
    tokens: [1, 2, 3], tokenLogProbabilities: null, stopped: 'end_of_text', agreement: 1, model: 'a-model', cascade: null,
    jointLogProbability: null,
  }],
  input: {
    container: 'wav', codec: 'pcm_s16', sampleRate: 8000, channels: 1, mixing: 'mono', truncated: false,
    loudnessLufs: null, peakDbfs: null, rmsDbfs: null, clippedRatio: 0, dcOffset: 0, audioSeconds: 4, speechSeconds: 3,
    snrDb: 18, noiseFloorDbfs: -52, speechRatio: 0.6, leadingSilenceSeconds: 0.5, trailingSilenceSeconds: 0.3,
    bandwidthHz: 7500,
    timbre: {
      lowFrequencyDb: -12, centroidHz: 1500, flatnessDb: -14, cepstrum: [3, 1, -0.5, 0.2], syllablesPerSecond: 4,
    },
    trimmedLeadingSeconds: 0.75, trimmedTrailingSeconds: 0.25,
  },
  seconds: { receive: 9, queue_wait: 5, transfer: 0.1, encoder: 0.5, decoder: 0.2 },
}

t.test('all known label sets exist before the first request', async (t) => {
  const found = await samples(make())
  for (const code of Object.keys(ERRORS) as ErrorCode[]) {
    const { counted } = ERRORS[code]
    if (counted === 'error') t.equal(found.get(`asr_errors_total{reason="${code.toLowerCase()}"}`), 0)
    if (counted === 'rejection') t.equal(found.get(`asr_rejections_total{reason="${code.toLowerCase()}"}`), 0)
  }
  for (const stage of STAGES) t.equal(found.get(`asr_stage_duration_seconds_count{stage="${stage}"}`), 0)
  for (const outcome of ['ok', 'error', 'rejected', 'cancelled']) {
    t.equal(found.get(`asr_requests_total{model="a-model",outcome="${outcome}"}`), 0)
  }
  t.equal(found.get('asr_build_info{version="1",revision="r",node_version="v"}'), 1)
  t.ok(found.size < 1025, `${found.size} series`)
})

t.test('names follow the conventions of Prometheus', (t) => {
  for (const [name, { type, buckets, labels = {} }] of Object.entries<MetricDefinition>(METRICS)) {
    t.equal(name.endsWith('_total'), type === 'counter', name)
    t.equal(buckets !== undefined, type === 'histogram', name)
    t.match(name, /^(asr|http)_[a-z_]+$/)
    for (const label of Object.keys(labels)) t.match(label, /^[a-z_]+$/)
  }
  t.ok(LATENCY_SECONDS.includes(0.5) && LATENCY_SECONDS.includes(1), 'an edge at each latency that people promise')
  t.end()
})

t.test('a recognized request is counted once everywhere', async (t) => {
  const telemetry = make()
  telemetry.recognized(REPORT, { model: 'a-model', secondsSinceUpload: 0.7, deadlineSeconds: 30, audioBytes: 1234 })
  const found = await samples(telemetry)
  const expected: Record<string, number> = {
    'asr_requests_total{model="a-model",outcome="ok"}': 1,
    'asr_request_duration_seconds_sum{model="a-model",outcome="ok"}': 0.7,
    'asr_stage_duration_seconds_sum{stage="encoder"}': 0.5,
    'asr_audio_seconds_total{model="a-model"}': 4,
    'asr_audio_bytes_total{codec="pcm"}': 1234,
    'asr_audio_trimmed_seconds_total{position="leading"}': 0.75,
    'asr_real_time_factor_sum{model="a-model"}': 0.2,
    'asr_tokens_total{model="a-model"}': 3,
    'asr_hearings_total{model="a-model"}': 3,
    'asr_words_total{model="a-model"}': 2,
    'asr_transcripts_total{model="a-model",result="text"}': 1,
  }
  for (const [series, value] of Object.entries(expected)) t.equal(Number(found.get(series)?.toFixed(9)), value, series)
})

t.test('transcripts are told apart by what they are', async (t) => {
  const telemetry = make()
  const record = (change: Partial<Report>): void => {
    telemetry.recognized({ ...REPORT, ...change }, {
      model: 'a-model', secondsSinceUpload: 1, deadlineSeconds: 30, audioBytes: 1,
    })
  }
  record({ text: '', noSpeechReason: 'nothing_recognized' })
  record({ text: '', noSpeechReason: 'digital_silence', input: { ...REPORT.input, audioSeconds: 0 } })
  record({ warnings: ['repetition', 'token_limit'] })
  record({ warnings: ['too_quiet', 'token_limit'] })
  const found = await samples(telemetry)
  for (const result of ['empty', 'no_speech', 'repetition', 'token_limit']) {
    t.equal(found.get(`asr_transcripts_total{model="a-model",result="${result}"}`), 1, result)
  }
  t.equal(found.get('asr_transcripts_total{model="a-model",result="text"}'), 0)
})

t.test('what a cascade did is counted by clip, and nothing where there is none', async (t) => {
  const telemetry = make()
  const record = (cascade: Report['cascade']): void => {
    telemetry.recognized({ ...REPORT, cascade }, {
      model: 'a-model', secondsSinceUpload: 1, deadlineSeconds: 30, audioBytes: 1,
    })
  }
  for (const reason of CASCADE_REASONS) {
    t.equal((await samples(telemetry)).get(`asr_cascade_total{reason="${reason}"}`), 0, 'from the start')
  }
  record(null)
  t.equal((await samples(telemetry)).get('asr_cascade_total{reason="sure"}'), 0)
  record({ model: 'larger', escalations: 2, disagreements: 1, reasons: ['sure', 'empty', 'sure', 'low_confidence'], seconds: 0.75 })
  record({ model: 'larger', escalations: 1, disagreements: 0, reasons: ['language'], seconds: 0.5 })
  const found = await samples(telemetry)
  t.same(CASCADE_REASONS.map((reason) => found.get(`asr_cascade_total{reason="${reason}"}`)), [2, 0, 1, 1, 0, 1])
  t.equal(found.get('asr_cascade_seconds_total'), 1.25)
})

t.test('an input is described by what was measured, and by nothing where nothing was', async (t) => {
  const telemetry = make()
  const record = (input: Partial<Report['input']>, change: Partial<Report> = {}): void => {
    telemetry.recognized({ ...REPORT, ...change, input: { ...REPORT.input, ...input } }, {
      model: 'a-model', secondsSinceUpload: 1, deadlineSeconds: 30, audioBytes: 1,
    })
  }
  record({ loudnessLufs: -22 })
  record(
    { snrDb: null, bandwidthHz: null, speechRatio: 0, codec: 'g729', sampleRate: 12_345 },
    { confidence: null, text: '', noSpeechReason: 'digital_silence', warnings: ['too_short', 'repetition'] },
  )
  record({}, { warnings: ['noisy', 'low_confidence'], text: '', noSpeechReason: 'nothing_recognized' })
  const found = await samples(telemetry)
  const expected: Record<string, number> = {
    'asr_input_loudness_lufs_count': 1,
    'asr_input_loudness_lufs_bucket{le="-24"}': 0,
    'asr_input_loudness_lufs_bucket{le="-21"}': 1,
    'asr_input_snr_decibels_count': 2,
    'asr_input_bandwidth_hertz_count': 2,
    'asr_input_speech_ratio_count': 3,
    'asr_input_silence_seconds_count{position="leading"}': 2,
    'asr_input_silence_seconds_sum{position="trailing"}': 0.6,
    'asr_input_format_total{codec="pcm",sample_rate="8000"}': 2,
    'asr_input_format_total{codec="other",sample_rate="other"}': 1,
    'asr_input_defects_total{defect="no_speech"}': 1,
    'asr_input_defects_total{defect="too_short"}': 1,
    'asr_input_defects_total{defect="noisy"}': 1,
    'asr_confidence_count{model="a-model"}': 2,
  }
  for (const [series, value] of Object.entries(expected)) t.equal(found.get(series), value, series)
  t.equal(
    [...found].filter(([series, value]) => series.startsWith('asr_input_defects_total') && value > 0).length, 3,
    'what the decoder did is no defect of the input',
  )
  const before = (await samples(make())).size
  t.equal(
    [...found.keys()].filter((series) => !series.startsWith('asr_detected_language_total')).length, before,
    'no input makes a new series, but for its language, one of those of the models',
  )
})

t.test('gauges are read at the moment of the scrape', async (t) => {
  const telemetry = make()
  let queueLength = 3
  telemetry.observeLive(() =>
    ({
      queueLength, queueCapacity: 9, requestsInProgress: 4, uploadBytesHeld: 5, requestsRunning: 6,
      workers: { idle: 1, busy: 2, starting: 0 }, workerResidentBytes: 7,
    }))
  t.equal((await samples(telemetry)).get('asr_queue_length'), 3)
  queueLength = 0
  const found = await samples(telemetry)
  t.equal(found.get('asr_queue_length'), 0)
  t.equal(found.get('asr_workers{state="busy"}'), 2)
})

t.test('an execution provider that was refused shows', async (t) => {
  const telemetry = make()
  telemetry.modelLoaded({
    name: 'a-model', version: '1', digest: 'd', family: 'f', precision: 'int8', languages: Array<string>(99).fill('en'),
    provider: 'cpu', engine: 'reference', refusedProviders: ['cuda'], loadSeconds: 2, bytes: 10,
  })
  const found = await samples(telemetry)
  t.equal(found.get('asr_execution_provider_refused{model="a-model",provider="cuda"}'), 1)
  t.equal(found.get('asr_execution_provider_refused{model="a-model",provider="webgpu"}'), 0)
  t.equal(
    found.get(
      'asr_model_info{model="a-model",version="1",digest="d",family="f",precision="int8",languages="99 languages",provider="cpu",engine="reference"}',
    ),
    1,
  )
})
