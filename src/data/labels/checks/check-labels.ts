/**
 * The labels of a set → what is wrong or inconsistent in them, without their audio. The most costly findings first:
 * errors, then conventions by how many labels disagree with the majority, then single labels.
 */
import { isForeign } from '../../../domain/writing-systems.js'
import { warningsOf, type Guide } from '../guide.js'
import { labelTokens, type LabelToken } from '../label-tokens.js'
import { ConventionTally } from './conventions.js'
import {
  LABEL_FINDING_KINDS, LABEL_SEVERITIES, type CheckOptions, type LabelEntry, type LabelFinding,
} from './findings.js'
import { labelForms, namesOf, numberForms } from './label-forms.js'
import { omittedFillers } from './omitted-fillers.js'
import { probableTypos } from './typos.js'
import { vocabularyForms } from './vocabulary-forms.js'
import { wordForms } from './word-forms.js'

const NOT_SPEECH = 'not speech'
/** Of one finding, as many different words are listed. */
const MOST_WORDS = 12
/** A name in lower case is a slip only if few labels have it so; otherwise it is a word too. */
const NAME_MAJORITY = 4
/** Never part of a label: control and private characters, invisible ones, and the sign for bytes that are no text. */
const STRAY = /[\p{Cc}\p{Co}\p{Cn}\p{Cs}\u200B-\u200F\u202A-\u202E\u2060-\u2064\uFEFF\uFFFD]/u

/** Pure: the same entries give the same findings. Takes some seconds for 100,000 labels. */
export function checkLabels(entries: readonly LabelEntry[], options: CheckOptions = {}): LabelFinding[] {
  const { language = 'en', guide, knownWords = new Set<string>() } = options
  const labels = entries.map(({ text }) => labelTokens(text))
  const rankOf = ({ severity, kind }: LabelFinding): number =>
    LABEL_SEVERITIES.indexOf(severity) * LABEL_FINDING_KINDS.length + LABEL_FINDING_KINDS.indexOf(kind)
  return [
    ...emptyLabels(entries, labels),
    ...strayCharacters(entries, language),
    ...conventionConflicts(entries, labels, language),
    ...language === 'en' ? omittedFillers(entries, labels) : [],
    ...probableTypos(entries, labels, knownWords),
    ...guide?.language === language ? breachesOf(guide, entries) : [],
  ].sort((a, b) => rankOf(a) - rankOf(b) || b.clips.length - a.clips.length)
}

/** A label with a noise mark alone is not empty; one of punctuation alone is. */
function emptyLabels(entries: readonly LabelEntry[], labels: readonly (readonly LabelToken[])[]): LabelFinding[] {
  const empty = entries.filter(({ tags = [] }, index) =>
    !tags.includes(NOT_SPEECH) && labels[index]!.every(({ core, isMark }) => !isMark && core === ''))
  if (empty.length === 0) return []
  return [{
    kind: 'empty', severity: 'error', rule: null, words: [],
    clips: clipsOf(empty), message: `${empty.length === 1 ? 'a label has' : `${empty.length} labels have`} no words`,
    suggestion: `write what is said, or give the clip the tag "${NOT_SPEECH}"`,
  }]
}

/** One finding for each character. */
function strayCharacters(entries: readonly LabelEntry[], language: string): LabelFinding[] {
  const found = new Map<string, LabelEntry[]>()
  for (const entry of entries) {
    for (const character of new Set(entry.text)) {
      if (!STRAY.test(character) && !isForeign(character, language)) continue
      const within = found.get(character) ?? []
      found.set(character, within)
      within.push(entry)
    }
  }
  return [...found].map(([character, within]) => {
    const code = character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')
    const what = STRAY.test(character) ? `the character U+${code}` : `the letter ${character} (U+${code})`
    const words = within.flatMap(({ text }) => text.split(/\s+/).filter((word) => word.includes(character)))
    return {
      kind: 'alphabet', severity: 'error', rule: null, clips: clipsOf(within),
      words: [...new Set(words)].slice(0, MOST_WORDS),
      message: `${what} does not belong to the alphabet of the language "${language}"`,
      suggestion: 'type the word again with the letters of the language; some letters of other scripts look the same',
    }
  })
}

function conventionConflicts(
  entries: readonly LabelEntry[], labels: readonly (readonly LabelToken[])[], language: string,
): LabelFinding[] {
  const tally = new ConventionTally()
  const names = namesOf(labels)
  const ofSet = vocabularyForms(labels)
  labels.forEach((tokens, index) => {
    const english = language === 'en' ? [...numberForms(tokens), ...wordForms(tokens)] : []
    for (const seen of [...labelForms(tokens, names), ...english, ...ofSet[index]!]) tally.add(index, seen)
  })
  return tally.conflicts((index) => entries[index]!.clip)
    .filter(({ rule, forms = [] }) => rule !== 'names' || isSlipOfName(forms))
    .map((finding) => finding.rule === 'names' ? { ...finding, severity: 'info' } : finding)
}

function isSlipOfName(forms: NonNullable<LabelFinding['forms']>): boolean {
  const [usual, other] = forms
  return usual !== undefined && other !== undefined && usual.form === 'with a capital'
    && usual.labels >= NAME_MAJORITY * other.labels
}

/** One finding for each rule. */
function breachesOf(guide: Guide, entries: readonly LabelEntry[]): LabelFinding[] {
  const found = new Map<string, { within: LabelEntry[]; words: Set<string> }>()
  for (const entry of entries) {
    for (const { rule, found: form, suggestion } of warningsOf(entry.text, guide)) {
      const known = found.get(rule) ?? { within: [], words: new Set<string>() }
      found.set(rule, known)
      if (known.within.at(-1) !== entry) known.within.push(entry)
      const shown = suggestion === null ? `"${form}"` : `"${form}" → "${suggestion}"`
      if (form !== '' && known.words.size < MOST_WORDS) known.words.add(shown)
    }
  }
  return guide.rules.flatMap(({ id, severity, write }) => {
    const breach = found.get(id)
    if (breach === undefined) return []
    const { within, words } = breach
    const labels = within.length === 1 ? '1 label breaks' : `${within.length} labels break`
    return [{
      kind: 'guide', severity, rule: id, clips: clipsOf(within), words: [...words],
      message: `${labels} the rule "${id}" of the labelling guide`, suggestion: write,
    } as const]
  })
}

function clipsOf(entries: readonly LabelEntry[]): string[] {
  return [...new Set(entries.map(({ clip }) => clip))]
}
