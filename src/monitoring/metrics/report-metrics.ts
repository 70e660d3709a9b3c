/** Counts what the report of an answered request says about its audio and its transcript. */
import { codecGroup } from '../../domain/codecs.js'
import { factsOf, SAMPLE_RATES } from '../../domain/report-facts.js'
import type { Report, Stage } from '../../domain/report.js'
import { DEFECTS, type MetricName } from './definitions.js'
import type { MetricRegistry } from './registry.js'

/** `audioBytes`: size of the upload. */
export function countReport(registry: MetricRegistry, report: Report, audioBytes: number): void {
  const { model } = report
  const { wordCount, tokenCount } = factsOf(report)
  for (const [stage, seconds] of Object.entries(report.seconds)) {
    registry.histogram('asr_stage_duration_seconds').observe({ stage }, seconds)
  }
  registry.counter('asr_tokens_total').inc({ model }, tokenCount)
  registry.counter('asr_words_total').inc({ model }, wordCount)
  registry.counter('asr_transcripts_total').inc({ model, result: resultOf(report) })
  registry.counter('asr_decoding_passes_total').inc({ model }, report.decodingPasses)
  registry.counter('asr_hearings_total').inc({ model }, report.decodingPasses)
  countAudio(registry, report, audioBytes)
  countCascadeAndBiasing(registry, report)
  describeOutput(registry, report)
  describeInput(registry, report)
}

function countAudio(registry: MetricRegistry, report: Report, audioBytes: number): void {
  const { model, input } = report
  registry.counter('asr_audio_seconds_total').inc({ model }, input.audioSeconds)
  registry.counter('asr_audio_bytes_total').inc({ codec: codecGroup(input.codec) }, audioBytes)
  const trimmed = registry.counter('asr_audio_trimmed_seconds_total')
  trimmed.inc({ position: 'leading' }, input.trimmedLeadingSeconds)
  trimmed.inc({ position: 'trailing' }, input.trimmedTrailingSeconds)
  registry.histogram('asr_audio_duration_seconds').observe(input.audioSeconds)
  if (input.audioSeconds === 0) return
  registry.histogram('asr_real_time_factor').observe({ model }, processingSeconds(report) / input.audioSeconds)
}

function countCascadeAndBiasing(registry: MetricRegistry, { cascade, alternatives, changedByBiasing }: Report): void {
  for (const reason of cascade?.reasons ?? []) registry.counter('asr_cascade_total').inc({ reason })
  registry.counter('asr_cascade_seconds_total').inc(cascade?.seconds ?? 0)
  if ((alternatives[0]?.phrases.length ?? 0) > 0) registry.counter('asr_bias_hits_total').inc()
  if (changedByBiasing) registry.counter('asr_bias_overrides_total').inc()
}

function describeOutput(registry: MetricRegistry, report: Report): void {
  const { model, language } = report
  const { tokensPerSecond, wordsPerSecond } = factsOf(report)
  registry.counter('asr_detected_language_total').inc({ language })
  observe(registry, {
    asr_confidence: report.confidence,
    asr_lowest_token_probability: report.lowestTokenProbability,
    asr_tokens_per_audio_second: tokensPerSecond,
    asr_words_per_second: wordsPerSecond,
  }, { model })
}

function describeInput(registry: MetricRegistry, report: Report): void {
  const { input, warnings } = report
  observe(registry, {
    asr_input_loudness_lufs: input.loudnessLufs,
    asr_input_snr_decibels: input.snrDb,
    asr_input_speech_ratio: input.speechRatio,
    asr_input_bandwidth_hertz: input.bandwidthHz,
  }, {})
  if (input.speechRatio > 0) {
    const silence = registry.histogram('asr_input_silence_seconds')
    silence.observe({ position: 'leading' }, input.leadingSilenceSeconds)
    silence.observe({ position: 'trailing' }, input.trailingSilenceSeconds)
  }
  for (const defect of DEFECTS) {
    const isFound = defect === 'no_speech' ? factsOf(report).state === 'no_speech' : warnings.includes(defect)
    if (isFound) registry.counter('asr_input_defects_total').inc({ defect })
  }
  const sampleRate = known(SAMPLE_RATES, String(input.sampleRate))
  registry.counter('asr_input_format_total').inc({ codec: codecGroup(input.codec), sample_rate: sampleRate })
}

/** A value that could not be measured is not observed: a zero in its place would look like drift. */
function observe(registry: MetricRegistry, values: Values, labels: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(values) as [MetricName, number | null][]) {
    if (value !== null) registry.histogram(name).observe({ ...labels }, value)
  }
}


type Values = Readonly<Partial<Record<MetricName, number | null>>>

const WAITING: readonly Stage[] = ['receive', 'queue_wait']

function processingSeconds({ seconds }: Report): number {
  return Object.entries(seconds)
    .filter(([stage]) => !WAITING.includes(stage as Stage))
    .reduce((sum, [, spent]) => sum + spent, 0)
}

function resultOf(report: Report): string {
  const { state } = factsOf(report)
  if (state === 'nothing_recognized') return 'empty'
  if (state === 'no_speech') return 'no_speech'
  if (report.warnings.includes('repetition')) return 'repetition'
  return report.warnings.includes('token_limit') ? 'token_limit' : 'text'
}

function known(values: readonly string[], value: string): string {
  return values.includes(value) ? value : 'other'
}
