/**
 * A segment → the cues of a subtitle, by phrase: short enough to be read at a glance (42 characters, as the BBC's and
 * Netflix's guidelines have it for a line; seven seconds), and cut where the speaker pauses or a sentence ends.
 */
import type { Segment } from '../../../domain/transcript.js'
import type { Word } from '../../../domain/words.js'

export interface Cue {
  readonly startSeconds: number
  readonly endSeconds: number
  readonly text: string
}

const MOST_CHARACTERS = 42
const MOST_SECONDS = 7
/** A sentence so short goes on with the next one, and an abbreviation with what it stands before. */
const LEAST_CHARACTERS = 12
/** A pause so long ends a phrase, however short it is. */
const PAUSE_SECONDS = 1
/** A shorter one is a place to cut where one has to be found. */
const BREATH_SECONDS = 0.2
const SENTENCE_END = /[.!?…。！？]["'”’)\]]*$/u
const CLAUSE_END = /[,;:、，；：–—-]["'”’)\]]*$/u

/** The segment as it is where nobody knows when its words were said. */
export function cuesOf({ startSeconds, endSeconds, text, words }: Segment): Cue[] {
  if (words === null || words.length === 0) return [{ startSeconds, endSeconds, text }]
  const placed = placesIn(text, words)
  const cues: Cue[] = []
  for (let from = 0; from < placed.length;) {
    const until = from + phraseLength(placed.slice(from))
    const [first, last] = [placed[from]!, placed[until - 1]!]
    cues.push({ startSeconds: first.startSeconds, endSeconds: last.endSeconds, text: text.slice(first.begin, last.end) })
    from = until
  }
  return cues
}

/** A word and its place in the text, with all that stands before the next word. */
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

/** How many of the words make the next cue, at least one. */
function phraseLength(words: readonly Placed[]): number {
  const [first] = words as readonly [Placed, ...Placed[]]
  const tooLong = words.findIndex(({ end, endSeconds }, index) => index > 0 && (end - first.begin > MOST_CHARACTERS || endSeconds - first.startSeconds > MOST_SECONDS))
  const most = tooLong === -1 ? words.length : tooLong
  const ended = words.slice(0, most).findIndex(({ text, end }, index) => (SENTENCE_END.test(text) && end - first.begin >= LEAST_CHARACTERS) || pauseBehind(words, index) >= PAUSE_SECONDS)
  if (ended !== -1) return ended + 1
  return tooLong === -1 ? most : bestCut(words, most)
}

/** The best place within the latter half of what fits: behind a clause, else at a breath, else at the end. */
function bestCut(words: readonly Placed[], most: number): number {
  const places = Array.from({ length: Math.ceil(most / 2) }, (_, index) => most - index)
  return places.find((count) => CLAUSE_END.test(words[count - 1]!.text))
    ?? places.find((count) => pauseBehind(words, count - 1) >= BREATH_SECONDS)
    ?? most
}

function pauseBehind(words: readonly Placed[], index: number): number {
  const next = words[index + 1]
  return next === undefined ? 0 : next.startSeconds - words[index]!.endSeconds
}
