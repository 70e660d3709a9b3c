/**
 * How far a clip contradicts its label, by forced decoding: for each place in which label and transcript differ, the
 * log-likelihood ratio of the transcript to the transcript with the words of the label there (after the detection of
 * transcription errors by acoustic likelihood, Huang et al., "Automatic detection of transcription errors", 2019,
 * arXiv:1904.04294). A recognizer is often wrong itself; then the label is nearly as probable as the transcript.
 *
 * Only the place in question changes, since the whole label in capitals or without punctuation would be improbable for
 * its spelling alone.
 */
import type { LabelDifference } from '../domain/label-difference.js'
import { totalLogProbability } from '../domain/log-probability.js'
import { normalizeEnglish } from '../domain/scoring/normalize-english.js'
import { alignWords, type Edit } from '../domain/scoring/word-errors.js'
import type { Hypothesis } from '../domain/transcript.js'
import { comparableText } from '../domain/words.js'

/** A label with more differences is compared as a whole. */
const MOST_DIFFERENCES = 16

/** A stretch of words in which label and transcript differ; ranges of words, `end` excluded. */
interface Place {
  readonly label: { readonly first: number; readonly end: number }
  readonly heard: { readonly first: number; readonly end: number }
}

/**
 * Empty where label and transcript have the same words, however they are written, and where the label has none. The
 * hypothesis can rescore.
 */
export async function scoreLabel(hypothesis: Hypothesis, label: string): Promise<LabelDifference[]> {
  const [labelled, heard] = [wordsOf(label), wordsOf(hypothesis.text)]
  if (labelled.length === 0) return []
  const places = placesOf(labelled.map(wordOf), heard.map(wordOf))
    .map((place) => ({ place, texts: textsWith(place, labelled, heard, isOneCase(label)) }))
    .filter(({ texts: [text] }) => !isSameSpeech(text!, hypothesis.text))
  const scores = await hypothesis.rescore!(places.flatMap(({ texts }) => texts))
  const own = totalLogProbability(hypothesis.logProbabilities)
  let next = 0
  return places.map(({ place, texts }) => {
    const best = Math.max(...scores.slice(next, next += texts.length))
    return {
      at: place.label.first,
      label: labelled.slice(place.label.first, place.label.end).map(wordOf),
      heard: heard.slice(place.heard.first, place.heard.end).map(wordOf),
      logLikelihoodRatio: own - best,
    }
  })
}

/** Without marks that stand alone and are not spoken. */
function wordsOf(text: string): string[] {
  return text.split(/\s+/u).filter((word) => wordOf(word) !== '')
}

/** As it is compared; a symbol that is spoken is its word: "#" is "pound". */
function wordOf(word: string): string {
  return comparableText(word) || normalizeEnglish(word).join(' ')
}

function isOneCase(label: string): boolean {
  return label === label.toUpperCase() || label === label.toLowerCase()
}

function isSameSpeech(one: string, other: string): boolean {
  return normalizeEnglish(one).join(' ') === normalizeEnglish(other).join(' ')
}

function placesOf(label: readonly string[], heard: readonly string[]): Place[] {
  const places: Place[] = []
  let [labelAt, heardAt] = [0, 0]
  let open: Place | undefined
  const step = ({ kind }: Edit): void => {
    if (kind !== 'insertion') labelAt++
    if (kind !== 'deletion') heardAt++
  }
  for (const edit of alignWords(label, heard)) {
    const [labelFirst, heardFirst] = [open?.label.first ?? labelAt, open?.heard.first ?? heardAt]
    step(edit)
    if (edit.kind === 'match') {
      if (open !== undefined) places.push(open)
      open = undefined
    } else {
      open = { label: { first: labelFirst, end: labelAt }, heard: { first: heardFirst, end: heardAt } }
    }
  }
  if (open !== undefined) places.push(open)
  return places.length <= MOST_DIFFERENCES ? places : [
    { label: { first: 0, end: label.length }, heard: { first: 0, end: heard.length } },
  ]
}

/**
 * The transcript with the words of the label in this place, in the spellings that may be meant: a label in one case
 * does not say which words are names.
 */
function textsWith(
  place: Place, labelled: readonly string[], heard: readonly string[], isOfOneCase: boolean,
): string[] {
  const given = labelled.slice(place.label.first, place.label.end)
  const lower = given.map((word) => word.toLowerCase())
  const spellings = isOfOneCase ? [lower, lower.map(capitalized)] : [given, lower]
  const [before, after] = [heard.slice(0, place.heard.first), heard.slice(place.heard.end)]
  const texts = spellings.map((words) => withCapital([...before, ...words, ...after], heard[0]).join(' '))
  return [...new Set(texts)]
}

function capitalized(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}

/** Begins with a capital if the transcript does. */
function withCapital(words: readonly string[], first: string | undefined): string[] {
  const isCapital = first !== undefined && first === capitalized(first)
  return words.map((word, index) => index === 0 && isCapital ? capitalized(word) : word)
}
