/**
 * Cuts a segment into subtitle cues, by phrase: short enough to be read at a glance (42 characters, the limit of a line
 * in the guidelines of the BBC and Netflix; seven seconds), and cut where the speaker pauses or a sentence ends.
 */
import type { Segment } from '../../../domain/transcript.js'
import type { Word } from '../../../domain/words.js'

export interface Cue {
  readonly startSeconds: number
  readonly endSeconds: number
  readonly text: string
}

const MAX_CHARACTERS = 42
const MAX_SECONDS = 7
/** A shorter sentence is joined with the next one, as is an abbreviation with the word after it. */
const MIN_CHARACTERS = 12
/** A longer pause ends a phrase of any length. */
const PAUSE_SECONDS = 1
/** A pause at which a phrase that is too long can be cut. */
const SHORT_PAUSE_SECONDS = 0.2
const SENTENCE_END = /[.!?…。！？]["'”’)\]]*$/u
const CLAUSE_END = /[,;:、，；：–—-]["'”’)\]]*$/u

/** One cue for the whole segment if its words have no times. */
export function cuesOf({ startSeconds, endSeconds, text, words }: Segment): Cue[] {
  if (words === null || words.length === 0) return [{ startSeconds, endSeconds, text }]
  const placed = placesIn(text, words)
  const cues: Cue[] = []
  for (let from = 0; from < placed.length;) {
    const until = from + phraseLength(placed.slice(from))
    const phrase = placed.slice(from, until)
    const [first, last] = [phrase[0], phrase.at(-1)]
    if (first === undefined || last === undefined) break
    const { startSeconds, begin } = first
    cues.push({ startSeconds, endSeconds: last.endSeconds, text: text.slice(begin, last.end) })
    from = until
  }
  return cues
}

/** A word with its place in the text. */
interface Placed extends Word { readonly begin: number; readonly end: number }

function placesIn(text: string, words: readonly Word[]): Placed[] {
  let at = 0
  return words.map((word) => {
    const found = text.indexOf(word.text, at)
    const begin = found === -1 ? at : found
    at = Math.min(text.length, begin + word.text.length)
    return { ...word, begin, end: at }
  })
}

/** Number of words in the next cue, at least one. */
function phraseLength(words: readonly Placed[]): number {
  const [{ begin, startSeconds }] = words as readonly [Placed, ...Placed[]]
  const tooLong = words.findIndex(({ end, endSeconds }, index) =>
    index > 0 && (end - begin > MAX_CHARACTERS || endSeconds - startSeconds > MAX_SECONDS))
  const most = tooLong === -1 ? words.length : tooLong
  const ended = words.slice(0, most).findIndex(({ text, end }, index) =>
    (SENTENCE_END.test(text) && end - begin >= MIN_CHARACTERS) || pauseAfter(words, index) >= PAUSE_SECONDS)
  if (ended !== -1) return ended + 1
  return tooLong === -1 ? most : bestCut(words, most)
}

/** The best cut within the latter half of what fits: after a clause, else at a short pause, else at the end. */
function bestCut(words: readonly Placed[], most: number): number {
  const places = Array.from({ length: Math.ceil(most / 2) }, (_, index) => most - index)
  return places.find((count) => CLAUSE_END.test(words[count - 1]?.text ?? ''))
    ?? places.find((count) => pauseAfter(words, count - 1) >= SHORT_PAUSE_SECONDS)
    ?? most
}

function pauseAfter(words: readonly Placed[], index: number): number {
  const [word, next] = words.slice(index, index + 2)
  return word === undefined || next === undefined ? 0 : next.startSeconds - word.endSeconds
}
