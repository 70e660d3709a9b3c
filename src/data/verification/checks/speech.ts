/**
 * Label and audio by amount, not by content: speech without a label, a label without speech, and more or fewer words
 * and characters than a person says in that time. The amount finds swapped and cut labels of unequal length, clips
 * that are cut off, and wrong sample rates that nothing declares.
 */
import { normalizeReference } from '../../../domain/scoring/normalize.js'
import { withoutRemarks } from '../../../domain/scoring/normalize-english.js'
import type { ExaminedClip } from '../facts.js'
import { finding, type Finding } from '../finding.js'
import { groupBy } from '../../group-by.js'
import { spreadOf } from '../../statistics/robust.js'
import type { CheckedSet } from './check.js'

/**
 * Syllables limit speech: the fastest speakers say about ten a second (Pfitzinger 1999), which are at most 7 English
 * words or 30 letters.
 */
const MOST_WORDS_PER_SECOND = 7
const MOST_LETTERS_PER_SECOND = 30
/** Of labels with several words; a single long word takes a second, with a pause. */
const FEWEST_LETTERS_PER_SECOND = 2.5
/** Robust deviations of the logarithm from the median of the source. */
const FAR = 4
/** Rates vary by a half within a source, and more in short labels, where one pause counts. */
const MIN_RATIO = 1.8
const MORE_BY_LETTERS = 2
/** A shorter label may be said slowly. */
const FEWEST_LETTERS = 6
/** A digit is said as a word. */
const LETTERS_OF_DIGIT = 4
const MIN_SOURCE = 12
/** Lengths of shorter spans are mostly margin. */
const MIN_SPEECH_SECONDS = 0.3
/** Below it, a transcript is no sign that somebody spoke. */
const SURE = 0.5

export function* checkSpeech({ clips }: CheckedSet): Iterable<Finding> {
  for (const clip of clips) yield* checkPresence(clip)
  for (const group of groupBy(clips, ({ listed }) => listed.source).values()) yield* checkRates(group)
}

function* checkPresence({ listed, facts: { recognized } }: ExaminedClip): Iterable<Finding> {
  if (recognized === null || listed.text === null) return
  const words = normalizeReference(listed.text, recognized.language)
  const { noSpeechReason, speechRatio, text, correctness, confidence } = recognized
  if (words.length > 0 && noSpeechReason !== null) {
    // What the detectors took for speech and the model for none may be a word that is hard to understand.
    const certainty = speechRatio === 0 ? 1 : 0.6
    const detail = `the label is "${shortened(listed.text)}", but no speech was found (${noSpeechReason})`
    yield finding('no_speech', listed, detail, { label: listed.text, noSpeechReason, speechRatio }, certainty)
  }
  if (words.length === 0 && text !== '') {
    const certainty = (correctness ?? confidence ?? 0) >= SURE ? 1 : 0.5
    const detail = `the label is empty, but "${shortened(text)}" was recognized`
    yield finding('speech_unlabelled', listed, detail, { recognized: text, correctness, speechRatio }, certainty)
  }
}

interface Rated {
  readonly clip: ExaminedClip
  readonly letters: number
  readonly words: number
  readonly seconds: number
  readonly lettersPerSecond: number
}

function* checkRates(clips: readonly ExaminedClip[]): Iterable<Finding> {
  const rated = clips.flatMap(rate)
  const usual = rated.length >= MIN_SOURCE
    ? spreadOf(rated.map(({ lettersPerSecond }) => Math.log(lettersPerSecond)))
    : undefined
  for (const one of rated) {
    const { clip: { listed }, letters, words, seconds, lettersPerSecond } = one
    const distance = usual && Math.abs(Math.log(lettersPerSecond) - usual.median)
    const least = Math.log(MIN_RATIO) + MORE_BY_LETTERS / letters
    const isFar = usual !== undefined && distance! > Math.max(least, FAR * usual.deviation)
    const isImpossible = isOutside(one)
    if (!isImpossible && (!isFar || letters < FEWEST_LETTERS)) continue
    const compared = usual && `, the median of ${listed.source} is ${Math.exp(usual.median).toFixed(1)}`
    const detail = `${words} words in ${seconds.toFixed(2)} s of speech, `
      + `${lettersPerSecond.toFixed(1)} letters a second${compared ?? ''}`
    const evidence = { label: listed.text, letters, words, speechSeconds: seconds, lettersPerSecond }
    yield finding('speaking_rate', listed, detail, evidence, isImpossible ? 1 : 0.6)
  }
}

function rate(clip: ExaminedClip): Rated[] {
  const { listed: { text }, facts: { recognized } } = clip
  if (recognized === null || text === null || recognized.speechSeconds < MIN_SPEECH_SECONDS) return []
  const words = normalizeReference(text, recognized.language)
  const letters = lettersOf(text)
  if (letters === 0) return []
  const seconds = recognized.speechSeconds
  return [{ clip, letters, words: words.length, seconds, lettersPerSecond: letters / seconds }]
}

/** Letters of any script without marks; digits count as the letters of their word. */
export function lettersOf(text: string): number {
  const letters = withoutRemarks(text).match(/\p{L}/gu)?.length ?? 0
  return letters + LETTERS_OF_DIGIT * (withoutRemarks(text).match(/\p{N}/gu)?.length ?? 0)
}

function isOutside({ words, letters, seconds, lettersPerSecond }: Rated): boolean {
  return words / seconds > MOST_WORDS_PER_SECOND || lettersPerSecond > MOST_LETTERS_PER_SECOND
    || letters >= FEWEST_LETTERS && words > 1 && lettersPerSecond < FEWEST_LETTERS_PER_SECOND
}

const SHOWN_CHARACTERS = 60

function shortened(text: string): string {
  return text.length <= SHOWN_CHARACTERS ? text : `${text.slice(0, SHOWN_CHARACTERS)}…`
}
