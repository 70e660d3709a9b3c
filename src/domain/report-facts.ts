/**
 * Facts that follow from a report and that metrics, drift and feedback share: each is defined and computed here alone,
 * so that figures of the same name agree.
 */
import type { Report } from './report.js'

/**
 * A word of a transcript is a run of letters, digits and straight apostrophes: "it's 5 o'clock" has three,
 * "voice-search" two, "hello , world" two, "♪ la ♪" one. Stored drift baselines count words in this way; another
 * definition needs a new PIPELINE_VERSION (monitoring/drift/baseline.ts). Word error rates count the words of a
 * normalized text instead (domain/scoring/normalize.ts).
 */
const WORD = /[\p{L}\p{N}']+/gu

/** Sample rates that are told apart, in Hz. */
export const SAMPLE_RATES = ['8000', '16000', '22050', '24000', '44100', '48000'] as const

/**
 * Whether a report has text, and why not: no speech was found, or speech was found and no credible words were
 * recognized.
 */
export const TRANSCRIPT_STATES = ['text', 'no_speech', 'nothing_recognized'] as const
export type TranscriptState = (typeof TRANSCRIPT_STATES)[number]

export interface ReportFacts {
  /** Words of the transcript as the model wrote it, in their order, in lower case. */
  readonly words: readonly string[]
  readonly wordCount: number
  /** Tokens of all segments, end tokens not included. */
  readonly tokenCount: number
  /** Per second of the audio that was given to the model; null without text or without such audio. */
  readonly wordsPerSecond: number | null
  readonly tokensPerSecond: number | null
  readonly state: TranscriptState
}

/** Reports are never changed, so the facts of one are computed once. */
const computed = new WeakMap<Report, ReportFacts>()

export function factsOf(report: Report): ReportFacts {
  const known = computed.get(report)
  if (known !== undefined) return known
  const facts = computeFacts(report)
  computed.set(report, facts)
  return facts
}

function computeFacts(report: Report): ReportFacts {
  const { text, rawText, segments, input: { speechSeconds } } = report
  const words = wordsOf(rawText)
  const tokenCount = segments.reduce((sum, { tokens }) => sum + tokens.length, 0)
  const perSecond = (count: number): number | null => text === '' || speechSeconds === 0 ? null : count / speechSeconds
  return {
    words,
    wordCount: words.length,
    tokenCount,
    wordsPerSecond: perSecond(words.length),
    tokensPerSecond: perSecond(tokenCount),
    state: stateOf(report),
  }
}

function wordsOf(text: string): readonly string[] {
  return text.toLowerCase().match(WORD) ?? []
}

function stateOf({ text, noSpeechReason }: Report): TranscriptState {
  if (text !== '') return 'text'
  const isSpeech = noSpeechReason === 'nothing_recognized' || noSpeechReason === 'words_rejected'
  return isSpeech ? 'nothing_recognized' : 'no_speech'
}
