/**
 * What `npm run labels -- check` finds in the labels themselves: conventions that conflict, characters outside the
 * alphabet, probable typing errors, and breaches of the labelling guide. Empty labels are no fault here: they say that
 * nobody speaks, and speech.ts compares them with the audio.
 */
import { checkLabels } from '../../labels/checks/check-labels.js'
import type { LabelFinding, LabelFindingKind } from '../../labels/checks/findings.js'
import type { ExaminedClip } from '../facts.js'
import { finding, type Finding, WHOLE_SET } from '../finding.js'
import type { Kind } from '../kinds.js'
import type { CheckedSet } from './check.js'

const KIND_OF: Readonly<Record<Exclude<LabelFindingKind, 'empty'>, Kind>> = {
  alphabet: 'label_alphabet', convention: 'label_convention', typo: 'label_typo', guide: 'label_guide',
}
/** A form that more clips have is a habit of the set: one finding about the set, instead of one for each clip. */
const MOST_CLIPS = 20
/** Of a hint, relative to a warning. */
const OF_HINT = 0.5

export function* checkLabelForms({ clips, expectedWords, guide, language = 'en' }: CheckedSet): Iterable<Finding> {
  const labelled = new Map(clips.filter(({ listed }) => (listed.text ?? '') !== '')
    .map((clip) => [String(clip.listed.line), clip]))
  const entries = [...labelled].map(([line, { listed }]) =>
    ({ clip: line, text: listed.text ?? '', speaker: listed.speaker, tags: listed.tags }))
  const options = {
    language, ...guide !== undefined && { guide }, ...expectedWords !== undefined && { knownWords: expectedWords },
  }
  for (const found of checkLabels(entries, options)) yield* placed(found, labelled)
}

function* placed(found: LabelFinding, labelled: ReadonlyMap<string, ExaminedClip>): Iterable<Finding> {
  const { kind, severity, rule, message, suggestion, words, clips: lines } = found
  if (kind === 'empty') return
  const listed = lines.map((line) => labelled.get(line)!.listed)
  const detail = `${message}; ${suggestion}`
  const certainty = severity === 'info' ? OF_HINT : 1
  const evidence = { rule, words: [...words], suggestion }
  if (listed.length > MOST_CLIPS) {
    const clips = listed.map(({ clip }) => clip)
    yield finding(KIND_OF[kind], WHOLE_SET, detail, { ...evidence, clips }, certainty)
    return
  }
  for (const one of listed) {
    yield finding(KIND_OF[kind], one, `"${one.text}": ${detail}`, { ...evidence, label: one.text }, certainty)
  }
}
