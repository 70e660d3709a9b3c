/**
 * The same recording more than once: by bytes, or by fingerprint where coding, level or silence differ. A copy in
 * another split is a leak, a copy with another label a conflict; what is left counts a speaker or a text twice.
 */
import { normalizeReference } from '../../../domain/scoring/normalize.js'
import type { ExaminedClip } from '../facts.js'
import { finding, type Evidence, type Finding } from '../finding.js'
import { decodeFingerprint } from '../fingerprint.js'
import { findSameAudio } from '../same-audio.js'
import type { CheckedSet } from './check.js'

interface Copy {
  readonly first: ExaminedClip
  readonly second: ExaminedClip
  readonly bitErrorRate: number
  readonly isSameFile: boolean
}

/** One finding for each copy, about the later line. */
export function* checkCopies({ clips }: CheckedSet): Iterable<Finding> {
  for (const copy of copiesIn(clips)) yield describe(copy)
}

/** Each later clip with the earliest one that it is a copy of. Copies of the same bytes are not compared by sound. */
function copiesIn(clips: readonly ExaminedClip[]): Copy[] {
  const byHash = new Map<string, ExaminedClip>()
  const distinct: ExaminedClip[] = []
  const copies: Copy[] = []
  for (const clip of clips) {
    const { sha256 } = clip.facts
    if (sha256 === null) continue
    const first = byHash.get(sha256)
    if (first !== undefined) {
      copies.push({ first, second: clip, bitErrorRate: 0, isSameFile: true })
      continue
    }
    byHash.set(sha256, clip)
    if (clip.facts.audio !== null) distinct.push(clip)
  }
  const pairs = findSameAudio(distinct.map(({ facts }) => decodeFingerprint(facts.audio!.fingerprint)))
  const earliest = new Map<number, (typeof pairs)[number]>()
  for (const pair of pairs) {
    const known = earliest.get(pair.second)
    if (known === undefined || pair.first < known.first) earliest.set(pair.second, pair)
  }
  for (const { first, second, bitErrorRate } of earliest.values()) {
    copies.push({ first: distinct[first]!, second: distinct[second]!, bitErrorRate, isSameFile: false })
  }
  return copies
}

function describe({ first: { listed: first }, second: { listed: second, facts }, ...copy }: Copy): Finding {
  const { bitErrorRate, isSameFile } = copy
  const what = isSameFile ? 'the same file as' : 'the same recording as'
  const evidence: Evidence = {
    original: first.clip, originalLine: first.line, bitErrorRate, label: second.text, originalLabel: first.text,
  }
  if (first.split !== null && second.split !== null && first.split !== second.split) {
    const detail = `${what} ${first.clip}, which is in the split ${first.split}; this one is in ${second.split}`
    return finding('leak_audio', second, detail, { ...evidence, split: second.split, originalSplit: first.split })
  }
  const language = facts.recognized?.language ?? 'en'
  if (first.text !== null && second.text !== null && !isSameText(first.text, second.text, language)) {
    const detail = `${what} ${first.clip}, which is labelled "${first.text}"; this one is labelled "${second.text}"`
    return finding('label_conflict', second, detail, evidence)
  }
  return finding(isSameFile ? 'duplicate_bytes' : 'duplicate_audio', second, `${what} ${first.clip}`, evidence)
}

function isSameText(one: string, other: string, language: string): boolean {
  return normalizeReference(one, language).join(' ') === normalizeReference(other, language).join(' ')
}
