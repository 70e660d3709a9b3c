/** The composition of the set: who and what dominates it, and which words it has. Findings about the whole set. */
import { normalizeReference } from '../../../domain/scoring/normalize.js'
import { finding, type Finding, WHOLE_SET } from '../finding.js'
import type { ExaminedClip } from '../facts.js'
import type { CheckedSet } from './check.js'

/** More of the audio by one speaker makes a figure a figure about that person. */
const DOMINANT_SPEAKER = 0.25
/** Fewer speakers cannot be balanced. */
const MIN_SPEAKERS = 5
const DOMINANT_SOURCE = 0.8
const MOST_LISTED = 20

export function* checkComposition(set: CheckedSet): Iterable<Finding> {
  const sources = secondsBy(set.clips, ({ listed }) => [listed.source])
  const speakers = secondsBy(set.clips, ({ listed }) => listed.speaker === null ? [] : [listed.speaker])
  yield* dominant('speaker', speakers, DOMINANT_SPEAKER, MIN_SPEAKERS)
  yield* dominant('source', sources, DOMINANT_SOURCE, 2)
  yield* checkVocabulary(set)
}

/** Seconds of audio by name; a clip may have several names. */
export function secondsBy(
  clips: readonly ExaminedClip[], namesOf: (clip: ExaminedClip) => readonly string[],
): Map<string, number> {
  const seconds = new Map<string, number>()
  for (const clip of clips) {
    for (const name of namesOf(clip)) seconds.set(name, (seconds.get(name) ?? 0) + (clip.facts.audio?.seconds ?? 0))
  }
  return seconds
}

/** How often each word is said, normalized as for word errors. */
export function countWords(clips: readonly ExaminedClip[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { listed, facts } of clips) {
    for (const word of normalizeReference(listed.text ?? '', facts.recognized?.language ?? 'en')) {
      counts.set(word, (counts.get(word) ?? 0) + 1)
    }
  }
  return counts
}

function* dominant(
  what: string, seconds: ReadonlyMap<string, number>, most: number, fewest: number,
): Iterable<Finding> {
  const total = [...seconds.values()].reduce((sum, value) => sum + value, 0)
  if (seconds.size < fewest || total === 0) return
  for (const [name, own] of seconds) {
    const share = own / total
    if (share <= most) continue
    const detail = `the ${what} ${name} has ${(100 * share).toFixed(0)} % of the audio`
    yield finding('imbalance', WHOLE_SET, detail, { [what]: name, share })
  }
}

function* checkVocabulary({ clips, expectedWords }: CheckedSet): Iterable<Finding> {
  const counts = countWords(clips)
  const once = [...counts].filter(([, count]) => count === 1).map(([word]) => word).sort()
  if (once.length > 0) {
    const detail = `${once.length} of ${counts.size} words occur once; misspelled labels are among such words`
    yield finding('vocabulary', WHOLE_SET, detail, { words: once.slice(0, MOST_LISTED), count: once.length })
  }
  if (expectedWords === undefined) return
  const unknown = [...counts.keys()].filter((word) => !expectedWords.has(word)).sort()
  const unsaid = [...expectedWords].filter((word) => !counts.has(word)).sort()
  if (unknown.length > 0) {
    const detail = `${unknown.length} of ${counts.size} words of the labels are not in the list`
    yield finding('vocabulary', WHOLE_SET, detail, { words: unknown.slice(0, MOST_LISTED), count: unknown.length })
  }
  if (unsaid.length > 0) {
    const detail = `${unsaid.length} of ${expectedWords.size} words of the list are in no label`
    yield finding('vocabulary', WHOLE_SET, detail, { words: unsaid.slice(0, MOST_LISTED), count: unsaid.length })
  }
}
