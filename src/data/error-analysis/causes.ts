/**
 * Why a place is wrong. Each class has a test that needs evidence beyond the transcript itself; the first class in the
 * order of CAUSES whose test holds is the cause, and all that hold are kept.
 *
 * The order goes from what is no recognition error, over what the decoder could have written, to what is left. Search
 * errors are told from modelling errors by scoring the label with the model (Chase, "Error-responsive feedback
 * mechanisms for speech recognizers", CMU 1997). The front end comes after decoding: where the right words are nearly
 * as probable, any change of the audio may bring them to the top. Poor audio comes late: most clips with a warning are
 * recognized, so a warning explains an error only if nothing better does and the reference fails in the same place.
 */
import type { LabelDifference } from '../../domain/label-difference.js'
import { normalizeForSearch, normalizeReference, normalizeText } from '../../domain/scoring/normalize.js'
import { alignWords, type Edit } from '../../domain/scoring/word-errors.js'
import type { ObservedClip } from './clip.js'
import { isHeardAlike, isRightAt, placesOf, type Place } from './places.js'

/** In their order; docs/analyze-errors.md has the same texts. */
export const CAUSES = {
  normalization: 'label and transcript are equal when word boundaries and the way to write numbers are ignored',
  label: 'the recognizer finds its own words exp(6) times as probable as those of the label, and the reference hears '
    + 'the same; without a reference, exp(12) times; the two do not sound the same',
  biasing: 'without biasing by the catalogue, the words are right',
  search: 'the model finds the label at least as probable as its own transcript: the decoder did not find it',
  'n-best': 'an alternative of the n-best list is right here: found, and ranked too low',
  'front end': 'with trimming off, volume normalization off or neural speech detection, the words are right',
  audio: 'the recording has a warning, or no speech was found in it, and the reference is wrong here too',
  model: 'the model finds its own words more probable than those of the label (modelling error)',
  unknown: 'the label could not be scored: several clips in one upload, no text, or a model without scoring',
} as const
export type Cause = keyof typeof CAUSES
export const CAUSE_NAMES = Object.keys(CAUSES) as Cause[]

/** Second runs of the same clip, each with one setting changed. */
export const VARIANTS = ['trimming off', 'volume normalization off', 'neural speech detection', 'beam search'] as const
export type Variant = (typeof VARIANTS)[number]
/** It changes the decoder and not the front end. */
const OF_DECODER: Variant = 'beam search'

/** What further runs found out about a clip; null or absent where they did not run or could not tell. */
export interface Evidence {
  /** Transcripts of the n-best list, the best first. */
  readonly alternatives: readonly string[] | null
  readonly labelDifferences: readonly LabelDifference[] | null
  readonly variants: Readonly<Partial<Record<Variant, string>>>
  /** Transcript of the reference: another model, or a person. */
  readonly reference: string | null
}

export const NO_EVIDENCE: Evidence = { alternatives: null, labelDifferences: null, variants: {}, reference: null }

export interface ExplainedPlace extends Place {
  readonly cause: Cause
  /** What the test of the cause saw, as a sentence. */
  readonly because: string
  /** Further classes whose test holds. */
  readonly also: readonly Cause[]
  /** Whether the reference is right here; null without one. */
  readonly isReferenceRight: boolean | null
}

/** Natural logarithms. With two recognizers that agree, as in verify-data; alone, what is called certain there. */
const CONTRADICTED_RATIO = 6
const CONTRADICTED_ALONE_RATIO = 12

export interface ExplainOptions {
  readonly language: string
  /** What a word sounds like: words with equal keys are homophones. */
  readonly soundOf: (word: string) => string
}

export function explainPlaces(
  clip: ObservedClip, evidence: Evidence, { language, soundOf }: ExplainOptions,
): ExplainedPlace[] {
  const places = placesOf(clip.edits)
  if (places.length === 0) return []
  const align = (text: string): Edit[] => alignWords(clip.reference, normalizeText(text, language))
  const witnesses: Witnesses = {
    isSameWhenLax: isSameWhenLax(clip, language),
    reference: evidence.reference === null ? null : align(evidence.reference),
    unbiased: clip.unbiasedText === null ? null : align(clip.unbiasedText),
    variants: Object.entries(evidence.variants).filter(([name]) => name !== OF_DECODER)
      .map(([name, text]) => ({ name, edits: align(text) })),
    alternatives: (evidence.alternatives ?? []).map((text) => ({ text, edits: align(text) })),
    impairments: clip.impairments,
    soundOf,
  }
  const ratios = ratiosOf(places, evidence.labelDifferences ?? [], language)
  return places.map((place, index) => explain(place, ratios[index] ?? null, witnesses))
}

