/** A report as lines of text, for the terminal and for the picture. */
import type { Report, Warning } from '../../domain/report.js'

export interface Figure { readonly name: string; readonly value: string }

const EXPLAINED: Readonly<Record<Warning, string>> = {
  too_quiet: 'hardly audible',
  clipped: 'recorded too loud: peaks are cut off',
  noisy: 'the noise is less than 12 dB below the voice',
  narrowband: 'nothing above 4.7 kHz, as on a telephone',
  dc_offset: 'the signal has a DC offset: a fault of the sound card',
  too_short: 'too short to contain a word',
  truncated: 'the file ends before its declared length',
  unused_speech: 'somebody talks on another channel at the same time',
  low_confidence: 'the decoder is not sure of the words',
  repetition: 'the decoder repeated itself and was stopped',
  token_limit: 'the decoder reached its token limit; the text may be incomplete',
}

export function explain(warning: Warning): string {
  return EXPLAINED[warning]
}

export function inputFigures({ input }: Report): Figure[] {
  return [
    { name: 'Length', value: seconds(input.audioSeconds) },
    { name: 'Format', value: `${input.container} ${input.codec}` },
    {
      name: 'Sampled at',
      value: `${input.sampleRate / 1000} kHz, ${input.channels === 1 ? 'mono' : `${input.channels} channels`}`,
    },
    { name: 'Bandwidth', value: unless(input.bandwidthHz, (hertz) => `${(hertz / 1000).toFixed(1)} kHz`) },
    { name: 'Loudness', value: unless(input.loudnessLufs, (lufs) => `${signed(lufs)} LUFS`) },
    { name: 'Peak', value: unless(input.peakDbfs, (dbfs) => `${signed(dbfs)} dBFS`) },
    { name: 'Noise floor', value: unless(input.noiseFloorDbfs, (dbfs) => `${signed(dbfs)} dBFS`) },
    { name: 'Signal to noise', value: unless(input.snrDb, (db) => `${signed(db)} dB`) },
    { name: 'Clipped samples', value: `${(100 * input.clippedRatio).toFixed(2)} %` },
    { name: 'Offset', value: `${signed(100 * input.dcOffset, 2)} %` },
    { name: 'Speech', value: `${(100 * input.speechRatio).toFixed(0)} % of the clip` },
    {
      name: 'Silence before, after',
      value: `${input.leadingSilenceSeconds.toFixed(2)}, ${seconds(input.trailingSilenceSeconds)}`,
    },
    {
      name: 'Cut before, after',
      value: `${input.trimmedLeadingSeconds.toFixed(2)}, ${seconds(input.trimmedTrailingSeconds)}`,
    },
  ]
}

export function answerFigures(
  { confidence, language, model, cascade, noSpeechReason, seconds: stages }: Report,
): Figure[] {
  const total = Object.values(stages).reduce((sum, spent) => sum + spent, 0)
  return [
    { name: 'Model', value: model },
    ...cascade === null
      ? []
      : [{ name: 'Cascade', value: cascade.escalations === 0 ? 'not escalated' : `escalated to ${cascade.model}` }],
    { name: 'Language', value: language },
    { name: 'Confidence', value: unless(confidence, (share) => share.toFixed(2)) },
    ...noSpeechReason === null ? [] : [{ name: 'No text', value: noSpeechReason }],
    { name: 'Time', value: `${(1000 * total).toFixed(0)} ms` },
  ]
}

function unless(value: number | null, show: (value: number) => string): string {
  return value === null ? 'unknown' : show(value)
}

/** With a minus sign, not a hyphen; never −0. */
function signed(value: number, decimals = 1): string {
  const shown = Math.abs(value).toFixed(decimals)
  return value < 0 && Number(shown) !== 0 ? `−${shown}` : shown
}

function seconds(value: number): string {
  return `${value.toFixed(2)} s`
}
