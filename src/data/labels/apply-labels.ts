/** A manifest and the labels that people made → labelled utterances. */
import { labelsThatCount, type Label } from './label-file.js'
import type { Imported, ManifestClip, Utterance } from './formats/utterance.js'

/**
 * The newest label of each clip replaces the text of the manifest and adds its tags; skipped clips keep their text.
 * Labels name clips by path or id; a name that several clips have says nothing about any of them. What is left out, and
 * where labellers differ, is in `losses`.
 */
export function applyLabels(clips: readonly ManifestClip[], labels: readonly Label[]): Imported {
  const byClip = new Map<string, Label[]>()
  for (const label of labelsThatCount(labels).filter(({ state }) => state !== 'skipped')) {
    const known = byClip.get(label.clip) ?? []
    byClip.set(label.clip, known)
    known.push(label)
  }
  const counts = { unlabelled: 0, differing: 0, ambiguous: 0 }
  const isShared = sharedNames(clips)
  const used = new Set<string>()
  const utterances = clips.flatMap((clip): Utterance[] => {
    const name = clip.id !== null && byClip.has(clip.id) ? clip.id : clip.path
    used.add(name)
    const isAmbiguous = isShared.has(name) && byClip.has(name)
    if (isAmbiguous) counts.ambiguous++
    const ofClip = isAmbiguous ? [] : byClip.get(name) ?? []
    const newest = ofClip.reduce<Label | undefined>(newer, undefined)
    if (new Set(ofClip.map(({ text }) => text)).size > 1) counts.differing++
    const text = newest?.text ?? clip.text
    if (text === null) {
      counts.unlabelled++
      return []
    }
    return [{ ...clip, text, tags: [...new Set([...clip.tags, ...newest?.tags ?? []])] }]
  })
  const foreign = [...byClip.keys()].filter((name) => !used.has(name)).length
  return {
    utterances,
    losses: [
      ...counts.unlabelled > 0 ? [`clips without a label: ${counts.unlabelled}`] : [],
      ...counts.differing > 0 ? [`older labels of clips whose labellers differ: ${counts.differing}`] : [],
      ...counts.ambiguous > 0 ? [`labels of clips that share their name with another: ${counts.ambiguous}`] : [],
      ...foreign > 0 ? [`labels of clips that the manifest does not list: ${foreign}`] : [],
    ],
  }
}

/** Names of several clips, such as the id of a request that a client sent twice. */
function sharedNames(clips: readonly ManifestClip[]): ReadonlySet<string> {
  const seen = new Set<string>()
  const shared = new Set<string>()
  for (const name of clips.flatMap(({ id, path }) => id === null ? [path] : [...new Set([id, path])])) {
    if (seen.has(name)) shared.add(name)
    seen.add(name)
  }
  return shared
}

function newer(best: Label | undefined, label: Label): Label {
  return best === undefined || Date.parse(label.time) >= Date.parse(best.time) ? label : best
}