interface Witnesses {
  readonly isSameWhenLax: boolean
  readonly reference: readonly Edit[] | null
  readonly unbiased: readonly Edit[] | null
  readonly variants: readonly { readonly name: string; readonly edits: readonly Edit[] }[]
  readonly alternatives: readonly { readonly text: string; readonly edits: readonly Edit[] }[]
  readonly impairments: readonly string[]
  readonly soundOf: (word: string) => string
}

/** `ratio`: log-likelihood of the transcript less that of the label in this place; null: unknown. */
function explain(place: Place, ratio: number | null, witnesses: Witnesses): ExplainedPlace {
  const isReferenceRight = witnesses.reference === null ? null : isRightAt(place, witnesses.reference)
  const reasons: Readonly<Record<Cause, string | null>> = {
    'normalization': isWrittenAlike(place) || witnesses.isSameWhenLax ? 'the same letters, written otherwise' : null,
    'label': contradictionOf(place, ratio, witnesses),
    'biasing': witnesses.unbiased !== null && isRightAt(place, witnesses.unbiased) ? 'right without biasing' : null,
    'search': ratio !== null && ratio <= 0 ? `the label is exp(${(-ratio).toFixed(1)}) times as probable` : null,
    'n-best': alternativeOf(place, witnesses),
    'front end': repairOf(place, witnesses),
    'audio': witnesses.impairments.length > 0 && isReferenceRight !== true ? witnesses.impairments.join(', ') : null,
    'model': ratio !== null && ratio > 0 ? `exp(${ratio.toFixed(1)}) times as probable as the label` : null,
    'unknown': ratio === null ? 'the label was not scored' : null,
  }
  const [cause = 'unknown', ...also] = CAUSE_NAMES.filter((name) => reasons[name] !== null)
  return { ...place, cause, because: reasons[cause] ?? 'no test holds', also, isReferenceRight }
}

function isWrittenAlike({ said, heard }: Place): boolean {
  return said.length > 0 && said.join('') === heard.join('')
}

/**
 * The way to write numbers needs the words around them, so it is compared for the whole clip. Only figures leave open
 * how a number is said: "22" may be "two two", "twenty two" may not.
 */
function isSameWhenLax({ text, transcript }: ObservedClip, language: string): boolean {
  if (language !== 'en' || !/\d/.test(text + transcript)) {
    return normalizeReference(text, language).join('') === normalizeText(transcript, language).join('')
  }
  return normalizeForSearch(text).join('') === normalizeForSearch(transcript).join('')
}

/** Two recognizers that agree may only share how they write a sound. */
function contradictionOf(place: Place, ratio: number | null, { reference, soundOf }: Witnesses): string | null {
  const soundsOf = (words: readonly string[]): string => words.map(soundOf).join(' ')
  if (ratio === null || soundsOf(place.said) === soundsOf(place.heard)) return null
  const odds = `exp(${ratio.toFixed(1)}) times as probable as the label`
  if (reference === null) return ratio >= CONTRADICTED_ALONE_RATIO ? odds : null
  if (ratio < CONTRADICTED_RATIO || !isHeardAlike(place, reference)) return null
  return `${odds}, and the reference hears it too`
}

function repairOf(place: Place, { variants }: Witnesses): string | null {
  const names = variants.filter(({ edits }) => isRightAt(place, edits)).map(({ name }) => name)
  return names.length === 0 ? null : `right with ${names.join(', with ')}`
}

function alternativeOf(place: Place, { alternatives }: Witnesses): string | null {
  const rank = alternatives.findIndex(({ edits }) => isRightAt(place, edits))
  return rank < 0 ? null : `right in alternative ${rank + 1}: "${alternatives[rank]!.text}"`
}

/**
 * Scored differences are found by other rules of normalization, so they are matched by their words, in their order:
 * equal words first, then any common word. Null where none matches.
 */
function ratiosOf(
  places: readonly Place[], differences: readonly LabelDifference[], language: string,
): (number | null)[] {
  const scored = differences.map(({ label, heard, logLikelihoodRatio }) => ({
    said: normalizeText(label.join(' '), language), heard: normalizeText(heard.join(' '), language),
    ratio: logLikelihoodRatio,
  }))
  const isEqual = (place: Place, { said, heard }: Pick<Place, 'said' | 'heard'>): boolean =>
    place.said.join(' ') === said.join(' ') && place.heard.join(' ') === heard.join(' ')
  const isNear = (place: Place, { said, heard }: Pick<Place, 'said' | 'heard'>): boolean =>
    place.said.some((word) => said.includes(word)) || place.heard.some((word) => heard.includes(word))
  return places.map((place) =>
    (scored.find((one) => isEqual(place, one)) ?? scored.find((one) => isNear(place, one)))?.ratio ?? null)
}
