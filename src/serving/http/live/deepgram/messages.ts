/** What a Deepgram session tells, in the shapes of @deepgram/sdk 5.13 (`ListenV1Results` and its neighbours). */
import { ERRORS, type SpeechError } from '../../../../domain/errors.js'
import type { Report } from '../../../../domain/report.js'
import type { Segment } from '../../../../domain/transcript.js'
import { rounded } from '../../answers.js'
import type { ServedModel } from '../../dependencies.js'
import type { Found } from '../../search/search.js'

/** Of one channel; there are no others. */
const CHANNEL_INDEX = [0, 1]

export interface ResultOptions {
  readonly requestId: string
  readonly model: ServedModel
  /** Else words are in small letters, without punctuation, as by Deepgram. */
  readonly isPunctuated: boolean
}

export interface Result {
  readonly startSeconds: number
  readonly endSeconds: number
  /** Null: nothing was said. */
  readonly report: Report | null
  readonly found: Found | null
  /** These words will not change. */
  readonly isFinal: boolean
  /** The speaker paused, or the stream ended. */
  readonly speechFinal: boolean
  /** The answer to `Finalize`. */
  readonly fromFinalize: boolean
}

export interface TimedWord {
  readonly word: string
  readonly punctuated_word?: string
  readonly start: number
  readonly end: number
  /** Calibrated probability that it is right, or that of its tokens where the model has no calibration. */
  readonly confidence: number
}

export function resultsMessage(result: Result, options: ResultOptions): object {
  const { report, startSeconds, endSeconds, found } = result
  const { model, requestId, isPunctuated } = options
  const text = report?.text ?? ''
  const language = report?.language ?? ''
  return {
    type: 'Results',
    channel_index: CHANNEL_INDEX,
    start: seconds(startSeconds),
    duration: seconds(endSeconds - startSeconds),
    is_final: result.isFinal,
    speech_final: result.speechFinal,
    from_finalize: result.fromFinalize,
    channel: {
      alternatives: [{
        transcript: isPunctuated ? text : plainText(text),
        confidence: probability(report?.confidence ?? 0),
        ...language !== '' && { languages: [language] },
        words: report === null ? [] : wordsOf(report, startSeconds, isPunctuated),
      }],
    },
    metadata: {
      request_id: requestId,
      model_info: { name: model.name, version: model.version, arch: model.family },
      model_uuid: model.digest,
    },
    ...found !== null && { earshot: rounded({ found }) },
  }
}

/** On the time line of the stream; none where the model does not time words. */
function wordsOf({ segments }: Report, offsetSeconds: number, isPunctuated: boolean): TimedWord[] {
  const words = segments.flatMap((segment: Segment) => segment.words ?? [])
  return words.map(({ text, startSeconds, endSeconds, correctness, confidence }) => ({
    word: plainText(text),
    ...isPunctuated && { punctuated_word: text },
    start: seconds(offsetSeconds + startSeconds),
    end: seconds(offsetSeconds + endSeconds),
    confidence: probability(correctness ?? confidence),
  })).filter(({ word }) => word !== '')
}

/** Undefined without words; where words have no times, the end of the speech that they are in. */
export function lastWordEnd(report: Report, offsetSeconds: number): number | undefined {
  if (report.text === '') return undefined
  const lastSegment = report.segments.at(-1)?.endSeconds
  return wordsOf(report, offsetSeconds, false).at(-1)?.end
    ?? (lastSegment === undefined ? undefined : offsetSeconds + lastSegment)
}

export function speechStarted(atSeconds: number): object {
  return { type: 'SpeechStarted', channel: CHANNEL_INDEX, timestamp: seconds(atSeconds) }
}

export function utteranceEnd(lastWordEnd: number): object {
  return { type: 'UtteranceEnd', channel: CHANNEL_INDEX, last_word_end: seconds(lastWordEnd) }
}

export interface SessionFacts {
  readonly created: string
  readonly durationSeconds: number
  /** Hexadecimal, of the bytes as they arrived. */
  readonly sha256: string
  /** Parameters of the address without effect. */
  readonly ignored: readonly string[]
}

export function metadataMessage(facts: SessionFacts, { model, requestId }: ResultOptions): object {
  const { created, durationSeconds, sha256, ignored } = facts
  return {
    type: 'Metadata', transaction_key: 'deprecated', request_id: requestId, sha256, created,
    duration: seconds(durationSeconds), channels: 1, models: [model.digest],
    model_info: { [model.digest]: { name: model.name, version: model.version, arch: model.family } },
    ...ignored.length > 0 && { earshot: { ignored_parameters: ignored.slice(0, MAX_IGNORED) } },
  }
}

const MAX_IGNORED = 20

/** `variant` is the stable code. */
export function errorMessage(error: SpeechError): object {
  return { type: 'Error', variant: error.code, description: ERRORS[error.code].message, message: error.message }
}

/** Small letters without the punctuation around words; signs within them stay, as in "3:30" and "don't". */
function plainText(text: string): string {
  return text.toLowerCase().split(/\s+/).map((word) => word.replace(AROUND_WORD, '')).filter((word) => word !== '')
    .join(' ')
}

const AROUND_WORD = /^[\p{Ps}\p{Pi}"'¿¡–—-]+|[\p{Pe}\p{Pf}"'.,:;!?…–—-]+$/gu

function seconds(value: number): number {
  return Number(value.toFixed(3))
}

function probability(value: number): number {
  return Number(value.toFixed(4))
}
