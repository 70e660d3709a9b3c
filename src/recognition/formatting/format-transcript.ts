/**
 * The one place where the text of an answer is written in another way than the model wrote it: modern spelling and,
 * where requested, numbers as figures or words. Everything that holds the text changes together: the transcript, its
 * words with their times, and the alternatives.
 *
 * It comes after decoding, re-decoding, vetting and the cascade, which compare what the models wrote.
 */
import type { RecognitionRequest } from '../../domain/request.js'
import type { Hypothesis } from '../../domain/transcript.js'
import type { ClipTranscript } from '../stages.js'
import { modernSpelling } from './modern-spelling.js'
import { numbersAsDigits } from './numbers-as-digits.js'
import { numbersAsWords } from './numbers-as-words.js'
import { piecesOf, rewriteWords, textOf, type Piece } from './pieces.js'

export type TextFormat = Pick<RecognitionRequest, 'format' | 'numbers'>

export function formatTranscript(transcript: ClipTranscript, format: TextFormat): ClipTranscript {
  if (format.format === 'raw') return transcript
  const { hypothesis, words } = transcript
  const pieces = formattedPieces(hypothesis.text, hypothesis.language, format)
  return {
    ...transcript,
    words: words && rewriteWords(words, hypothesis.text, pieces),
    hypothesis: { ...hypothesis, text: textOf(pieces), ...formattedAlternatives(hypothesis, format) },
  }
}

/** `language`: ISO 639-1. Text without words is returned as it is. */
export function formatText(text: string, language: string, format: TextFormat): string {
  return format.format === 'raw' ? text : textOf(formattedPieces(text, language, format))
}

/** Alternatives that are now written alike are one: the first, which is the most probable. */
function formattedAlternatives(
  { alternatives, language }: Hypothesis, format: TextFormat,
): Pick<Hypothesis, 'alternatives'> {
  if (alternatives === undefined) return {}
  const seen = new Set<string>()
  const formatted = alternatives.map((alternative) =>
    ({ ...alternative, text: formatText(alternative.text, language, format) }))
  return { alternatives: formatted.filter(({ text }) => !seen.has(text) && seen.add(text)) }
}

function formattedPieces(text: string, language: string, { numbers }: TextFormat): Piece[] {
  const modern = modernSpelling(piecesOf(text), language)
  if (language !== 'en' || numbers === 'as_heard') return modern
  return numbers === 'digits' ? numbersAsDigits(modern) : numbersAsWords(modern)
}
