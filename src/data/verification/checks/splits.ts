/**
 * What two splits share besides recordings: speakers, and texts of one speaker. A model that has heard a speaker or a
 * sentence in training does better on it, so figures of such a test split are too good for new users.
 */
import { normalizeReference } from '../../../domain/scoring/normalize.js'
import type { ExaminedClip } from '../facts.js'
import { finding, type Finding, WHOLE_SET } from '../finding.js'
import { groupBy } from '../../group-by.js'
import type { CheckedSet } from './check.js'

const MOST_LISTED = 5

export function* checkSplits({ clips }: CheckedSet): Iterable<Finding> {
  yield* checkSpeakers(clips)
  yield* checkTexts(clips)
}

/** One finding for each speaker. */
function* checkSpeakers(clips: readonly ExaminedClip[]): Iterable<Finding> {
  const known = clips.filter(({ listed }) => listed.speaker !== null && listed.split !== null)
  for (const [speaker, group] of groupBy(known, ({ listed }) => listed.speaker!)) {
    const splits = groupBy(group, ({ listed }) => listed.split!)
    if (splits.size < 2) continue
    const counts = [...splits].map(([split, { length }]) => `${length} in ${split}`)
    const fewest = [...splits.values()].toSorted((a, b) => a.length - b.length)[0]!
    const listed = fewest.slice(0, MOST_LISTED).map((clip) => clip.listed.clip)
    yield finding(
      'leak_speaker', WHOLE_SET, `${speaker} has clips in several splits: ${counts.join(', ')}`,
      { speaker, splits: [...splits.keys()], clips: listed },
    )
  }
}

/** Per text of a speaker: in two splits a leak, otherwise a repetition; one finding for all repetitions of a text. */
function* checkTexts(clips: readonly ExaminedClip[]): Iterable<Finding> {
  const known = clips.filter(({ listed }) => listed.speaker !== null && (listed.text ?? '') !== '')
  for (const group of groupBy(known, (clip) => `${clip.listed.speaker}\n${textOf(clip)}`).values()) {
    const [first, ...more] = group
    if (first === undefined || more.length === 0) continue
    const { listed } = first
    const splits = [...new Set(group.flatMap((clip) => clip.listed.split ?? []))]
    const evidence = { speaker: listed.speaker, text: listed.text, clips: group.map((clip) => clip.listed.clip) }
    if (splits.length > 1) {
      const detail = `${listed.speaker} says "${listed.text}" in ${splits.join(' and ')}`
      yield finding('leak_text', more[0]!.listed, detail, { ...evidence, splits })
    } else {
      const detail = `${listed.speaker} says "${listed.text}" in ${group.length} clips`
      yield finding('repeated_text', more[0]!.listed, detail, evidence)
    }
  }
}

function textOf({ listed, facts }: ExaminedClip): string {
  return normalizeReference(listed.text ?? '', facts.recognized?.language ?? 'en').join(' ')
}
