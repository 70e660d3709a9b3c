/**
 * Fillers that one label has and another one of the same words leaves out: found by aligning the labels of one clip,
 * and those of one speaker who said the same sentence several times. Only in the first case it is the same sound.
 */
import { alignWords } from '../../../domain/scoring/word-errors.js'
import type { LabelToken } from '../label-tokens.js'
import type { LabelEntry, LabelFinding } from './findings.js'
import { isFiller } from './word-forms.js'

/** A label as it is compared; equal words without fillers are one sentence. */
interface Spoken {
  readonly entry: LabelEntry
  readonly words: readonly string[]
}

export function omittedFillers(
  entries: readonly LabelEntry[], labels: readonly (readonly LabelToken[])[],
): LabelFinding[] {
  const spoken = entries.map((entry, index): Spoken => ({
    entry, words: labels[index]!.filter(({ isMark, lower }) => !isMark && lower !== '').map(({ lower }) => lower),
  }))
  const ofClips = findingOf(groupsOf(spoken, ({ entry }) => entry.clip), 'warning', 'of one clip')
  const bySpeaker = groupsOf(spoken, ({ entry }) => entry.speaker ?? undefined)
    .filter((group) => new Set(group.map(({ entry }) => entry.clip)).size > 1)
  return [...ofClips, ...findingOf(bySpeaker, 'info', 'of one speaker and sentence')]
}

/** Labels that share `by` and all words but fillers, where some have another number of fillers. */
function groupsOf(spoken: readonly Spoken[], by: (one: Spoken) => string | undefined): Spoken[][] {
  const groups = new Map<string, Spoken[]>()
  for (const one of spoken) {
    const shared = by(one)
    const rest = one.words.filter((word) => !isFiller(word)).join(' ')
    if (shared === undefined || rest === '') continue
    const key = JSON.stringify([shared, rest])
    const group = groups.get(key) ?? []
    groups.set(key, group)
    group.push(one)
  }
  return [...groups.values()].filter((group) => new Set(group.map(({ words }) => words.length)).size > 1)
}

function findingOf(groups: readonly Spoken[][], severity: 'warning' | 'info', where: string): LabelFinding[] {
  const lacking = groups.flatMap((group) => {
    const most = group.reduce((best, one) => one.words.length > best.words.length ? one : best)
    return group.filter(({ words }) => words.length < most.words.length)
      .map((one) => ({ clip: one.entry.clip, words: omittedIn(one, most) }))
  })
  if (lacking.length === 0) return []
  return [{
    kind: 'convention', severity, rule: 'fillers',
    message: `fillers are left out that another label ${where} has`,
    clips: [...new Set(lacking.map(({ clip }) => clip))],
    words: [...new Set(lacking.flatMap(({ words }) => words))],
    suggestion: 'listen, and write the filler where it is said',
  }]
}

function omittedIn(label: Spoken, fuller: Spoken): string[] {
  return alignWords(fuller.words, label.words)
    .filter(({ kind }) => kind === 'deletion')
    .flatMap(({ reference }) => reference === null ? [] : [reference])
}
