/** Formats a report in the five ways of OpenAI's transcription API: json, text, verbose_json, srt, vtt. */
import { deflateSync } from 'node:zlib'
import type { Report } from '../../../domain/report.js'
import type { Segment, TokenLogProbability } from '../../../domain/transcript.js'
import { rounded } from '../answers.js'
import { deltasOf } from './event-stream.js'
import { cuesOf, type Cue } from './subtitles.js'

/** Punctuation of sentences, quotations and parentheses; not signs that are read out, as in "50%". */
const PUNCTUATION_AROUND = /^[\p{Ps}\p{Pi}"'¿¡]+|[\p{Pe}\p{Pf}"'.,:;!?…。、，！？：；]+$/gu

export const RESPONSE_FORMATS = ['json', 'text', 'verbose_json', 'srt', 'vtt'] as const
export type ResponseFormat = (typeof RESPONSE_FORMATS)[number]

/** What `verbose_json` reports the times of. */
export type Granularity = 'segment' | 'word'

export interface AnswerShape {
  readonly format: ResponseFormat
  readonly granularities: readonly Granularity[]
  /** Whether the JSON formats have the log-probabilities of the tokens. */
  readonly tokenLogProbabilities: boolean
  /** Whether the request named the languages that may be spoken; the JSON formats then have the one that was. */
  readonly namesLanguages: boolean
}

/** Formats whose cues are cut by phrase where words have times. */
export function isByPhrase(format: ResponseFormat): boolean {
  return format === 'srt' || format === 'vtt'
}

export interface FormattedAnswer {
  readonly contentType: string
  readonly body: string
}

export function formatReport(report: Report, shape: AnswerShape, feedbackToken: string): FormattedAnswer {
  const { format, granularities } = shape
  const requested = requestedFields(report, shape)
  switch (format) {
    case 'json': return json({ text: report.text, ...requested, usage: usageOf(report) })
    case 'verbose_json':
      return json({ ...verbose(report, granularities), ...requested, feedback_token: feedbackToken })
    case 'text': return { contentType: 'text/plain; charset=utf-8', body: `${report.text}\n` }
    case 'srt': return subtitles('application/x-subrip', subRip, report)
    case 'vtt': return subtitles('text/vtt', webVtt, report)
  }
}

/** As OpenAI streams them (openai-node 6.49, `TranscriptionTextDeltaEvent` and `TranscriptionTextDoneEvent`). */
export function eventsOf(report: Report, shape: AnswerShape): object[] {
  const deltas = deltasOf(report).map(({ text, tokens }) => ({
    type: 'transcript.text.delta', delta: text, ...shape.tokenLogProbabilities && { logprobs: logprobsOf(tokens) },
  }))
  const done = {
    type: 'transcript.text.done', text: report.text, ...requestedFields(report, shape), usage: usageOf(report),
  }
  return [...deltas, done]
}

function logprobsOf(tokens: readonly TokenLogProbability[]): object[] {
  return tokens.map(({ token, logProbability, bytes }) => ({ token, logprob: logProbability, bytes }))
}

function requestedFields({ segments, language }: Report, shape: AnswerShape): object {
  const tokens = segments.flatMap(({ tokenLogProbabilities }) => tokenLogProbabilities ?? [])
  return {
    ...shape.tokenLogProbabilities && { logprobs: logprobsOf(tokens) },
    ...shape.namesLanguages && { languages: segments.length === 0 ? [] : [{ code: language }] },
  }
}

function usageOf({ input }: Report): object {
  return { type: 'duration', seconds: Math.ceil(input.audioSeconds) }
}

function subtitles(type: string, write: (cues: readonly Cue[]) => string, { segments }: Report): FormattedAnswer {
  return { contentType: `${type}; charset=utf-8`, body: write(segments.flatMap(cuesOf)) }
}

function json(value: object): FormattedAnswer {
  return { contentType: 'application/json; charset=utf-8', body: JSON.stringify(rounded(value)) }
}

function verbose(report: Report, granularities: readonly Granularity[]): object {
  return {
    task: 'transcribe',
    language: languageName(report.language),
    duration: report.input.audioSeconds,
    text: report.text,
    ...granularities.includes('word') && { words: report.segments.flatMap(wordsOf) },
    ...granularities.includes('segment') && { segments: report.segments.map(verboseSegment) },
    usage: usageOf(report),
  }
}

function verboseSegment(segment: Segment, id: number): object {
  return {
    id,
    seek: Math.round(segment.startSeconds * 100), // frames of 10 ms, as Whisper counts
    start: segment.startSeconds,
    end: segment.endSeconds,
    text: segment.text,
    tokens: segment.tokens,
    temperature: 0,
    avg_logprob: segment.meanLogProbability,
    compression_ratio: compressionRatio(segment.text),
    // Speech is detected before the model runs, so every segment counts as speech.
    no_speech_prob: 0,
  }
}

/** OpenAI's words have no punctuation around them. */
function wordsOf({ words }: Segment): object[] {
  return (words ?? []).map(({ text, startSeconds: start, endSeconds: end }) =>
    ({ word: text.replace(PUNCTUATION_AROUND, ''), start, end }))
}

/** Whisper's measure of repetitive text: bytes over deflated bytes. */
function compressionRatio(text: string): number {
  const bytes = Buffer.from(text)
  return bytes.length / deflateSync(bytes).length
}

/** OpenAI says `english`, not `en`. */
function languageName(code: string): string {
  return new Intl.DisplayNames(['en'], { type: 'language' }).of(code)?.toLowerCase() ?? code
}

/** SubRip: numbered from 1, hours:minutes:seconds,milliseconds. */
function subRip(cues: readonly Cue[]): string {
  return cues.map(({ startSeconds, endSeconds, text }, index) =>
    `${index + 1}\n${timeStamp(startSeconds, ',')} --> ${timeStamp(endSeconds, ',')}\n${text}\n`).join('\n')
}

/** WebVTT (W3C): a cue's text may hold neither `-->` nor markup. */
function webVtt(cues: readonly Cue[]): string {
  const blocks = cues.map(({ startSeconds, endSeconds, text }) =>
    `${timeStamp(startSeconds, '.')} --> ${timeStamp(endSeconds, '.')}\n${escapeCue(text)}\n`)
  return ['WEBVTT\n', ...blocks].join('\n')
}

function escapeCue(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function timeStamp(seconds: number, separator: string): string {
  const milliseconds = Math.round(seconds * 1000)
  const part = (unit: number, modulus: number, digits: number): string =>
    String(Math.floor(milliseconds / unit) % modulus).padStart(digits, '0')
  return `${part(3_600_000, 100, 2)}:${part(60_000, 60, 2)}:${part(1000, 60, 2)}${separator}${part(1, 1000, 3)}`
}
